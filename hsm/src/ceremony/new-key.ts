import {
  type GenerateOptions,
  HsmError,
  type KeyInfo,
  type KeyKind,
  type KeyStore,
} from '../key-store.ts';
import { publicKeyPem } from '../public-key.ts';

export interface NewKey {
  readonly key: KeyInfo;
  /** Absent for an event key, which has no public part. */
  readonly publicKeyPem?: string;
}

/** Makes a key in the token and uses it once, so that a key that does not work is found now and not at the door. */
export async function newKey(
  store: KeyStore,
  label: string,
  kind: KeyKind,
  options: GenerateOptions = {},
): Promise<NewKey> {
  checkLabel(label);
  const key = await store.generate(label, kind, options);
  const message = Buffer.from('pinless-gate/new-key/1');
  if (kind === 'event') {
    await store.mac(label, message);
    return { key };
  }
  // A transport key only unwraps: `hsm status` has it do so.
  if (kind !== 'transport') await store.sign(label, message);
  return { key, publicKeyPem: publicKeyPem(await store.publicKey(label)) };
}

/** Labels stand in configuration files, on command lines and in messages. */
function checkLabel(label: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(label)) return;
  const what = 'a key label is 1 to 64 letters, digits, dots, dashes and underscores';
  throw new HsmError('ERR_HSM_LABEL', what, { hint: 'it begins with a letter or a digit' });
}
