import { randomBytes } from 'node:crypto';
import {
  destroyKeys,
  eventKeysHeld,
  recordDestruction,
} from '@pinless-gate/hsm/ceremony/destroy-event-keys';
import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { takeKey } from '@pinless-gate/hsm/ceremony/take-key';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { equal, fromBase64, toHex } from '@pinless-gate/protocol/bytes';
import { type ErrorCode, FormatError, GateError } from '@pinless-gate/protocol/errors';
import { DESTRUCTION_TYPE, encodeDestruction } from '@pinless-gate/protocol/key-destruction';
import { decodeEnvelope, type KeyEnvelope } from '@pinless-gate/protocol/key-envelope';
import { z } from 'zod';
import type { GateConfig } from '../config.ts';
import type { Journal } from '../journal/journal.ts';
import { systemClock } from '../lane/clock.ts';
import { keySenders } from '../whitelist/present.ts';
import {
  askAsGate,
  type ConsoleAddress,
  type ConsoleAnswer,
  type ConsoleRequest,
  type GateIdentity,
} from './console-client.ts';

export interface DeliveryParts {
  readonly store: KeyStore;
  readonly directory: KeyDirectory;
  readonly console: ConsoleAddress;
  readonly identity: GateIdentity;
  readonly labels: { readonly device: string; readonly transport: string };
  /** The event that this gate serves: keys of another one are left where they are. */
  readonly eventId: Uint8Array;
  /** SubjectPublicKeyInfo of those whose envelopes are taken; asked for each, since they may change. */
  readonly publishers: () => Promise<readonly Uint8Array[]>;
  /** Destroy keys whose window is over where the issuer asks for it. */
  readonly destroy: boolean;
}

/** Of a gate that knows its console. `journal`: publishers that it noted must be there. `destroy` as in `DeliveryParts`. */
export function deliveryParts(
  config: GateConfig,
  store: DeliveryParts['store'],
  journal: Pick<Journal, 'publishersFloor'>,
  destroy: boolean,
): DeliveryParts {
  const { console, gateId, eventId, labels, keyDirectory } = config;
  if (!console) {
    throw new GateError('ERR_CONSOLE_MISSING', 'this gate has no console', {
      hint: 'enrol it, or name one in [console] of gate.toml',
    });
  }
  return {
    store,
    directory: new KeyDirectory(keyDirectory),
    console,
    identity: {
      gateId,
      sign: (message) => store.sign(labels.device, message),
      now: systemClock.now,
      random: randomBytes,
    },
    labels,
    eventId,
    publishers: async () => {
      const taken = journal.publishersFloor(eventId);
      return (await keySenders(config, { taken, fresh: true })).now;
    },
    destroy,
  };
}

/** What became of the keys that the console holds for this gate. */
export interface Delivery {
  /** Labels of keys that are in the module from now on. */
  readonly taken: readonly string[];
  readonly destroyed: readonly string[];
  /** The first envelope that was not taken, and why. */
  readonly trouble: GateError | undefined;
}

const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;

const answer = z.object({
  keys: z.array(
    z.object({
      id: z.string().regex(/^[0-9a-f]{64}$/),
      envelope: z.string(),
      taken: z.boolean(),
      destroy: z.boolean(),
    }),
  ),
});

interface Offered {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly envelope: KeyEnvelope;
  readonly taken: boolean;
  readonly destroy: boolean;
}

/**
 * Looks what the console holds for this gate: takes what is new into the module, destroys what the issuer wants
 * destroyed and nobody may use any more, and tells the console. Whatever is cut off is taken up the next time.
 */
export async function deliverKeys(parts: DeliveryParts): Promise<Delivery> {
  const offered = await offeredKeys(parts);
  const taken: string[] = [];
  let trouble: GateError | undefined;
  for (const one of offered.filter(({ destroy }) => !destroy)) {
    try {
      if (await take(parts, one)) taken.push(one.envelope.label);
    } catch (error) {
      if (!(error instanceof GateError) || isOfConsole(error)) throw error;
      trouble ??= error;
    }
  }
  const destroyed = parts.destroy ? await destroyOrdered(parts, offered) : [];
  return { taken, destroyed, trouble };
}

async function offeredKeys(parts: DeliveryParts): Promise<Offered[]> {
  const request = { method: 'GET', path: '/api/keys', maxAnswerLength: MAX_ANSWER_LENGTH } as const;
  const response = await ask(parts, request, 200);
  const parsed = answer.safeParse(readJson(response.body));
  if (!parsed.success) throw notUnderstood();
  return parsed.data.keys.map(({ envelope: base64, ...one }) => {
    const bytes = fromBase64(base64);
    return { ...one, bytes, envelope: decodeEnvelope(bytes).envelope };
  });
}

/** True where the key is in the module now and was not before. */
async function take(
  parts: DeliveryParts,
  { id, bytes, envelope, taken }: Offered,
): Promise<boolean> {
  const { store, directory, eventId, identity, publishers, labels } = parts;
  const now = Math.floor(identity.now() / 1000);
  // An institution key is for a ceremony; keys of other events and of other times are left where they are.
  const meant = envelope.kind === 'event' && envelope.eventId && equal(envelope.eventId, eventId);
  if (!meant || now < envelope.validFrom || now >= envelope.validUntil) return false;
  const held = await isHeld(parts, envelope);
  if (!held) {
    const { gateId } = identity;
    const { transport } = labels;
    await takeKey(store, directory, bytes, {
      kind: 'event',
      gateId,
      eventId,
      publishers: await publishers(),
      transport,
      now,
    });
  }
  if (!held || !taken) await ask(parts, { method: 'POST', path: `/api/keys/${id}/taken` }, 204);
  return !held;
}

async function isHeld(
  { store, directory }: DeliveryParts,
  { label, keyId }: KeyEnvelope,
): Promise<boolean> {
  const kept = await directory.envelopes();
  const same = kept.some(
    ({ envelope }) => envelope.label === label && equal(envelope.keyId, keyId),
  );
  return same && (await store.keys()).some((key) => key.label === label);
}

async function destroyOrdered(
  parts: DeliveryParts,
  offered: readonly Offered[],
): Promise<string[]> {
  const now = Math.floor(parts.identity.now() / 1000);
  const events = new Map<string, Uint8Array>();
  for (const { destroy, envelope } of offered) {
    // The issuer's word alone is not enough, nor is a clock that was set forward.
    if (!destroy || !envelope.eventId || now < envelope.validUntil) continue;
    events.set(toHex(envelope.eventId), envelope.eventId);
  }
  const destroyed: string[] = [];
  for (const [hex, eventId] of events) {
    const open = offered.some(
      ({ envelope }) =>
        envelope.eventId && equal(envelope.eventId, eventId) && now < envelope.validUntil,
    );
    if (open) continue;
    await destroyEvent(parts, eventId);
    destroyed.push(hex);
  }
  return destroyed;
}

async function destroyEvent(parts: DeliveryParts, eventId: Uint8Array): Promise<void> {
  const { store, directory, labels, identity } = parts;
  const held = await eventKeysHeld(store, eventId);
  const envelopes = (await directory.envelopes()).map(({ envelope }) => envelope);
  const gone = envelopes
    .filter((one) => one.eventId && equal(one.eventId, eventId))
    .filter(({ label }) => !held.some((key) => key.label === label))
    .map(({ label, keyId }) => ({ label, keyId }));
  if (
    held.length + gone.length > 0 &&
    (held.length > 0 || !(await directory.destruction(eventId)))
  ) {
    await store.require({ [labels.device]: 'device' });
    await destroyKeys(
      store,
      held.map(({ label }) => label),
    );
    const destroyedAt = Math.floor(identity.now() / 1000);
    const facts = { gateId: identity.gateId, eventId, keys: [...held, ...gone], destroyedAt };
    await directory.keepDestruction(eventId, await recordDestruction(store, labels.device, facts));
  }
  await reportDestruction(parts, eventId);
}

/** Sends the record that this gate holds, if it holds one. */
export async function reportDestruction(
  parts: Pick<DeliveryParts, 'directory' | 'console' | 'identity'>,
  eventId: Uint8Array,
): Promise<void> {
  const record = await parts.directory.destruction(eventId);
  if (!record) return;
  const body = encodeDestruction(record.signed);
  await ask(
    parts,
    { method: 'POST', path: '/api/keys/destroyed', type: DESTRUCTION_TYPE, body },
    204,
  );
}

export async function ask(
  { console, identity }: Pick<DeliveryParts, 'console' | 'identity'>,
  request: ConsoleRequest,
  wanted: number,
): Promise<ConsoleAnswer> {
  const response = await askAsGate(console, identity, request);
  if (response.status === wanted) return response;
  const code = (response.code ?? 'ERR_CONSOLE_REFUSED') as ErrorCode;
  throw new GateError(code, `the console refused: ${response.title ?? `HTTP ${response.status}`}`, {
    hint: "the console's log says more",
  });
}

/** The console is away or does not want this gate: the other envelopes would fare no better. */
function isOfConsole({ code }: GateError): boolean {
  return code.startsWith('ERR_CONSOLE') || code.startsWith('ERR_GATE');
}

function readJson(octets: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(octets).toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw notUnderstood();
  }
}

function notUnderstood(): GateError {
  return new FormatError(
    'ERR_CONSOLE_ANSWER',
    "the console's answer is not what this release reads",
  );
}
