import { randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { KEY_RULES } from '../key-rules.ts';
import type { KeyKind } from '../key-store.ts';
import * as attributes from './attributes.ts';
import { isNotOffered } from './carriage.ts';
import { ckrOf } from './errors.ts';
import type { Cryptoki, Handle } from './module.ts';

export interface NewKeyRequest {
  readonly label: string;
  readonly kind: KeyKind;
  readonly transportable?: boolean;
  /** The module holds a key to trusted wrapping keys. */
  readonly enforced: boolean;
}

/** Moduli for a transport key: 3072 bits made in a second, and what small tokens do. */
const TRANSPORT_BITS = [3072, 2048] as const;

/** Makes a key of ours in the token. The session may write. */
export async function makeKey(
  lib: Cryptoki,
  session: Handle,
  { label, kind, transportable, enforced }: NewKeyRequest,
): Promise<void> {
  const id = randomBytes(16);
  const guard: attributes.Guard = {
    use: kind === 'transport' ? 'unwrap' : 'sign',
    transportable: transportable ? (enforced ? 'trusted' : 'any') : 'no',
  };
  if (kind === 'event') {
    const mechanism = { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN };
    const template = attributes.secretKeyTemplate(label, id, guard);
    await lib.C_GenerateKeyAsync(session, mechanism, template);
    return;
  }
  const pair = (mechanism: number, parameters: pkcs11js.Template) =>
    lib.C_GenerateKeyPairAsync(
      session,
      { mechanism },
      [...attributes.publicKeyTemplate(label, id, guard), ...parameters],
      attributes.privateKeyTemplate(label, id, guard),
    );
  if (KEY_RULES[kind].type === 'ec') {
    await pair(pkcs11js.CKM_EC_KEY_PAIR_GEN, attributes.EC_P256);
    return;
  }
  const sizes = kind === 'transport' ? TRANSPORT_BITS : [2048];
  for (const [i, bits] of sizes.entries()) {
    try {
      await pair(pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN, attributes.rsaTemplate(bits));
      return;
    } catch (error) {
      if (i === sizes.length - 1 || !isSizeRefused(error)) throw error;
    }
  }
}

function isSizeRefused(error: unknown): boolean {
  return isNotOffered(error) || ckrOf(error) === pkcs11js.CKR_ATTRIBUTE_VALUE_INVALID;
}
