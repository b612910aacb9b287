import { generateKeyPairSync, type RSAPSSKeyPairKeyObjectOptions } from 'node:crypto';

/** RSA-2048 keys of id-RSASSA-PSS, which sign with these parameters and no others. */
export function pssKeys(hashAlgorithm: string, mgf1HashAlgorithm: string, saltLength: number) {
  const parameters = { modulusLength: 2048, hashAlgorithm, mgf1HashAlgorithm, saltLength };
  // @types/node has saltLength as a string; Node takes a number only.
  return generateKeyPairSync('rsa-pss', parameters as object as RSAPSSKeyPairKeyObjectOptions);
}
