import type graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import type { HsmConfig } from '../config.ts';
import { requireKey } from '../key-rules.ts';
import {
  type Capabilities,
  type GenerateOptions,
  HsmError,
  type KeyInfo,
  type KeyKind,
  type KeyStore,
  type Problem,
  type RequireOptions,
  type SelftestReport,
  type TokenStatus,
  type UnwrapRequest,
  type WrappedKey,
  type WrapTarget,
} from '../key-store.ts';
import { type MacBatch, packInputs, splitMacs } from '../mac-batch.ts';
import { Connection } from './connection.ts';
import { hsmError, isConnectionLost } from './errors.ts';
import { finalizeModule, findToken, initializeModule, loadModule } from './module.ts';
import { runSelftest } from './selftest.ts';
import { claimToken } from './token-claim.ts';
import { destroyKey, tryTransport, unwrapKey, wrapKey } from './transport.ts';
import { runTrials } from './trial.ts';
import { enforcesTrust, OfficersKeys } from './trust.ts';
import { isLoose, weakerPromises } from './weaker.ts';

/** However often others lose the connection under it, a call ends. */
const MAX_TRIES = 4;

/** `KeyStore` on a PKCS#11 module in this process. Programs use it through `isolated.ts`. */
export class Pkcs11KeyStore implements KeyStore {
  readonly #config: HsmConfig;
  readonly #module: graphene.Module;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  /** Whether the module enforces CKA_WRAP_WITH_TRUSTED, once it was asked. */
  #trust: boolean | undefined;
  /** Set once the token refused the PIN: it is never offered again. */
  #pinRefused: HsmError | undefined;

  private constructor(config: HsmConfig, module: graphene.Module) {
    this.#config = config;
    this.#module = module;
  }

  /** `exclusive`: refused where another process has the token so (ERR_HSM_TOKEN_BUSY), before the PIN is tried. */
  static async open(config: HsmConfig, exclusive = false): Promise<Pkcs11KeyStore> {
    const store = new Pkcs11KeyStore(config, loadModule(config.module));
    if (exclusive) {
      const { label, serialNumber } = findToken(store.#module, config).getToken();
      await claimToken(label, serialNumber);
    }
    store.#connection = store.#connect();
    return store;
  }

  keys(): Promise<KeyInfo[]> {
    return this.#run('C_FindObjects', (connection) => connection.keys());
  }

  publicKey(label: string): Promise<Uint8Array> {
    return this.#run('C_GetAttributeValue', (connection) => connection.publicKey(label));
  }

  sign(label: string, message: Uint8Array): Promise<Uint8Array> {
    return this.#run('C_Sign', (connection) => connection.sign(label, message));
  }

  mac(label: string, data: Uint8Array): Promise<Uint8Array> {
    return this.#run('C_Sign', (connection) => connection.mac(label, data));
  }

  async macAll(label: string, data: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return splitMacs(await this.macBatch(label, packInputs(data)), data.length);
  }

  macBatch(label: string, batch: MacBatch): Promise<Uint8Array> {
    return this.#run('C_Sign', (connection) => connection.macBatch(label, batch));
  }

  generate(label: string, kind: KeyKind, options: GenerateOptions = {}): Promise<KeyInfo> {
    return this.#run('C_GenerateKey', (connection) => connection.generate(label, kind, options));
  }

  require(labels: Readonly<Record<string, KeyKind>>, options: RequireOptions = {}): Promise<void> {
    return this.#run('C_GetAttributeValue', async (connection) => {
      for (const [label, kind] of Object.entries(labels)) {
        const info = connection.find(label)?.info;
        requireKey(label, kind, info, options);
        if (info && isLoose(info) && (await this.#enforcesTrust(connection))) {
          throw looseKey(label);
        }
      }
    });
  }

  async wrap(
    label: string,
    targets: readonly WrapTarget[],
    soPinFile?: string,
  ): Promise<WrappedKey[]> {
    if (soPinFile === undefined) {
      return this.#run('C_WrapKey', (connection) => wrapKey(connection, label, targets));
    }
    // The login is the process's: while the officer has it nobody else is logged in, so all begins anew.
    await this.#connecting?.catch(() => undefined);
    const officer = new OfficersKeys(soPinFile, targets);
    this.#connecting = this.#reinitialize(this.#connection, (slot) => officer.make(slot)).finally(
      () => {
        this.#connecting = undefined;
      },
    );
    const connection = await this.#connecting;
    try {
      return await connection.pool.hold(() => wrapKey(connection, label, targets, officer));
    } catch (error) {
      throw hsmError('C_WrapKey', error);
    } finally {
      officer.close();
    }
  }

  unwrap(request: UnwrapRequest): Promise<KeyInfo> {
    return this.#run('C_UnwrapKey', (connection) => unwrapKey(connection, request));
  }

  destroy(label: string): Promise<void> {
    return this.#run('C_DestroyObject', (connection) => destroyKey(connection, label));
  }

  capabilities(): Promise<Capabilities> {
    return this.#run('C_GetMechanismList', (connection) => runTrials(connection));
  }

  selftest(): Promise<SelftestReport> {
    return this.#run('selftest', runSelftest);
  }

  async status(): Promise<TokenStatus> {
    const { libFile, libraryDescription, libraryVersion } = this.#module;
    const { keys, token, weaker } = await this.#run('C_FindObjects', (connection) => {
      const found = connection.keys();
      return { keys: found, token: connection.token, weaker: weakerPromises(connection, found) };
    });
    const problems: Problem[] = [];
    for (const key of keys) {
      if (!key.kind) continue;
      const problem = await this.#problemOf(key, key.kind);
      if (problem) problems.push(problem);
    }
    return {
      module: {
        path: libFile,
        description: libraryDescription,
        version: `${libraryVersion.major}.${libraryVersion.minor}`,
      },
      token: {
        label: token.label,
        serial: token.serialNumber,
        manufacturer: token.manufacturerID,
        model: token.model,
        pinCountLow: (token.flags & pkcs11js.CKF_USER_PIN_COUNT_LOW) !== 0,
        writeProtected: (token.flags & pkcs11js.CKF_WRITE_PROTECTED) !== 0,
      },
      keys,
      problems,
      weaker,
    };
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    finalizeModule(this.#module);
  }

  /** A key may look right and not compute: sessions survive their token, so each is really used. */
  async #problemOf({ label }: KeyInfo, kind: KeyKind): Promise<Problem | undefined> {
    const probe = Buffer.from('pinless-gate/health/1');
    try {
      // At an issuer a key that moves is as it must be; a gate refuses it when it starts.
      await this.require({ [label]: kind }, { transportable: true });
      if (kind === 'transport') await this.#run('C_UnwrapKey', (one) => tryTransport(one, label));
      else await (kind === 'event' ? this.mac(label, probe) : this.sign(label, probe));
      return undefined;
    } catch (error) {
      if (!(error instanceof HsmError)) throw error;
      return { code: error.code, message: error.message, hint: error.hint };
    }
  }

  async #enforcesTrust(connection: Connection): Promise<boolean> {
    this.#trust ??= await connection.withSession((session) =>
      enforcesTrust(connection.lib, session),
    );
    return this.#trust;
  }

  /**
   * Where the connection is lost, one full re-initialisation and one more try; then the fault is the caller's.
   * A try that ends because another call gave its connection up meanwhile does not count.
   */
  async #run<T>(step: string, operation: (connection: Connection) => T | Promise<T>): Promise<T> {
    let connection = this.#connection ?? (await this.#reconnect(undefined));
    let losses = 0;
    for (let tries = 1; ; tries++) {
      try {
        return await operation(connection);
      } catch (error) {
        if (this.#connection === connection) losses += 1;
        if (!isConnectionLost(error) || losses > 1 || tries === MAX_TRIES) {
          throw hsmError(step, error);
        }
      }
      connection = await this.#reconnect(connection);
    }
  }

  /** One at a time, however many operations found the connection lost. */
  #reconnect(lost: Connection | undefined): Promise<Connection> {
    if (this.#connection && this.#connection !== lost) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#reinitialize(lost).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #reinitialize(
    lost: Connection | undefined,
    before?: (slot: graphene.Slot) => void,
  ): Promise<Connection> {
    if (this.#pinRefused) throw this.#pinRefused;
    this.#connection = undefined;
    await lost?.close();
    finalizeModule(this.#module);
    try {
      initializeModule(this.#module);
      this.#connection = this.#connect(before);
      return this.#connection;
    } catch (error) {
      if (error instanceof HsmError && error.code === 'ERR_HSM_PIN') this.#pinRefused = error;
      throw error;
    }
  }

  #connect(before?: (slot: graphene.Slot) => void): Connection {
    try {
      return Connection.open(this.#module, this.#config, before);
    } catch (error) {
      throw hsmError('C_GetTokenInfo', error);
    }
  }
}

function looseKey(label: string): HsmError {
  const message = `key "${label}" can be extracted under any key, though this module could prevent it`;
  return new HsmError('ERR_HSM_KEY_EXTRACTABLE', message, {
    hint: 'keep it out of use and make a new one with --transportable',
  });
}
