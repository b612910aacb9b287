import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import type { HsmConfig } from './config.ts';
import type {
  GenerateOptions,
  KeyKind,
  RequireOptions,
  UnwrapRequest,
  WrapTarget,
} from './key-store.ts';
import type { MacBatch } from './mac-batch.ts';
import { Pkcs11KeyStore } from './pkcs11/key-store.ts';

export interface ChildInit {
  readonly config: HsmConfig;
  readonly exclusive: boolean;
}

// The process that holds the module: started by isolated.ts, killed when it misses a deadline.
serveIsolated(async (init) => {
  const { config, exclusive } = init as ChildInit;
  const store = await Pkcs11KeyStore.open(config, exclusive);
  return {
    keys: () => store.keys(),
    publicKey: (label: string) => store.publicKey(label),
    sign: ([label, message]: [string, Uint8Array]) => store.sign(label, message),
    mac: ([label, data]: [string, Uint8Array]) => store.mac(label, data),
    macBatch: ([label, batch]: [string, MacBatch]) => store.macBatch(label, batch),
    generate: ([label, kind, options]: [string, KeyKind, GenerateOptions]) =>
      store.generate(label, kind, options),
    require: ([labels, options]: [Record<string, KeyKind>, RequireOptions]) =>
      store.require(labels, options),
    wrap: ([label, targets, soPinFile]: [string, WrapTarget[], string | undefined]) =>
      store.wrap(label, targets, soPinFile),
    unwrap: (request: UnwrapRequest) => store.unwrap(request),
    destroy: (label: string) => store.destroy(label),
    capabilities: () => store.capabilities(),
    selftest: () => store.selftest(),
    status: () => store.status(),
    close: () => store.close(),
  };
});
