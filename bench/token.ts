import { findSofthsm, initializeToken } from '@pinless-gate/hsm/ceremony/token';
import { type HsmConfig, readHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';

export interface Token {
  readonly config: HsmConfig;
  readonly store: KeyStore;
}

/** A new SoftHSM token in this directory, opened as every program of ours opens one. */
export async function makeToken(directory: string): Promise<Token> {
  const module = await findSofthsm();
  const made = await initializeToken({ directory, label: 'bench', module, softhsm: true });
  const config = await readHsmConfig(made.config);
  return { config, store: await openKeyStore(config) };
}

/** The first arguments of every baseline that uses a token. */
export function tokenArguments({ module, tokenLabel, pinFile }: HsmConfig): string[] {
  return [module, tokenLabel, pinFile];
}
