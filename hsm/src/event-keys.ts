import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  checkWindow,
  EnvelopeError,
  type KeyEnvelope,
  verifyEnvelopeSignature,
} from '@pinless-gate/protocol/key-envelope';
import type { KeyDirectory } from './ceremony/key-directory.ts';
import { Converter } from './conversion-value.ts';
import { HsmError, type KeyInfo, type KeyStore } from './key-store.ts';

/** One generation of the event's key in this gate's module. */
export interface EventKey {
  readonly label: string;
  readonly keyId: Uint8Array;
  readonly converter: Converter;
  /** Absent for a key that was made in this module, which nobody gave a window. */
  readonly window: Pick<KeyEnvelope, 'kind' | 'validFrom' | 'validUntil'> | undefined;
}

export interface EventKeysOptions {
  readonly store: KeyStore;
  readonly directory: KeyDirectory;
  readonly eventId: Uint8Array;
  readonly gateId: Uint8Array;
  /** SubjectPublicKeyInfo of those whose envelopes hold, also of those who sent keys once and no longer may. */
  readonly publishers: () => Promise<readonly Uint8Array[]>;
  /** The first generation's label; a key made here has it. */
  readonly label: string;
}

/**
 * The event's keys that this gate holds. Which of them is used says the list: the one that its manifest names. It may be
 * used inside the window that its envelope names and at no other time, so lists of two generations are taken exactly
 * while the windows of both are open.
 */
export class EventKeys {
  readonly #options: EventKeysOptions;
  #keys: readonly EventKey[];
  #seen: string | undefined;

  private constructor(options: EventKeysOptions, keys: readonly EventKey[]) {
    this.#options = options;
    this.#keys = keys;
  }

  /** Rejects where there is no key, where one is not what it must be, and where none may be used at `now` (Unix seconds). */
  static async open(options: EventKeysOptions, now: number): Promise<EventKeys> {
    const keys = new EventKeys(options, []);
    await keys.refresh();
    if (keys.#keys.length === 0) throw await missingKey(options);
    const why = keys.obstacle(undefined, now);
    if (why) throw why;
    return keys;
  }

  /** There is one, as `open` promises. */
  get newest(): EventKey {
    return this.#keys.at(-1)!;
  }

  /** Looks for keys that came or went, where an envelope did. A key that is known is not asked again what it is called. */
  async refresh(): Promise<void> {
    const state = await this.#options.directory.state();
    if (state === this.#seen) return;
    // An envelope is there before its key: one without is looked for again.
    this.#seen = (await this.#read()) ? state : undefined;
  }

  /** Whether there is a key to every envelope. */
  async #read(): Promise<boolean> {
    const { store, directory, eventId, label } = this.#options;
    const envelopes = (await directory.envelopes()).filter(
      ({ envelope }) => envelope.eventId && equal(envelope.eventId, eventId),
    );
    const publishers = envelopes.length > 0 ? await this.#options.publishers() : [];
    const labels = new Set([label, ...envelopes.map(({ envelope }) => envelope.label)]);
    const generation = (info: KeyInfo) =>
      envelopes.find(({ envelope }) => envelope.label === info.label)?.envelope.generation ?? 0;
    const infos = (await store.keys())
      .filter((info) => labels.has(info.label))
      .sort((a, b) => generation(a) - generation(b));
    const keys: EventKey[] = [];
    for (const info of infos) {
      const received = envelopes.find(({ envelope }) => envelope.label === info.label);
      const known = this.#keys.find((key) => key.label === info.label);
      await store.require({ [info.label]: 'event' });
      if (!received && !info.local) throw withoutEnvelope(info.label);
      if (received) verifyEnvelopeSignature(received, publishers);
      const envelope = received?.envelope;
      if (envelope && !equal(envelope.gateId, this.#options.gateId))
        throw ofAnotherGate(info.label);
      const converter = known?.converter ?? new Converter(store, info.label);
      const keyId = known?.keyId ?? (await converter.eventKeyId(eventId));
      if (envelope && !equal(envelope.keyId, keyId)) {
        const message = `key "${info.label}" is not the one that its envelope names`;
        throw new HsmError('ERR_HSM_KEY_CHECK', message, {
          hint: 'destroy it and take it out of its envelope again',
        });
      }
      keys.push({ label: info.label, keyId, converter, window: envelope });
    }
    // Where all are gone, taps fail with the module's own word for it.
    if (keys.length > 0) this.#keys = keys;
    return envelopes.every(({ envelope }) => keys.some((key) => key.label === envelope.label));
  }

  /** Ids of the keys that may be used at `now`: lists that name another are not applied. */
  usable(now: number): Uint8Array[] {
    return this.#keys.filter((key) => !closed(key, now)).map(({ keyId }) => keyId);
  }

  /** The key that a list names. Throws where there is none, or `now` is outside of its window. */
  forList(keyId: Uint8Array, now: number): EventKey {
    const key = this.#keys.find((one) => equal(one.keyId, keyId));
    if (!key) {
      throw new GateError('ERR_EVENT_KEY', `this gate has no key ${toHex(keyId)}`, {
        hint: "the gate's HSM needs the event key that the list was built with",
      });
    }
    const why = closed(key, now);
    if (why) throw why;
    return key;
  }

  /** What keeps the gate from deciding at `now`; without a list, that no key may be used. */
  obstacle(keyId: Uint8Array | undefined, now: number): GateError | undefined {
    if (keyId) {
      try {
        this.forList(keyId, now);
        return undefined;
      } catch (error) {
        if (error instanceof GateError) return error;
        throw error;
      }
    }
    const reasons = this.#keys.map((key) => closed(key, now));
    return reasons.includes(undefined) ? undefined : reasons.at(-1);
  }
}

function closed({ window }: EventKey, now: number): GateError | undefined {
  if (!window) return undefined;
  try {
    checkWindow(window, now);
    return undefined;
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
}

/** There was a key and it was destroyed, or there never was one. */
async function missingKey({ directory, eventId, label }: EventKeysOptions): Promise<GateError> {
  const record = await directory.destruction(eventId);
  if (!record) {
    return new HsmError('ERR_HSM_KEY_MISSING', `no key labelled "${label}" in the token`, {
      hint: 'take it out of its envelope with: hsm event-key unwrap ENVELOPE --config gate.toml',
    });
  }
  const at = new Date(1000 * record.destruction.destroyedAt).toISOString();
  const message = `the key of event ${toHex(eventId)} was destroyed at this gate at ${at}`;
  return new HsmError('ERR_EVENT_KEY_DESTROYED', message, {
    hint: 'the event is over; for another one change [event] id',
  });
}

function withoutEnvelope(label: string): HsmError {
  const message = `key "${label}" was brought here, and no envelope says until when it may be used`;
  return new HsmError('ERR_EVENT_KEY_ENVELOPE', message, {
    hint: 'put the envelope back into [keys] directory, or destroy the key and take it again',
  });
}

function ofAnotherGate(label: string): EnvelopeError {
  const message = `the envelope of key "${label}" is for another gate`;
  return new EnvelopeError('ERR_ENVELOPE_GATE', message);
}
