import { equal } from '@pinless-gate/protocol/bytes';
import {
  buildCacheInput,
  type Conversion,
  conversionInputOfIssuer,
  eventKeyIdInput,
  issuerNameHash,
  splitConversion,
} from '@pinless-gate/protocol/conversion';
import { HsmError, type KeyStore } from './key-store.ts';
import { inOverlappingSlices } from './overlap.ts';

/** Issuer and serial number: what names a certificate (RFC 5280 4.1.2.2). */
export interface CertificateName {
  /** The issuer's Name, DER. */
  readonly issuerName: Uint8Array;
  /** Unsigned, big-endian. */
  readonly serial: Uint8Array;
}

/** An event and the id of its key, as a list names them. */
export interface KnownKey {
  readonly eventId: Uint8Array;
  readonly eventKeyId: Uint8Array;
}

/** `key`: AES-256, secret. `keyId`: 16 octets, equal where the key is. */
export interface CacheKey {
  readonly key: Uint8Array;
  readonly keyId: Uint8Array;
}

const KEY_ID_LENGTH = 16;
const MAX_ISSUERS = 64;
const SLICE = 512;

/** Serial number -> conversion value and seal key, under one event key that stays in the module. */
export class Converter {
  readonly #store: KeyStore;
  readonly #label: string;
  /** Hashes of the few issuers there are; bounded, since the name may come from a card. */
  readonly #issuers = new Map<string, Uint8Array>();

  constructor(store: KeyStore, eventKeyLabel: string) {
    this.#store = store;
    this.#label = eventKeyLabel;
  }

  async convert(issuerNameDer: Uint8Array, serial: Uint8Array): Promise<Conversion> {
    const input = this.#input({ issuerName: issuerNameDer, serial });
    return splitConversion(await this.#store.mac(this.#label, input));
  }

  /** In the order of `names`. One bad serial number rejects all of them with a `FormatError`. */
  convertAll(names: readonly CertificateName[]): Promise<Conversion[]> {
    return inOverlappingSlices(names, SLICE, async (slice) => {
      const inputs = slice.map((name) => this.#input(name));
      const macs = await this.#store.macAll(this.#label, inputs);
      return macs.map(splitConversion);
    });
  }

  /** The manifest's key id: only who holds the same key can compute it (protocol.md 5). */
  async eventKeyId(eventId: Uint8Array): Promise<Uint8Array> {
    const mac = await this.#store.mac(this.#label, eventKeyIdInput(eventId));
    return mac.slice(0, KEY_ID_LENGTH);
  }

  /**
   * Throws ERR_HSM_RESULT where the module, asked again, contradicts `conversion` or does not know the answer that a
   * list gives for its event key. An HMAC cannot be verified, and a wrong one is somebody else's or nobody's.
   */
  async confirm(name: CertificateName, conversion: Conversion, known: KnownKey): Promise<void> {
    const inputs = [this.#input(name), eventKeyIdInput(known.eventId)];
    const [again, id] = await this.#store.macAll(this.#label, inputs);
    const { conversionValue, sealKey } = splitConversion(again!);
    const same =
      equal(conversionValue, conversion.conversionValue) && equal(sealKey, conversion.sealKey);
    sealKey.fill(0);
    if (same && equal(id!.subarray(0, KEY_ID_LENGTH), known.eventKeyId)) return;
    const what = same ? 'not the known one' : 'another than before';
    throw new HsmError('ERR_HSM_RESULT', `the HMAC that the module gave is ${what}`, {
      hint: 'run `hsm selftest`; if it fails, the module or its key is broken',
    });
  }

  /**
   * What a builder's cache is sealed with: a key that lives as long as one build, and a name for it that may
   * be stored. Neither tells anything of the event key or of a conversion value.
   */
  async cacheKey(eventId: Uint8Array, settings: Uint8Array): Promise<CacheKey> {
    const mac = await this.#store.mac(this.#label, buildCacheInput(eventId, settings));
    return { key: mac.slice(0, 32), keyId: mac.slice(32, 32 + KEY_ID_LENGTH) };
  }

  #input({ issuerName, serial }: CertificateName): Uint8Array {
    const key = Buffer.from(issuerName.buffer, issuerName.byteOffset, issuerName.length).toString(
      'latin1',
    );
    let hash = this.#issuers.get(key);
    if (!hash) {
      hash = issuerNameHash(issuerName);
      if (this.#issuers.size >= MAX_ISSUERS) this.#issuers.clear();
      this.#issuers.set(key, hash);
    }
    return conversionInputOfIssuer(hash, serial);
  }
}
