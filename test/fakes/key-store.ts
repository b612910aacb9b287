import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  HsmError,
  type KeyInfo,
  type KeyKind,
  type KeyStore,
  type SelftestReport,
  type TokenStatus,
} from '@pinless-gate/hsm/key-store';

/** Keys in plain memory: for tests of what uses a `KeyStore`, never for anything else. */
export class FakeKeyStore implements KeyStore {
  readonly #keys = new Map<string, { info: KeyInfo; key: KeyObject | Uint8Array }>();
  /** How many calls of each kind were made. */
  readonly calls = { mac: 0, macAll: 0, sign: 0 };
  /** Set to make every operation fail from now on. */
  failure: Error | undefined;

  async keys(): Promise<KeyInfo[]> {
    return [...this.#keys.values()].map(({ info }) => info);
  }

  async publicKey(label: string): Promise<Uint8Array> {
    const spki = createPublicKey(this.#private(label)).export({ format: 'der', type: 'spki' });
    return new Uint8Array(spki);
  }

  async sign(label: string, message: Uint8Array): Promise<Uint8Array> {
    this.calls.sign++;
    const key = this.#private(label);
    return new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
  }

  async mac(label: string, data: Uint8Array): Promise<Uint8Array> {
    this.calls.mac++;
    return this.#mac(label, data);
  }

  async macAll(label: string, data: readonly Uint8Array[]): Promise<Uint8Array[]> {
    this.calls.macAll++;
    return data.map((one) => this.#mac(label, one));
  }

  async generate(label: string, kind: KeyKind): Promise<KeyInfo> {
    if (this.#keys.has(label)) throw new HsmError('ERR_HSM_KEY_EXISTS', `key "${label}" exists`);
    const type = kind === 'event' ? 'secret' : kind === 'institution' ? 'rsa' : 'ec';
    const info: KeyInfo = {
      label,
      kind,
      id: '01',
      type,
      bits: { secret: 512, rsa: 2048, ec: 256 }[type],
      sensitive: true,
      extractable: false,
      alwaysSensitive: true,
      neverExtractable: true,
      local: true,
      usage: ['sign'],
    };
    this.#keys.set(label, { info, key: type === 'secret' ? randomBytes(64) : privateKey(type) });
    return info;
  }

  async require(labels: Readonly<Record<string, KeyKind>>): Promise<void> {
    for (const [label, kind] of Object.entries(labels)) {
      if (this.#key(label).info.kind !== kind) {
        throw new HsmError('ERR_HSM_KEY_USAGE', `key "${label}" is not of kind ${kind}`);
      }
    }
  }

  async selftest(): Promise<SelftestReport> {
    return { passed: true, checks: [{ name: 'fake', outcome: 'passed' }] };
  }

  async status(): Promise<TokenStatus> {
    return {
      module: { path: 'fake', description: 'fake', version: '0' },
      token: {
        label: 'fake',
        serial: '0',
        manufacturer: 'fake',
        model: 'fake',
        pinCountLow: false,
        writeProtected: false,
      },
      keys: await this.keys(),
      problems: [],
    };
  }

  async close(): Promise<void> {
    this.#keys.clear();
  }

  #key(label: string) {
    if (this.failure) throw this.failure;
    const key = this.#keys.get(label);
    if (!key) throw new HsmError('ERR_HSM_KEY_MISSING', `no key "${label}"`);
    return key;
  }

  #private(label: string): KeyObject {
    const { key } = this.#key(label);
    if (key instanceof Uint8Array) throw new HsmError('ERR_HSM_KEY_USAGE', `"${label}" is secret`);
    return key;
  }

  #mac(label: string, data: Uint8Array): Uint8Array {
    const { key } = this.#key(label);
    if (!(key instanceof Uint8Array)) {
      throw new HsmError('ERR_HSM_KEY_USAGE', `"${label}" is not a secret key`);
    }
    return new Uint8Array(createHmac('sha512', key).update(data).digest());
  }
}

function privateKey(type: 'rsa' | 'ec'): KeyObject {
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}
