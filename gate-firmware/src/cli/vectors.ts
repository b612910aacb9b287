import { fromHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import {
  HASH_LENGTH,
  type HashName,
  verifyEcdsa,
  verifyEcdsaDer,
  verifyRsaPkcs1,
  verifyRsaPss,
} from '@pinless-gate/protocol/signature';
import { z } from 'zod';
import { hex, keyForms, keyOf } from './vector-key.ts';

/** Signature vectors in the form of Wycheproof's `*_verify_schema` files, of both its editions. */

const vector = z.object({
  tcId: z.int(),
  comment: z.string().default(''),
  msg: hex,
  sig: hex,
  result: z.enum(['valid', 'invalid', 'acceptable']),
});
const group = z.object({
  ...keyForms.shape,
  type: z.string().optional(),
  sha: z.string().optional(),
  mgf: z.string().optional(),
  mgfSha: z.string().optional(),
  sLen: z.int().min(0).optional(),
  tests: z.array(vector),
});
const vectorFile = z.object({ schema: z.string().optional(), testGroups: z.array(group) });

export type VectorFile = z.infer<typeof vectorFile>;
type Group = z.infer<typeof group>;

/** Throws a `GateError` that names the first member that does not fit. */
export function parseVectors(text: string): VectorFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GateError('ERR_VECTORS_JSON', 'not JSON', { cause });
  }
  const result = vectorFile.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new GateError('ERR_VECTORS_FORMAT', `${path.join('.') || 'file'}: ${message}`);
}

export interface CaseResult {
  readonly tcId: number;
  readonly comment: string;
  readonly expected: 'valid' | 'invalid' | 'acceptable';
  /** Undefined: this kind of signature is not verified here. */
  readonly got: 'valid' | 'invalid' | undefined;
}

/** Every case of the file, in its order. */
export function* checkVectors(file: VectorFile): Generator<CaseResult> {
  for (const one of file.testGroups) {
    const verify = verifierOf(one, file.schema);
    for (const { tcId, comment, result: expected, msg, sig } of one.tests) {
      const valid = verify?.(fromHex(msg), fromHex(sig));
      const got = valid === undefined ? undefined : valid ? 'valid' : 'invalid';
      yield { tcId, comment, expected, got };
    }
  }
}

type Verify = (message: Uint8Array, signature: Uint8Array) => boolean;

const HASHES: ReadonlyMap<string | undefined, HashName> = new Map([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

const SCHEMES: ReadonlyMap<string, 'pkcs1' | 'pss' | 'der' | 'p1363'> = new Map([
  ['RsassaPkcs1Verify', 'pkcs1'],
  ['RsassaPssVerify', 'pss'],
  ['EcdsaVerify', 'der'],
  ['EcdsaP1363Verify', 'p1363'],
]);

/** Undefined for an algorithm, hash or curve that the protocol does not know. A key that is none verifies nothing. */
function verifierOf(one: Group, schema = ''): Verify | undefined {
  const scheme = SCHEMES.get(one.type ?? typeOfSchema(schema));
  const hash = HASHES.get(one.sha);
  if (!scheme || !hash) return undefined;
  const rsa = scheme === 'pkcs1' || scheme === 'pss';
  const key = keyOf(one, rsa ? 'rsa' : 'ec');
  if (key === 'unsupported') return undefined;
  if (key === 'refused') return () => false;
  if (key.kind === 'ec') {
    const verify = scheme === 'der' ? verifyEcdsaDer : verifyEcdsa;
    return (message, signature) => verify(key, hash, message, signature);
  }
  if (scheme === 'pss') return pssVerifierOf(one, key, hash);
  return (message, signature) => verifyRsaPkcs1(key, hash, message, signature);
}

function pssVerifierOf(one: Group, key: RsaPublicKey, hash: HashName): Verify | undefined {
  const { mgf = 'MGF1', mgfSha = one.sha, sLen: saltLength = HASH_LENGTH[hash] } = one;
  const mgfHash = mgfSha === 'SHA-1' ? 'sha1' : HASHES.get(mgfSha);
  if (mgf !== 'MGF1' || !mgfHash) return undefined;
  return (message, signature) =>
    verifyRsaPss(key, hash, message, signature, { mgfHash, saltLength });
}

/** `ecdsa_p1363_verify_schema_v1.json` is of type `EcdsaP1363Verify`. */
function typeOfSchema(schema: string): string {
  const words = schema.replace(/_schema.*$/, '').split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
