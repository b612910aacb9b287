import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transmit } from '@pinless-gate/gate-firmware/card/channel';
import type { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import type { Nonces } from '@pinless-gate/gate-firmware/lane/nonce';
import { ShortCodes } from '@pinless-gate/gate-firmware/lane/short-code';
import { type TapParts, type TapResult, tap } from '@pinless-gate/gate-firmware/lane/tap';
import type { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { GateError } from '@pinless-gate/protocol/errors';
import { possessionMessage } from '@pinless-gate/protocol/possession';
import { encodeSeatRecord, type SeatRecord, sealRecord } from '@pinless-gate/protocol/record';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import { FakeKeyStore } from '../../fakes/key-store.ts';
import { cardFromFile } from '../../sandbox/card/card-file.ts';
import { CardSession } from '../../sandbox/card/session.ts';
import { type NewCard, newCard } from '../../sandbox/jlis/new-card.ts';
import { kazashiOnly, pinOf } from '../../unit/gate-firmware/lane/linked.ts';
import { LIMITS, makeStage, type Stage } from '../../unit/gate-firmware/stage.ts';
import { type Answers, commandKey, HostileCard, type Model } from '../hostile-card.ts';
import { BrokenInvariant, type FuzzTarget, hold } from '../target.ts';

const EVENT_ID = new Uint8Array(16).fill(0xe1);
const GATE_ID = new Uint8Array(16).fill(0x9a);
const NONCE = new Uint8Array(32).fill(0x4e);
const MAX_SIGNATURES = 256;
const AT = Date.now();

/** One honest card at a lane that knows it, and what it answers there. */
interface Variant {
  readonly parts: Omit<TapParts, 'transmit' | 'clock'>;
  readonly model: Model;
  readonly proofKey: string;
}

/** Profile, and whether nothing of what was learned beforehand is read again at the tap. */
const VARIANTS = [
  ['jpki', true],
  ['jpki', false],
  ['iso', true],
  ['iso', false],
  ['kazashi', false],
  ['kazashi', true],
] as const;
type VariantProfile = (typeof VARIANTS)[number][0];
const BIRTH_DATE = '19800217';

/**
 * A whole card behind the tap. The first octet says which card it pretends to be, the others what it does
 * (`HostileCard`). Nonce and clock stand still, so that all an honest card would sign is known beforehand.
 */
export const card: FuzzTarget = {
  name: 'card',
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
    try {
      const variants = await makeVariants(directory);
      return (input) => tapOnce(variants[(input[0] ?? 0) % variants.length]!, input.subarray(1));
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

async function tapOnce(variant: Variant, script: Uint8Array): Promise<boolean> {
  const { proofKey, model } = variant;
  const isProof = (key: string) => key === proofKey;
  const { tapTimeoutMs } = LIMITS;
  const hostile = new HostileCard(model, script, { tapTimeoutMs, isProof });
  const result = await tapWith(variant, hostile.transmit, () => hostile.ms).catch((error) => {
    throw error instanceof BrokenInvariant ? error : new BrokenInvariant(`tap threw ${error}`);
  });
  const { decision, fault } = result;
  // The tap takes whatever is thrown for the gate's fault, a broken invariant too.
  if (fault instanceof BrokenInvariant) throw fault;
  if (decision.admitted) {
    const signature = model.answers.get(proofKey)!.subarray(0, -2);
    hold(equal(hostile.proof, signature), 'admitted without a good signature');
    return true;
  }
  hold(REFUSAL_REASONS.includes(decision.reason), 'refused without a name');
  const excused = fault instanceof GateError && fault.code === 'ERR_READER_EXTENDED_LENGTH';
  hold(decision.reason !== 'gate-fault' || excused, `a fault of the gate: ${fault}`);
  return false;
}

function tapWith(
  { parts }: Pick<Variant, 'parts'>,
  transmit: Transmit,
  monotonic: () => number,
): Promise<TapResult> {
  return tap({ ...parts, transmit, clock: { now: () => AT, monotonic } });
}

async function makeVariants(directory: string): Promise<Variant[]> {
  const store = new FakeKeyStore();
  await store.generate('event', 'event');
  const stage = await makeStage(join(directory, 'jlis'), store);
  const variants: Variant[] = [];
  for (const [profile, pinned] of VARIANTS) {
    variants.push(await makeVariant(stage, store, profile, pinned));
  }
  return variants;
}

async function makeVariant(
  stage: Stage,
  store: FakeKeyStore,
  profile: VariantProfile,
  pinned: boolean,
): Promise<Variant> {
  const issue = () =>
    profile === 'kazashi'
      ? newCard(stage.jlis, { birthDate: BIRTH_DATE })
      : newCard(stage.jlis, { profile });
  const [mine, others] = await Promise.all([issue(), issue()]);
  const der = fromPem(mine.file.certificatePem!);
  const parts = await makeParts(stage, store, mine, profile, pinned);
  const sent: Uint8Array[] = [];
  const answers = new Map<string, Uint8Array>();
  const { decision } = await tapWith({ parts }, honest(mine, sent, answers), () => 0);
  hold(decision.admitted, 'the honest card is not admitted');
  const hash = sha256(
    possessionMessage({ eventId: EVENT_ID, gateId: GATE_ID, unixMs: AT, nonce: NONCE }),
  );
  const { profile: used } = parts.profiles.find((one) => one.profile.name === profile)!;
  const worthBirthDate = profile === 'kazashi' && !pinned ? der : undefined;
  return {
    parts,
    model: { answers, other: await answersOf(others, sent), worthBirthDate },
    proofKey: commandKey(encodeCommandApdu(used.prove(hash))),
  };
}

/** The card as it is. A challenge that is always the same has always the same signature. */
function honest({ file }: NewCard, sent: Uint8Array[], answers: Map<string, Uint8Array>): Transmit {
  const session = new CardSession(cardFromFile(file), { faults: [] });
  return async (commands) => {
    const given: Uint8Array[] = [];
    for (const command of commands) {
      const answer = (await session.transmit(command))!;
      sent.push(command);
      answers.set(commandKey(command), answer);
      given.push(answer);
      if (answer.at(-2) !== 0x90) break;
    }
    return given;
  };
}

/** What another card answers to the same commands. */
async function answersOf({ file }: NewCard, commands: readonly Uint8Array[]): Promise<Answers> {
  const answers = new Map<string, Uint8Array>();
  const session = new CardSession(cardFromFile(file), { faults: [] });
  for (const command of commands) {
    answers.set(commandKey(command), (await session.transmit(command))!);
  }
  return answers;
}

async function makeParts(
  stage: Stage,
  store: FakeKeyStore,
  card: NewCard,
  profile: VariantProfile,
  pinned: boolean,
): Promise<Variant['parts']> {
  const der = fromPem(card.file.certificatePem!);
  const { issuer, serial, spki, notAfter } = parseCertificate(der);
  const converter = new Converter(store, 'event');
  const { conversionValue, sealKey } = await converter.convert(issuer.encoded, serial);
  const linked = profile === 'kazashi';
  const record = encodeSeatRecord({
    ...SEAT,
    ...(linked && { kazashi: await pinOf(stage, card) }),
    ...(pinned && !linked && { publicKey: spki, notAfter }),
  });
  const context = { eventId: EVENT_ID, conversionValue };
  const sealed = sealRecord(sealKey, new Uint8Array(12), record, context);
  const list = listOf(conversionValue, sealed, await converter.eventKeyId(EVENT_ID));
  return {
    eventId: EVENT_ID,
    gateId: GATE_ID,
    lane: { gates: ['B'] },
    profiles: linked
      ? await kazashiOnly(stage, pinned)
      : [remembering(stage.jpki), remembering(stage.iso)],
    anchors: trustAnchors([stage.ca]),
    limits: LIMITS,
    converterOf: () => converter,
    lists: { use: (action: (one: Whitelist) => unknown) => action(list) } as unknown as Lists,
    journal: {
      append: () => ({ sequence: 1 }),
      ticketState: () => undefined,
    } as unknown as Journal,
    nonces: { next: () => NONCE } as unknown as Nonces,
    codes: new ShortCodes((length) => new Uint8Array(length)),
    onProgress: () => undefined,
  };
}

const SEAT: SeatRecord = {
  tickets: [
    {
      ticketNo: 'T-1',
      seat: { gate: 'B' },
      category: 'adult',
      admission: { from: 0, until: 4_000_000_000 },
      entries: 1,
      reentry: false,
      flags: [],
      place: 1,
    },
  ],
  party: { id: new Uint8Array(8), size: 1 },
  language: 'ja',
  evidenceId: 'E-1',
};

/** A list of one entry, without a disk. */
function listOf(
  conversionValue: Uint8Array,
  sealed: Uint8Array,
  eventKeyId: Uint8Array,
): Whitelist {
  const now = Math.floor(AT / 1000);
  const manifest = {
    eventId: EVENT_ID,
    eventKeyId,
    version: 1,
    issuedAt: now,
    notBefore: now - 60,
    expiresAt: now + 86_400,
    policy: { gates: ['B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
  };
  return {
    manifest,
    passport: { fingerprint: 'AAAAAA' },
    find: (wanted: Uint8Array) => (equal(wanted, conversionValue) ? sealed : undefined),
  } as unknown as Whitelist;
}

/** Signs a challenge once: a card that always gives the same one costs no more signatures. */
function remembering<T extends Stage['jpki'] | Stage['iso']>(terminal: T): T {
  const known = new Map<string, Uint8Array>();
  const sign = async (challenge: Uint8Array) => {
    const key = toHex(challenge);
    const signature = known.get(key) ?? (await terminal.terminal.sign(challenge));
    if (known.size < MAX_SIGNATURES) known.set(key, signature);
    return signature;
  };
  return { ...terminal, terminal: { ...terminal.terminal, sign } };
}

function fromPem(pem: string): Uint8Array {
  const base64 = pem.replaceAll(/-----[^-]+-----|\s/g, '');
  return fromHex(Buffer.from(base64, 'base64').toString('hex'));
}
