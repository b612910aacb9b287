import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  type Capabilities,
  type GenerateOptions,
  HsmError,
  type KeyInfo,
  type KeyKind,
  type KeyStore,
  type RequireOptions,
  type SelftestReport,
  type TokenStatus,
  type UnwrapRequest,
  type WrappedKey,
  type WrapTarget,
} from '@pinless-gate/hsm/key-store';
import { equal } from '@pinless-gate/protocol/bytes';
import { eventKeyIdInput } from '@pinless-gate/protocol/conversion';
import { institutionKeyId } from '@pinless-gate/protocol/key-envelope';
import { TRANSPORT_MECHANISMS } from '@pinless-gate/protocol/transport-mechanism';
import { unwrapOctets, wrapOctets } from './key-carriage.ts';

/** PKCS#8, or the octets of a secret key. */
export interface KeyOctets {
  readonly info: KeyInfo;
  readonly key: Uint8Array;
}

/** Keys in plain memory: for tests of what uses a `KeyStore`, never for anything else. */
export class FakeKeyStore implements KeyStore {
  readonly #keys = new Map<string, { info: KeyInfo; key: KeyObject | Uint8Array }>();
  /** How many calls of each kind were made. */
  readonly calls = { mac: 0, macAll: 0, sign: 0 };
  /** Set to make every operation fail from now on. */
  failure: Error | undefined;

  /** Another with the same keys: RSA keys take their time. */
  clone(): FakeKeyStore {
    const copy = new FakeKeyStore();
    for (const [label, key] of this.#keys) copy.#keys.set(label, key);
    return copy;
  }

  /** The keys for another process of the same test; crosses with `serialization: 'advanced'`. */
  octets(): KeyOctets[] {
    return [...this.#keys.values()].map(({ info, key }) => ({
      info,
      key: key instanceof Uint8Array ? key : key.export({ format: 'der', type: 'pkcs8' }),
    }));
  }

  static of(keys: readonly KeyOctets[]): FakeKeyStore {
    const store = new FakeKeyStore();
    for (const { info, key } of keys) {
      const der = { key: Buffer.from(key), format: 'der', type: 'pkcs8' } as const;
      const value = info.type === 'secret' ? key : createPrivateKey(der);
      store.#keys.set(info.label, { info, key: value });
    }
    return store;
  }

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

  async generate(
    label: string,
    kind: KeyKind,
    { transportable = false }: GenerateOptions = {},
  ): Promise<KeyInfo> {
    const type = kind === 'event' ? 'secret' : RSA.has(kind) ? 'rsa' : 'ec';
    const key = type === 'secret' ? randomBytes(64) : privateKey(type);
    return this.#put(label, kind, key, { extractable: transportable, local: true });
  }

  #put(
    label: string,
    kind: KeyKind,
    key: KeyObject | Uint8Array,
    { extractable, local }: { extractable: boolean; local: boolean },
  ): KeyInfo {
    if (this.#keys.has(label)) throw new HsmError('ERR_HSM_KEY_EXISTS', `key "${label}" exists`);
    const type = kind === 'event' ? 'secret' : RSA.has(kind) ? 'rsa' : 'ec';
    const info: KeyInfo = {
      label,
      kind,
      id: '01',
      type,
      bits: { secret: 512, rsa: 2048, ec: 256 }[type],
      sensitive: true,
      extractable,
      wrapWithTrusted: extractable,
      alwaysSensitive: local,
      neverExtractable: local && !extractable,
      local,
      usage: [kind === 'transport' ? 'unwrap' : 'sign'],
    };
    this.#keys.set(label, { info, key });
    return info;
  }

  async require(
    labels: Readonly<Record<string, KeyKind>>,
    { transportable = false }: RequireOptions = {},
  ): Promise<void> {
    for (const [label, kind] of Object.entries(labels)) {
      const { info } = this.#key(label);
      if (info.kind !== kind) {
        throw new HsmError('ERR_HSM_KEY_USAGE', `key "${label}" is not of kind ${kind}`);
      }
      if (info.extractable && !transportable) {
        throw new HsmError('ERR_HSM_KEY_EXTRACTABLE', `key "${label}" can be extracted`);
      }
    }
  }

  async wrap(label: string, targets: readonly WrapTarget[]): Promise<WrappedKey[]> {
    const { key, info } = this.#key(label);
    if (!info.extractable) throw new HsmError('ERR_HSM_KEY_UNEXTRACTABLE', `"${label}" stays`);
    const octets = key instanceof Uint8Array ? key : key.export({ format: 'der', type: 'pkcs8' });
    return targets.map((target) => wrapOctets(octets, target));
  }

  async unwrap({ transport, kind, label, ...request }: UnwrapRequest): Promise<KeyInfo> {
    const octets = unwrapOctets(this.#private(transport), request.wrapped);
    const event = kind === 'event';
    const key = event
      ? octets
      : createPrivateKey({ key: Buffer.from(octets), format: 'der', type: 'pkcs8' });
    const info = this.#put(label, kind, key, { extractable: false, local: false });
    const keyId = event
      ? this.#mac(label, eventKeyIdInput(request.eventId!)).subarray(0, 16)
      : institutionKeyId(await this.publicKey(label));
    if (equal(keyId, request.keyId)) return info;
    this.#keys.delete(label);
    throw new HsmError('ERR_HSM_KEY_CHECK', 'another key came out');
  }

  async destroy(label: string): Promise<void> {
    this.#key(label);
    this.#keys.delete(label);
  }

  async capabilities(): Promise<Capabilities> {
    const mechanisms = TRANSPORT_MECHANISMS;
    return { checks: [], wraps: mechanisms, unwraps: mechanisms, enforcesTrust: true };
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
      weaker: [],
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
    if (key instanceof Uint8Array) throw new HsmError('ERR_HSM_KEY_TYPE', `"${label}" is secret`);
    return key;
  }

  #mac(label: string, data: Uint8Array): Uint8Array {
    const { key } = this.#key(label);
    if (!(key instanceof Uint8Array)) {
      throw new HsmError('ERR_HSM_KEY_TYPE', `"${label}" is not a secret key`);
    }
    return new Uint8Array(createHmac('sha512', key).update(data).digest());
  }
}

const RSA: ReadonlySet<KeyKind> = new Set(['institution', 'transport']);

function privateKey(type: 'rsa' | 'ec'): KeyObject {
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}
