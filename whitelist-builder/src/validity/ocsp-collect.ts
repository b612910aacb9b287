import { toHex } from '@pinless-gate/protocol/bytes';
import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { GateError } from '@pinless-gate/protocol/errors';
import type { AnswerStore } from './answer-store.ts';
import { askResponder, type OcspAsking, type OcspResult } from './ocsp.ts';
import { type Unproven, ValidityError } from './proven-only.ts';
import type { Revocation, RevocationAnswer, Subject } from './revocation.ts';

/** A card to ask about. */
export interface AskedCard extends Subject {
  /** The DN as the certificate has it, DER. */
  readonly issuerName: Uint8Array;
}

export interface Collecting {
  readonly asking: OcspAsking;
  readonly concurrency: number;
  /** How long an answer counts, after its thisUpdate. */
  readonly maxAgeS: number;
  /** What follows where a responder gives no answer that holds. */
  readonly unproven: Unproven;
  /** Answers of before, and the conversion value that one is kept by. */
  readonly store?: AnswerStore | undefined;
  readonly convert?: ((card: AskedCard) => Promise<Uint8Array>) | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly progress: (asked: number) => void;
}

/** What responders said of cards. */
export class OcspRevocation implements Revocation {
  readonly #answers: ReadonlyMap<string, OcspFinding>;

  constructor(answers: ReadonlyMap<string, OcspFinding>) {
    this.#answers = answers;
  }

  of(card: Subject): RevocationAnswer {
    return this.finding(card)?.answer ?? { status: 'unknown' };
  }

  /** With the reason where nothing is proven. */
  finding(card: Subject): OcspFinding | undefined {
    return this.#answers.get(keyOf(card));
  }
}

export interface OcspFinding {
  readonly answer: RevocationAnswer;
  /** Why no answer holds. */
  readonly reason?: string;
}

const keyOf = ({ issuer, serial }: Subject) => `${issuer.name} ${toHex(serial)}`;

/** Asks about every card once, several at a time. */
export async function collectByOcsp(
  cards: AsyncIterable<AskedCard>,
  collecting: Collecting,
): Promise<OcspRevocation> {
  const answers = new Map<string, OcspFinding>();
  const iterator = cards[Symbol.asyncIterator]();
  let asked = 0;
  let failed = false;
  // One reader hands out cards, so that two workers never ask about the same.
  let turn: Promise<AskedCard | undefined> = Promise.resolve(undefined);
  const next = (): Promise<AskedCard | undefined> => {
    turn = turn.then(async () => {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done || failed) return undefined;
        if (answers.has(keyOf(value))) continue;
        answers.set(keyOf(value), { answer: { status: 'unknown' } });
        return value;
      }
    });
    return turn;
  };
  const work = async () => {
    for (let card = await next(); card; card = await next()) {
      if (collecting.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      answers.set(keyOf(card), await findingFor(card, collecting));
      collecting.progress(++asked);
    }
  };
  const workers = Array.from({ length: collecting.concurrency }, () =>
    work().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ended = await Promise.allSettled(workers);
  await iterator.return?.(); // closes the feed, also where it was not read to its end
  for (const settled of ended) {
    if (settled.status === 'rejected') throw settled.reason;
  }
  return new OcspRevocation(answers);
}

async function findingFor(card: AskedCard, collecting: Collecting): Promise<OcspFinding> {
  const { store, convert, now, maxAgeS } = collecting;
  const conversionValue = store && (await convert?.(card));
  const kept = conversionValue && store?.find(conversionValue);
  if (kept && now() / 1000 <= Math.min(kept.goodUntil, kept.thisUpdate + maxAgeS)) {
    return { answer: { status: 'good', checkedAt: kept.thisUpdate } };
  }
  const finding = await askAll(card, collecting);
  const { status, checkedAt } = finding.answer;
  if (status === 'good' && conversionValue && checkedAt !== undefined) {
    const goodUntil = Math.min(checkedAt + maxAgeS, finding.nextUpdate ?? Number.POSITIVE_INFINITY);
    await store?.add({ conversionValue, thisUpdate: checkedAt, goodUntil });
  }
  return finding;
}

/**
 * Of a certificate its own CA is asked. A serial number alone does not tell which generation issued it: any may
 * call it revoked, all must answer, and one must call it good.
 */
async function askAll(
  { issuer, issuerName, serial, certificate }: AskedCard,
  collecting: Collecting,
): Promise<OcspFinding & { readonly nextUpdate?: number | undefined }> {
  const anchors = certificate ? [certificate.anchor] : issuer.generations;
  let good: { readonly thisUpdate: number; readonly nextUpdate: number | undefined } | undefined;
  for (const anchor of anchors) {
    const result = await askPatiently({ anchor, issuerName, serial }, collecting);
    if (!result.ok) return { answer: { status: 'unknown' }, reason: result.reason };
    const { status, ...times } = result.answer;
    if (status === 'revoked') return { answer: { status } };
    if (status === 'hold') return { answer: { status: 'revoked', reason: 'on-hold' } };
    if (status === 'good' && (!good || times.thisUpdate < good.thisUpdate)) good = times;
  }
  if (!good) return { answer: { status: 'unknown' }, reason: 'unknown-to-ca' };
  const { thisUpdate, nextUpdate } = good;
  return { answer: { status: 'good', checkedAt: thisUpdate }, nextUpdate };
}

const TRIES = 3;
/** Worth a second try: the network, and a responder that says so itself. */
const PASSING = /^(?:ERR_OCSP_|status-try-later$|status-internal-error$)/;

async function askPatiently(
  target: { anchor: TrustAnchor; issuerName: Uint8Array; serial: Uint8Array },
  { asking, now, unproven, signal }: Collecting,
): Promise<OcspResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await askResponder(target, { ...asking, signal }, now);
    if (result.ok) return result;
    if (PASSING.test(result.reason) && attempt < TRIES) continue;
    if (unproven === 'leave-out') return result;
    const why = `the OCSP responder gives no answer that holds (${result.reason})`;
    throw new ValidityError('ERR_VALIDITY_UNREACHABLE', why, {
      hint: 'check validity.responder; validity.unproven = "leave-out" goes on without those cards',
    });
  }
}
