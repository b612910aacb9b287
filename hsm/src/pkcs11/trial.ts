import { createHash } from 'node:crypto';
import {
  mechanismName,
  TRANSPORT_MECHANISMS,
  type TransportMechanism,
} from '@pinless-gate/protocol/transport-mechanism';
import pkcs11js from 'pkcs11js';
import { type Capabilities, type Capability, HsmError, MAC_LENGTH } from '../key-store.ts';
import { p256Spki, rsaSpki } from '../public-key.ts';
import * as attributes from './attributes.ts';
import { makeWrappingKeys, unwrapUnder, type WrappingKeys, wrapUnder } from './carriage.ts';
import type { Connection } from './connection.ts';
import { ckrName, ckrOf, isConnectionLost } from './errors.ts';
import type { Cryptoki, Handle } from './module.ts';
import { Counterpart, isPrivateHalf, macOf, verifies, wrapForModule } from './trial-counterpart.ts';
import { EXISTING, NO_SESSION_KEYS, type Otherwise, tryOtherwise } from './trial-existing.ts';
import { enforcesTrust } from './trust.ts';

/** Session objects, sensitive as ours are: gone with the session. */
const MOVING: attributes.Guard = { inToken: false, transportable: 'any' };
const ID = Buffer.alloc(1);
const MESSAGE = Buffer.from('pinless-gate/trial/1');

/** Everything that we need of a module, done once with keys made for the moment. */
export function runTrials(connection: Connection): Promise<Capabilities> {
  return connection.withSession((session) => new Trial(connection, session).run());
}

interface Step {
  readonly need: string;
  readonly mechanism: string;
  readonly without: string;
  /** A text says what is wrong; an error of the module says it too. */
  readonly attempt: () => string | undefined | Promise<string | undefined>;
  /** How it is tried where the module makes no key for the moment: with a key of the token, or not at all. */
  readonly otherwise: Otherwise;
}

class Trial {
  readonly #connection: Connection;
  readonly #lib: Cryptoki;
  readonly #session: Handle;
  readonly #listed: ReadonlySet<number>;
  readonly #checks: Capability[] = [];
  readonly #counterpart = new Counterpart();
  #makesSessionKeys = true;

  constructor(connection: Connection, session: Handle) {
    const { lib, slot } = connection;
    this.#connection = connection;
    this.#lib = lib;
    this.#session = session;
    this.#listed = new Set(lib.C_GetMechanismList(slot));
  }

  async run(): Promise<Capabilities> {
    this.#makesSessionKeys = await this.#makesAny();
    const transport = await this.#makeKeys();
    const keys = makeWrappingKeys(this.#lib, this.#session, this.#counterpart.transportKey, false);
    const wraps = await this.#transport(
      {
        need: 'send an event key',
        without: 'no event key leaves this module: list and gate need one token',
        otherwise: { wrapping: 'C_WrapKey' },
      },
      (one) => this.#wraps(keys, one),
    );
    await this.#institution(keys, wraps);
    const unwraps = await this.#transport(
      {
        need: 'take an event key',
        without: 'its event key is made in it, as docs/hsm.md says',
        otherwise: { wrapping: 'C_UnwrapKey' },
      },
      (one) => (transport ? this.#unwraps(transport, one) : 'no RSA key to unwrap with'),
    );
    const enforced = enforcesTrust(this.#lib, this.#session);
    this.#noteTrust(enforced);
    return { checks: this.#checks, wraps, unwraps, enforcesTrust: enforced };
  }

  #noteTrust(enforced: boolean): void {
    const need = 'hold keys that move to trusted wrapping keys';
    const mechanism = 'CKA_WRAP_WITH_TRUSTED';
    if (enforced) this.#checks.push({ need, mechanism, outcome: 'works' });
    else if (!this.#makesSessionKeys) {
      this.#checks.push({ need, mechanism, outcome: 'unknown', why: NO_SESSION_KEYS });
    } else {
      const why = 'the module does not enforce it';
      const without = 'whoever knows the PIN can wrap a key that may move under a key of their own';
      this.#checks.push({ need, mechanism, outcome: 'missing', why, without });
    }
  }

  /** Whether there is any kind of key that the module makes for the moment. */
  async #makesAny(): Promise<boolean> {
    const kinds = [
      () => this.#secret(),
      () => this.#ecPair(),
      () => this.#rsaPair({ inToken: false }),
    ];
    for (const make of kinds) {
      try {
        await make();
        return true;
      } catch (error) {
        this.#whyNot(error);
      }
    }
    return false;
  }

  /** Returns an RSA pair for unwrapping, where the module makes one. */
  async #makeKeys(): Promise<{ privateKey: Handle; spki: Uint8Array } | undefined> {
    await this.#check({
      need: 'compute conversion values',
      mechanism: 'CKM_SHA512_HMAC',
      without: 'no list can be built and no card looked up',
      attempt: () => this.#hmac(),
      otherwise: EXISTING.event,
    });
    await this.#check({
      need: 'prove the gate to the card',
      mechanism: 'CKM_SHA256_RSA_PKCS',
      without: 'no institution key here',
      attempt: async () => {
        const { privateKey, spki } = await this.#rsaPair({ inToken: false });
        const signature = this.#sign(pkcs11js.CKM_SHA256_RSA_PKCS, privateKey, MESSAGE, 256);
        return verifies(spki, MESSAGE, signature) ? undefined : 'the signature is wrong';
      },
      otherwise: EXISTING.institution,
    });
    await this.#check({
      need: 'sign lists and journals',
      mechanism: 'CKM_ECDSA',
      without: 'no publisher or device key here',
      attempt: () => this.#ecdsa(),
      otherwise: EXISTING.signing,
    });
    let transport: { privateKey: Handle; spki: Uint8Array } | undefined;
    await this.#check({
      need: 'make a transport key that unwraps and does nothing else',
      mechanism: 'CKM_RSA_PKCS_KEY_PAIR_GEN',
      without: 'keys cannot be sent to this module',
      attempt: async () => {
        transport = await this.#rsaPair({ use: 'unwrap', inToken: false });
        return undefined;
      },
      otherwise: { wrapping: 'C_UnwrapKey' },
    });
    return transport;
  }

  #secret(): Handle {
    const mechanism = { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN };
    const template = attributes.secretKeyTemplate('', ID, MOVING);
    return this.#lib.C_GenerateKey(this.#session, mechanism, template);
  }

  #hmac(): string | undefined {
    const key = this.#secret();
    const mac = this.#mac(key);
    if (!mac.equals(this.#mac(key))) return 'two HMACs of one message differ';
    const value = attributes.readAttribute(this.#lib, this.#session, key, pkcs11js.CKA_VALUE);
    return value && value.length > 0 ? 'a sensitive key can be read' : undefined;
  }

  async #rsaPair(guard: attributes.Guard): Promise<{ privateKey: Handle; spki: Uint8Array }> {
    const { publicKey, privateKey } = await this.#lib.C_GenerateKeyPairAsync(
      this.#session,
      { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
      [...attributes.publicKeyTemplate('', ID, guard), ...attributes.rsaTemplate(2048)],
      attributes.privateKeyTemplate('', ID, guard),
    );
    const [modulus, exponent] = this.#read(
      publicKey,
      pkcs11js.CKA_MODULUS,
      pkcs11js.CKA_PUBLIC_EXPONENT,
    );
    return { privateKey, spki: rsaSpki(modulus!, exponent!) };
  }

  #ecPair(): Promise<{ publicKey: Handle; privateKey: Handle }> {
    const guard = { inToken: false };
    return this.#lib.C_GenerateKeyPairAsync(
      this.#session,
      { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
      [...attributes.publicKeyTemplate('', ID, guard), ...attributes.EC_P256],
      attributes.privateKeyTemplate('', ID, guard),
    );
  }

  async #ecdsa(): Promise<string | undefined> {
    const { publicKey, privateKey } = await this.#ecPair();
    const [point] = this.#read(publicKey, pkcs11js.CKA_EC_POINT);
    const hash = createHash('sha256').update(MESSAGE).digest();
    const signature = this.#sign(pkcs11js.CKM_ECDSA, privateKey, hash, 64);
    return verifies(p256Spki(point!), MESSAGE, signature) ? undefined : 'the signature is wrong';
  }

  #wraps(keys: WrappingKeys, mechanism: TransportMechanism): string | undefined {
    const key = this.#secret();
    const wrapped = wrapUnder(this.#lib, this.#session, keys, key, mechanism);
    const secret = this.#counterpart.open(wrapped);
    if (!secret) return 'another implementation cannot open it';
    return macOf(secret, MESSAGE).equals(this.#mac(key)) ? undefined : 'another key came out';
  }

  #unwraps(
    { privateKey, spki }: { privateKey: Handle; spki: Uint8Array },
    mechanism: TransportMechanism,
  ): string | undefined {
    const { wrapped, mac } = wrapForModule(spki, mechanism);
    const template = attributes.arrivingKeyTemplate('event', '', ID, { inToken: false });
    const key = unwrapUnder(this.#lib, this.#session, privateKey, wrapped, template);
    return this.#mac(key).equals(mac(MESSAGE)) ? undefined : 'another key came out';
  }

  /** The same for an RSA key, which is too long for OAEP alone. */
  async #institution(keys: WrappingKeys, wraps: readonly TransportMechanism[]): Promise<void> {
    const mechanism = wraps.find(({ carrier }) => carrier !== 'direct');
    await this.#check({
      need: 'send an institution key',
      mechanism: mechanism ? mechanismName(mechanism) : 'CKM_AES_KEY_WRAP',
      without: 'each gate makes its own institution key',
      attempt: async () => {
        if (!mechanism) return 'no AES key wrap';
        const { privateKey, spki } = await this.#rsaPair(MOVING);
        const wrapped = wrapUnder(this.#lib, this.#session, keys, privateKey, mechanism);
        const pkcs8 = this.#counterpart.open(wrapped);
        return pkcs8 && isPrivateHalf(pkcs8, spki) ? undefined : 'another key came out';
      },
      otherwise: { wrapping: 'C_WrapKey' },
    });
  }

  async #transport(
    what: Pick<Step, 'need' | 'without' | 'otherwise'>,
    attempt: (mechanism: TransportMechanism) => string | undefined,
  ): Promise<TransportMechanism[]> {
    const working: TransportMechanism[] = [];
    for (const mechanism of TRANSPORT_MECHANISMS) {
      const works = await this.#check({
        ...what,
        mechanism: mechanismName(mechanism),
        attempt: () => attempt(mechanism),
      });
      if (works) working.push(mechanism);
    }
    return working;
  }

  async #check({ need, mechanism, without, attempt, otherwise }: Step): Promise<boolean> {
    const number = (pkcs11js as unknown as Record<string, number | undefined>)[mechanism];
    const listed = number === undefined ? {} : { listed: this.#listed.has(number) };
    let why: string | undefined;
    try {
      why = await (this.#makesSessionKeys ? attempt() : tryOtherwise(this.#connection, otherwise));
      if (why === NO_SESSION_KEYS) {
        this.#checks.push({ need, mechanism, ...listed, outcome: 'unknown', why });
        return false;
      }
    } catch (error) {
      why = this.#whyNot(error);
    }
    if (why === undefined) this.#checks.push({ need, mechanism, ...listed, outcome: 'works' });
    else this.#checks.push({ need, mechanism, ...listed, outcome: 'missing', why, without });
    return why === undefined;
  }

  /** What the module said; rethrows what is not of the module. */
  #whyNot(error: unknown): string {
    const known = error instanceof HsmError || ckrOf(error) !== undefined;
    // SoftHSM says CKR_GENERAL_ERROR of what it cannot do: a lost token shows at the next call.
    if (!known) throw error;
    if (isConnectionLost(error)) this.#lib.C_GetSessionInfo(this.#session);
    return error instanceof HsmError ? error.message : ckrName(error);
  }

  #mac(key: Handle): Buffer {
    return this.#sign(pkcs11js.CKM_SHA512_HMAC, key, MESSAGE, MAC_LENGTH);
  }

  #sign(mechanism: number, key: Handle, message: Buffer, length: number): Buffer {
    this.#lib.C_SignInit(this.#session, { mechanism }, key);
    return this.#lib.C_Sign(this.#session, message, Buffer.alloc(length));
  }

  #read(object: Handle, ...types: readonly number[]): Buffer[] {
    const template = types.map((type) => ({ type }));
    return this.#lib
      .C_GetAttributeValue(this.#session, object, template)
      .map(({ value }) => value as Buffer);
  }
}
