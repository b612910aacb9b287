import type { KeyObject } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import type { HsmConfig } from '../config.ts';
import { requireKey } from '../key-rules.ts';
import {
  type GenerateOptions,
  HsmError,
  type KeyInfo,
  type KeyKind,
  MAC_LENGTH,
} from '../key-store.ts';
import type { MacBatch } from '../mac-batch.ts';
import { p256Spki, rsaSpki } from '../public-key.ts';
import * as attributes from './attributes.ts';
import { ConnectionClosedError } from './errors.ts';
import { makeKey } from './generate.ts';
import { type Cryptoki, findToken, type Handle, login, openSession } from './module.ts';
import { SessionPool } from './session-pool.ts';
import { planSignature, requireSignature, verifyingKey } from './signing.ts';
import { enforcesTrust } from './trust.ts';

const { CKA_CLASS, CKA_LABEL, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY } = pkcs11js;
const SESSIONS = 4;
const MAX_KEYS = 1024;
/** A batch gives way after this long, looked at every so many HMACs. */
const TURN_MS = 20;
const TURN_CHECK = 8;
const HMAC: pkcs11js.Mechanism = { mechanism: pkcs11js.CKM_SHA512_HMAC };

export interface Key {
  readonly handle: Handle;
  readonly info: KeyInfo;
}

/**
 * A logged-in token. Errors of the module come out as they are: whoever holds the connection decides whether a new
 * one may heal them.
 */
export class Connection {
  readonly lib: Cryptoki;
  readonly token: graphene.Token;
  /** For everything that does not leave the main thread, and so is never interleaved. It holds the login. */
  readonly session: Handle;
  readonly pool: SessionPool;
  readonly slot: Handle;
  readonly #slot: graphene.Slot;
  readonly #offered: ReadonlySet<number>;
  readonly #keys = new Map<string, Key>();
  /** Of keys that signed; `undefined` where the token holds no public part. */
  readonly #verifying = new Map<string, KeyObject | undefined>();
  #closed = false;

  private constructor(
    slot: graphene.Slot,
    token: graphene.Token,
    session: graphene.Session,
    sessions: number,
  ) {
    this.lib = slot.lib;
    this.token = token;
    this.session = session.handle;
    this.#slot = slot;
    this.slot = slot.handle;
    this.#offered = new Set(slot.lib.C_GetMechanismList(slot.handle));
    this.pool = new SessionPool(slot, sessions);
  }

  /** The module is initialised. The PIN is tried once. `before`: what is done while nobody is logged in. */
  static open(
    module: graphene.Module,
    config: HsmConfig,
    before?: (slot: graphene.Slot) => void,
  ): Connection {
    const slot = findToken(module, config);
    before?.(slot);
    const token = slot.getToken();
    return new Connection(slot, token, login(slot, token, config), config.sessions ?? SESSIONS);
  }

  /**
   * From now on every operation that has not begun is refused: after C_Initialize the same handles may name
   * other keys. Resolves when those that have begun are over, since C_Finalize under one is undefined behaviour
   * (PKCS#11 v2.40 5.4).
   */
  close(): Promise<void> {
    this.#closed = true;
    return this.pool.idle();
  }

  /** Private and secret keys of the token, by label. */
  keys(): KeyInfo[] {
    return this.#find([{ type: pkcs11js.CKA_TOKEN, value: true }])
      .filter((object) => this.#holdsKey(object))
      .map((object) => attributes.describeKey(this.lib, this.session, object))
      .sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  /** The private or secret key of this label, if there is one. */
  find(label: string): Key | undefined {
    this.#checkOpen();
    const known = this.#keys.get(label);
    if (known) return known;
    const handles = this.objectsOf(label).filter((object) => this.#holdsKey(object));
    if (handles.length > 1) {
      const message = `${handles.length} keys are labelled "${label}"`;
      const hint = 'give each key of the token a label of its own';
      throw new HsmError('ERR_HSM_KEY_AMBIGUOUS', message, { hint });
    }
    const [handle] = handles;
    if (!handle) return undefined;
    const key = { handle, info: attributes.describeKey(this.lib, this.session, handle) };
    this.#keys.set(label, key);
    return key;
  }

  /** On the main thread: the hop to another would cost more than the HMAC. */
  mac(label: string, data: Uint8Array): Uint8Array {
    const mac = Buffer.alloc(MAC_LENGTH);
    this.#macInto(this.keyOf(label, 'secret'), asBuffer(data), mac);
    return mac;
  }

  /** HMACs one after another, with a turn for others every so often. */
  async macBatch(label: string, { flat, lengths }: MacBatch): Promise<Uint8Array> {
    const key = this.keyOf(label, 'secret');
    const input = asBuffer(flat);
    const macs = Buffer.alloc(lengths.length * MAC_LENGTH);
    let turn = performance.now();
    let offset = 0;
    for (let i = 0; i < lengths.length; i++) {
      const data = input.subarray(offset, offset + lengths[i]!);
      this.#macInto(key, data, macs.subarray(i * MAC_LENGTH, (i + 1) * MAC_LENGTH));
      offset += data.length;
      if (i % TURN_CHECK === 0 && performance.now() - turn > TURN_MS) {
        await setImmediate();
        this.#checkOpen();
        turn = performance.now();
      }
    }
    return macs;
  }

  #macInto({ handle }: Key, data: Buffer, mac: Buffer): void {
    this.lib.C_SignInit(this.session, HMAC, handle);
    checkLength(this.lib.C_Sign(this.session, data, mac), MAC_LENGTH, 'HMAC');
  }

  /** Verified where the token holds the public key. */
  async sign(label: string, message: Uint8Array): Promise<Uint8Array> {
    const { handle, info } = this.keyOf(label, 'rsa', 'ec');
    const verifying = this.#verifyingKey(label);
    const { mechanism, data, length } = planSignature(
      info.type as 'rsa' | 'ec',
      asBuffer(message),
      this.#offered,
    );
    const signature = Buffer.alloc(length);
    return this.pool.use(async (session) => {
      this.#checkOpen();
      this.lib.C_SignInit(session, mechanism, handle);
      const signed = await this.lib.C_SignAsync(session, data, signature);
      // The binding keeps a bare pointer to `data`: it has to be in use until here.
      checkLength(signed, length, `signature of ${data.length} octets`);
      if (verifying) requireSignature(verifying, message, signed);
      return signed;
    });
  }

  #verifyingKey(label: string): KeyObject | undefined {
    if (!this.#verifying.has(label)) {
      this.#verifying.set(label, this.#readVerifyingKey(label));
    }
    return this.#verifying.get(label);
  }

  #readVerifyingKey(label: string): KeyObject | undefined {
    try {
      return verifyingKey(this.publicKey(label));
    } catch (error) {
      if (error instanceof HsmError && error.code === 'ERR_HSM_KEY_PUBLIC') return undefined;
      throw error;
    }
  }

  publicKey(label: string): Uint8Array {
    const key = this.keyOf(label, 'rsa', 'ec');
    const [held] = this.#find([
      { type: CKA_LABEL, value: label },
      { type: CKA_CLASS, value: CKO_PUBLIC_KEY },
    ]);
    // RSA private keys carry their public part; for EC there is only the public key object.
    const object = held ?? key.handle;
    const read = (type: number) => {
      const value = attributes.readAttribute(this.lib, this.session, object, type);
      if (value) return value;
      throw new HsmError('ERR_HSM_KEY_PUBLIC', `the token holds no public key of "${label}"`);
    };
    if (key.info.type === 'ec') return p256Spki(read(pkcs11js.CKA_EC_POINT));
    return rsaSpki(read(pkcs11js.CKA_MODULUS), read(pkcs11js.CKA_PUBLIC_EXPONENT));
  }

  async generate(label: string, kind: KeyKind, options: GenerateOptions): Promise<KeyInfo> {
    this.refuseExisting(label);
    await this.withSession(async (session) => {
      const enforced = options.transportable === true && enforcesTrust(this.lib, session);
      await makeKey(this.lib, session, { label, kind, ...options, enforced });
    });
    const made = this.find(label);
    // The token may have made something else of the template.
    requireKey(label, kind, made?.info, options);
    return { ...made!.info, kind };
  }

  refuseExisting(label: string): void {
    if (!this.find(label)) return;
    throw new HsmError('ERR_HSM_KEY_EXISTS', `a key labelled "${label}" exists already`, {
      hint: 'keys are never replaced: choose another label',
    });
  }

  /** Runs with a session that may write, and is closed with all its session objects after. */
  withSession<T>(run: (session: Handle) => T | Promise<T>): Promise<T> {
    return this.pool.hold(async () => {
      this.#checkOpen();
      const session = openSession(this.#slot, pkcs11js.CKF_RW_SESSION);
      try {
        return await run(session.handle);
      } finally {
        session.close();
      }
    });
  }

  /** The objects of this label, of every class. */
  objectsOf(label: string): Handle[] {
    return this.#find([
      { type: CKA_LABEL, value: label },
      { type: pkcs11js.CKA_TOKEN, value: true },
    ]);
  }

  forget(label: string): void {
    this.#keys.delete(label);
  }

  /** As `find`; a key that is not there or of none of the types is an error. */
  keyOf(label: string, ...types: readonly KeyInfo['type'][]): Key {
    const key = this.find(label);
    if (!key) {
      throw new HsmError('ERR_HSM_KEY_MISSING', `no key labelled "${label}" in the token`, {
        hint: 'hsm status shows the keys that are there',
      });
    }
    if (types.includes(key.info.type)) return key;
    const wanted = types.join(' or ');
    throw new HsmError(
      'ERR_HSM_KEY_TYPE',
      `key "${label}" is of type ${key.info.type}, not ${wanted}`,
    );
  }

  #holdsKey(object: Handle): boolean {
    const value = attributes.readAttribute(this.lib, this.session, object, CKA_CLASS);
    const objectClass = attributes.ulong(value);
    return objectClass === CKO_PRIVATE_KEY || objectClass === CKO_SECRET_KEY;
  }

  #checkOpen(): void {
    if (this.#closed) throw new ConnectionClosedError();
  }

  #find(template: pkcs11js.Template): Handle[] {
    this.#checkOpen();
    const { lib, session } = this;
    lib.C_FindObjectsInit(session, template);
    try {
      return lib.C_FindObjects(session, MAX_KEYS);
    } finally {
      lib.C_FindObjectsFinal(session);
    }
  }
}

function checkLength(result: Uint8Array, length: number, what: string): void {
  if (result.length === length) return;
  const message = `${what}: the module gave ${result.length} octets, not ${length}`;
  throw new HsmError('ERR_HSM_RESULT', message);
}

/** The binding takes Buffers only. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
