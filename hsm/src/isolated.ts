import type { GateError } from '@pinless-gate/protocol/errors';
import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import type { ChildInit } from './child.ts';
import type { HsmConfig } from './config.ts';
import type {
  Capabilities,
  GenerateOptions,
  KeyInfo,
  KeyKind,
  KeyStore,
  RequireOptions,
  SelftestReport,
  TokenStatus,
  UnwrapRequest,
  WrappedKey,
  WrapTarget,
} from './key-store.ts';
import { packInputs, splitMacs } from './mac-batch.ts';
import { inOverlappingSlices } from './overlap.ts';

export interface KeyStoreOptions {
  /** Deadline of one sign or mac. Default 2 s. */
  readonly operationMs?: number;
  /** Deadline of a start of the module's process, login included. Default 15 s. */
  readonly startMs?: number;
  /** One more call than this rejects with ERR_ISOLATED_BUSY. Default 64. */
  readonly maxPending?: number;
  /** Keeps the token from every other program that asks for this, unless the configuration shares it. */
  readonly exclusive?: boolean;
  readonly onDown?: (why: GateError) => void;
  readonly onUp?: () => void;
}

const OPERATION_MS = 2000;
const START_MS = 15_000;
const MAX_PENDING = 64;
/** RSA key generation in a small token takes its time. */
const GENERATE_MS = 120_000;
const OVERVIEW_MS = 30_000;
/** An RSA operation or two of a small token. */
const TRANSPORT_MS_EACH = 10_000;
/** What an HMAC may take in a batch; the slowest module tried took 4.5 ms. A batch may wait for the one before. */
const BATCH_MS_EACH = 10;
const BATCH = 4096;

/**
 * The module named in the configuration, in a process of its own. Rejects with the reason if it cannot be opened;
 * later deaths heal by themselves, except ERR_HSM_PIN, after which nothing is tried again.
 */
export async function openKeyStore(
  config: HsmConfig,
  options: KeyStoreOptions = {},
): Promise<IsolatedKeyStore> {
  const { onDown, onUp, exclusive = false } = options;
  const isolated = await IsolatedProcess.start({
    name: 'hsm',
    entry: new URL('./child.js', import.meta.url),
    init: { config, exclusive: exclusive && !config.shared } satisfies ChildInit,
    environment: config.environment,
    startTimeoutMs: options.startMs ?? START_MS,
    maxPending: options.maxPending ?? MAX_PENDING,
    fatal: ({ code }) => code === 'ERR_HSM_PIN',
    ...(onDown && { onDown }),
    ...(onUp && { onUp }),
  });
  return new IsolatedKeyStore(isolated, options.operationMs ?? OPERATION_MS);
}

export class IsolatedKeyStore implements KeyStore {
  readonly #isolated: IsolatedProcess;
  readonly #operationMs: number;

  constructor(isolated: IsolatedProcess, operationMs: number) {
    this.#isolated = isolated;
    this.#operationMs = operationMs;
  }

  get state(): IsolatedProcess['state'] {
    return this.#isolated.state;
  }

  get pid(): number | undefined {
    return this.#isolated.pid;
  }

  keys(): Promise<KeyInfo[]> {
    return this.#isolated.call('keys', undefined, OVERVIEW_MS);
  }

  publicKey(label: string): Promise<Uint8Array> {
    return this.#isolated.call('publicKey', label, this.#operationMs);
  }

  sign(label: string, message: Uint8Array): Promise<Uint8Array> {
    return this.#isolated.call('sign', [label, message], this.#operationMs);
  }

  mac(label: string, data: Uint8Array): Promise<Uint8Array> {
    return this.#isolated.call('mac', [label, data], this.#operationMs);
  }

  macAll(label: string, data: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return inOverlappingSlices(data, BATCH, async (inputs) => {
      const timeoutMs = this.#operationMs + 2 * inputs.length * BATCH_MS_EACH;
      const batch = [label, packInputs(inputs)];
      const macs = await this.#isolated.call<Uint8Array>('macBatch', batch, timeoutMs);
      return splitMacs(macs, inputs.length);
    });
  }

  generate(label: string, kind: KeyKind, options: GenerateOptions = {}): Promise<KeyInfo> {
    return this.#isolated.call('generate', [label, kind, options], GENERATE_MS);
  }

  require(labels: Readonly<Record<string, KeyKind>>, options: RequireOptions = {}): Promise<void> {
    return this.#isolated.call('require', [labels, options], OVERVIEW_MS);
  }

  wrap(label: string, targets: readonly WrapTarget[], soPinFile?: string): Promise<WrappedKey[]> {
    const timeoutMs = OVERVIEW_MS + targets.length * TRANSPORT_MS_EACH;
    return this.#isolated.call('wrap', [label, targets, soPinFile], timeoutMs);
  }

  unwrap(request: UnwrapRequest): Promise<KeyInfo> {
    return this.#isolated.call('unwrap', request, OVERVIEW_MS);
  }

  destroy(label: string): Promise<void> {
    return this.#isolated.call('destroy', label, OVERVIEW_MS);
  }

  capabilities(): Promise<Capabilities> {
    return this.#isolated.call('capabilities', undefined, GENERATE_MS);
  }

  selftest(): Promise<SelftestReport> {
    return this.#isolated.call('selftest', undefined, OVERVIEW_MS);
  }

  status(): Promise<TokenStatus> {
    return this.#isolated.call('status', undefined, OVERVIEW_MS);
  }

  close(): Promise<void> {
    return this.#isolated.close();
  }
}
