import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { GateError } from '@pinless-gate/protocol/errors';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import type { Terminal } from './card/dialogue.ts';
import { iso } from './card/profiles/iso.ts';
import { jpki } from './card/profiles/jpki.ts';
import type { TerminalProfile, TerminalProfileName } from './card/profiles/profile.ts';

/** Every profile with terminal authentication. The third, `kazashi`, needs no institution key. */
export const PROFILES: Readonly<Record<TerminalProfileName, TerminalProfile>> = { jpki, iso };

/** Profile and credentials of each card kind in use; throws where certificates and key do not belong together. */
export async function openTerminals(
  store: KeyStore,
  label: string,
  certificates: ReadonlyMap<TerminalProfileName, readonly Uint8Array[]>,
  at: number,
): Promise<{ profile: TerminalProfile; terminal: Terminal }[]> {
  const publicKey = readPublicKey(await store.publicKey(label));
  if (publicKey.kind !== 'rsa') {
    throw new GateError('ERR_TERMINAL_KEY', 'the institution key is not an RSA key');
  }
  return [...certificates].map(([name, chain]) => {
    const profile = PROFILES[name];
    const credentials = { certificates: chain, publicKey };
    profile.terminal.check(credentials, at / 1000);
    return { profile, terminal: { ...credentials, sign: (data) => store.sign(label, data) } };
  });
}
