import { fromHex } from '@pinless-gate/protocol/bytes';
import { CURVES, type CurveName } from '@pinless-gate/protocol/curves';
import { FormatError } from '@pinless-gate/protocol/errors';
import { derOf } from '@pinless-gate/protocol/pem';
import {
  type EcPublicKey,
  ecPublicKey,
  type PublicKey,
  type RsaPublicKey,
  readPublicKey,
  readRsaPublicKey,
  rsaPublicKey,
} from '@pinless-gate/protocol/public-key';
import { z } from 'zod';

/** Public keys as groups of Wycheproof vectors have them, in several forms at once. */

export const hex = z.string().regex(/^(?:[0-9a-fA-F]{2})*$/, 'not hexadecimal');

const numbers = z.object({
  curve: z.string().optional(),
  uncompressed: hex.optional(),
  modulus: hex.optional(),
  publicExponent: hex.optional(),
});
/** The names of today, and those of before 2023. */
export const keyForms = z.object({
  publicKeyDer: hex.optional(),
  publicKeyPem: z.string().optional(),
  publicKeyAsn: hex.optional(),
  publicKey: numbers.optional(),
  keyDer: hex.optional(),
  keyPem: z.string().optional(),
  keyAsn: hex.optional(),
  key: numbers.optional(),
  n: hex.optional(),
  e: hex.optional(),
});
type KeyForms = z.infer<typeof keyForms>;

/** `unsupported`: of an algorithm, curve or size that the protocol does not know. `refused`: it is no key. */
export function keyOf(
  forms: KeyForms,
  kind: PublicKey['kind'],
): PublicKey | 'unsupported' | 'refused' {
  try {
    const key = kind === 'rsa' ? rsaKeyOf(forms) : ecKeyOf(forms);
    return key ?? 'unsupported';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return UNSUPPORTED.has(error.code) ? 'unsupported' : 'refused';
  }
}

const UNSUPPORTED: ReadonlySet<string> = new Set(['ERR_KEY_ALGORITHM', 'ERR_KEY_RSA_SIZE']);

/** From its numbers where they are given: the SubjectPublicKeyInfo may be one of id-RSASSA-PSS. */
function rsaKeyOf(forms: KeyForms): RsaPublicKey | undefined {
  const { modulus, publicExponent } = forms.publicKey ?? forms.key ?? {};
  const [n, e] = [modulus ?? forms.n, publicExponent ?? forms.e];
  if (n !== undefined && e !== undefined) return rsaPublicKey(fromHex(n), fromHex(e));
  const asn = forms.publicKeyAsn ?? forms.keyAsn;
  const key = asn === undefined ? spkiKeyOf(forms) : readRsaPublicKey(fromHex(asn));
  return key?.kind === 'rsa' ? key : undefined;
}

function ecKeyOf(forms: KeyForms): EcPublicKey | undefined {
  const key = spkiKeyOf(forms);
  if (key) return key.kind === 'ec' ? key : undefined;
  const { curve, uncompressed } = forms.publicKey ?? forms.key ?? {};
  const name = WYCHEPROOF_CURVES[curve ?? ''] ?? (curve as CurveName);
  if (uncompressed === undefined || !Object.hasOwn(CURVES, name)) return undefined;
  return ecPublicKey(CURVES[name], fromHex(uncompressed));
}

const WYCHEPROOF_CURVES: Readonly<Record<string, CurveName>> = {
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function spkiKeyOf(forms: KeyForms): PublicKey | undefined {
  const der = forms.publicKeyDer ?? forms.keyDer;
  if (der !== undefined) return readPublicKey(fromHex(der));
  const pem = forms.publicKeyPem ?? forms.keyPem;
  return pem === undefined ? undefined : readPublicKey(derOf(Buffer.from(pem), 'PUBLIC KEY'));
}
