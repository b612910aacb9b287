import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { isTestName, type TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { readName } from '@pinless-gate/protocol/certificate/name';
import { FormatError } from '@pinless-gate/protocol/errors';
import { possessionMessage } from '@pinless-gate/protocol/possession';
import { keyObject, type PublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { type Decision, type Lane, listRefusal, refused } from '../admission/decide.ts';
import type { TicketState } from '../admission/state.ts';
import { CardChannel, type ChannelLimits, type Transmit } from '../card/channel.ts';
import { CardDialogue, CardRefusal, type Terminal } from '../card/dialogue.ts';
import { CARD_CODES, CardError } from '../card/error.ts';
import type { CardProfile } from '../card/profiles/profile.ts';
import type { Journal } from '../journal/journal.ts';
import type { Lists } from '../whitelist/lists.ts';
import type { Whitelist } from '../whitelist/store.ts';
import { admittedJustNow } from './again.ts';
import { provenUser, verifyUser } from './certificate.ts';
import { type Clock, StepTimes } from './clock.ts';
import { lookUp } from './entry.ts';
import type { LookAsked } from './look.ts';
import type { Nonces } from './nonce.ts';
import { decideNow, record, type Verdict } from './record.ts';
import type { ShortCodes } from './short-code.ts';
import { linkedChip, type SurfaceTrust } from './surface.ts';

/** One card, from the first command to the journal. Read it from top to bottom. */

/** A profile with what its cards want of the gate, and what the gate wants of them. */
export interface ProfileInUse {
  readonly profile: CardProfile;
  /** Where the profile has terminal authentication. */
  readonly terminal?: Terminal;
  /** Where the profile has a surface application. */
  readonly surface?: SurfaceTrust;
}

export interface TapParts {
  readonly eventId: Uint8Array;
  readonly gateId: Uint8Array;
  readonly lane: Lane;
  /** In the order in which they are tried. */
  readonly profiles: readonly ProfileInUse[];
  readonly anchors: readonly TrustAnchor[];
  readonly limits: ChannelLimits;
  /** Of the key that a list names, at a time in Unix seconds; throws where there is none that may be used. */
  readonly converterOf: (eventKeyId: Uint8Array, at: number) => Converter;
  readonly lists: Lists;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly nonces: Nonces;
  readonly codes: ShortCodes;
  /** Whether somebody will be seen passing; absent: nobody is. */
  readonly witnessed?: () => boolean;
  /** Asks staff to look before the lane opens; absent: there are none, and nobody is let in who needs one. */
  readonly look?: (asked: LookAsked) => Promise<boolean>;
  /** For so long after an admission the same card hears the same again; absent: never. Milliseconds. */
  readonly debounceMs?: number | undefined;
  /** Sends to the card that is connected now. */
  readonly transmit: Transmit;
  /** Told of each step of the dialogue that is done, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

export interface TapResult extends Verdict {
  readonly sequence: number;
  readonly code: string;
  readonly list: Whitelist | undefined;
  /** Microseconds. */
  readonly steps: Readonly<Record<string, number>>;
  readonly tapMs: number;
  /** The card was admitted a moment ago: this is that decision, and nothing is new. */
  readonly repeated?: true;
}

/** Of a tap, for log and metrics. */
export function toldOutcome({ decision, repeated }: TapResult): string {
  if (!decision.admitted) return 'refused';
  return repeated ? 'repeated' : 'admitted';
}

/**
 * Decides on the connected card and journals the decision: what this returns is on the disk, now or from the
 * tap that it repeats. Throws a
 * `JournalError` where it could not be written, and then nothing may open.
 */
export async function tap(parts: TapParts): Promise<TapResult> {
  const times = new StepTimes(parts.clock);
  return parts.lists.use(async (list) => {
    const examined = timely(parts, times, await examine(parts, list, times));
    times.end('decide');
    const again = admittedJustNow(parts, examined);
    if (again) {
      const { steps, totalMs: tapMs } = times;
      return { ...examined, ...again, repeated: true, list, steps, tapMs };
    }
    const code = parts.codes.code(examined.conversionValue, examined.at);
    const looked = await looksRight(parts, examined, code);
    if (looked !== examined) times.end('staff');
    const { verdict, sequence } = record(parts, list, looked, code, times);
    times.end('journal');
    return { ...verdict, sequence, code, list, steps: times.steps, tapMs: times.totalMs };
  });
}

/** More than the card's own budget: for what comes after its last answer. */
const AFTERWARDS_MS = 1000;

/**
 * A process that was stopped, or whose clock was set, while the card was in the field knows nothing of it any
 * more: who held it may be gone, and what it signed is old.
 */
function timely({ clock, limits }: TapParts, times: StepTimes, verdict: Verdict): Verdict {
  if (!verdict.decision.admitted) return verdict;
  const { fault } = clock;
  if (fault) return { ...verdict, fault, decision: refused('clock-fault') };
  if (times.totalMs <= limits.tapTimeoutMs + AFTERWARDS_MS) return verdict;
  return { ...verdict, decision: refused('card-too-slow') };
}

/** Everything between the card and the decision. A card cannot make it throw. */
async function examine(
  parts: TapParts,
  list: Whitelist | undefined,
  times: StepTimes,
): Promise<Verdict> {
  const at = parts.clock.now();
  if (!list) return { at, decision: refused('list-missing') };
  const stale = listRefusal(list.manifest, at);
  if (stale) return { at, decision: refused(stale) };

  const channel = new CardChannel(parts.transmit, parts.limits, parts.clock.monotonic);
  const dialogue = new CardDialogue(channel);
  let known: Partial<Verdict> = {};
  try {
    const converter = parts.converterOf(list.manifest.eventKeyId, at / 1000);

    // 1. What card is it?
    const profile = await dialogue.identify(parts.profiles.map((one) => one.profile));
    const { terminal, surface } = parts.profiles.find((one) => one.profile === profile)!;
    known = { profile: profile.name };
    times.end('identify');
    parts.onProgress(0.2);

    // 2. We prove ourselves to it, if it asks: then a certificate read before would prove nothing.
    const head = terminal
      ? await dialogue.authenticateTerminal(terminal)
      : await dialogue.readHead();
    times.end(terminal ? 'authenticate' : 'head');
    parts.onProgress(0.5);
    if (isTestCard(head.issuerName, parts.anchors)) {
      return { ...known, at, decision: refused('test-card') };
    }

    // 3. Is it on the list?
    const { conversionValue, sealed, seat } = await lookUp(
      { eventId: parts.eventId, converter },
      list,
      head,
      times,
    );
    // The code of a stranger's card comes from its conversion value; the value itself is not kept.
    if (!sealed) return { ...known, at, conversionValue, decision: refused('not-listed') };
    known = { ...known, conversionValue, ...(seat && { record: seat }) };
    if (!seat) return { ...known, at, decision: refused('record-unreadable') };

    // 4. It proves itself to us. Where its key was not pinned at building, its certificate says which it is; where
    // another key of the card is to prove it, certificate and chip must be what was linked.
    const certificate = seat.publicKey && !surface ? undefined : await dialogue.readCertificate();
    if (certificate) times.end('read');
    const chip =
      surface &&
      (await linkedChip(
        dialogue,
        surface,
        seat,
        provenUser(parts.anchors, profile, certificate!, at),
      ));
    if (chip) times.end('surface');
    const message = possessionMessage({
      eventId: parts.eventId,
      gateId: parts.gateId,
      unixMs: at,
      nonce: parts.nonces.next(),
    });
    // While the card computes, everything else is made ready.
    const [signature, ready] = await Promise.all([
      dialogue.prove(sha256(message)),
      prepare(parts, list, seat, { profile, chip, certificate }, at),
    ]);
    times.end('sign');
    parts.onProgress(0.9);

    // 5. The decision.
    if ('refusal' in ready) return { ...known, at, decision: refused(ready.refusal) };
    if (!profile.verifyProof(ready.publicKey, message, signature)) {
      return { ...known, at, decision: refused('card-not-authentic') };
    }
    return { ...known, at, decision: ready.decision, history: ready.history };
  } catch (error) {
    const reason = reasonOf(error);
    const fault = reason === 'gate-fault' ? { fault: error } : {};
    return { ...known, ...fault, at, decision: refused(reason) };
  }
}

/** A card of the test hierarchy, at a gate that trusts no CA of it. Listed or not, it opens nothing. */
function isTestCard(issuerName: Uint8Array, anchors: readonly TrustAnchor[]): boolean {
  const trusted = () => anchors.some(({ certificate }) => isTestName(certificate.subject));
  return isTestName(readName(issuerName, 'issuer')) && !trusted();
}

type Prepared =
  | {
      readonly publicKey: PublicKey;
      readonly decision: Decision;
      readonly history: readonly (TicketState | undefined)[];
    }
  | { readonly refusal: RefusalReason };

/** What says which key must sign: that of the linked chip, else that of the certificate, else the record's. */
interface Prover {
  readonly profile: CardProfile;
  readonly chip: PublicKey | undefined;
  readonly certificate: Uint8Array | undefined;
}

/** The key that must have signed, and what the rules say if it did. */
async function prepare(
  parts: TapParts,
  list: Whitelist,
  record: SeatRecord,
  { profile, chip, certificate }: Prover,
  at: number,
): Promise<Prepared> {
  const { decision, history } = decideNow(parts, list, record, at);
  if (certificate && !chip) {
    const user = verifyUser(parts.anchors, profile, certificate, at);
    return 'refusal' in user ? user : { publicKey: user.publicKey, decision, history };
  }
  const publicKey = chip ?? readPublicKey(record.publicKey!);
  keyObject(publicKey); // made while the card computes, it costs more than the verification
  return { publicKey, decision, history };
}

/** Where the policy has staff look first, the lane waits for them; without an answer nobody is let in. */
async function looksRight(parts: TapParts, verdict: Verdict, code: string): Promise<Verdict> {
  const { decision, record: seat } = verdict;
  if (!decision.admitted || decision.wait === undefined) return verdict;
  const asked = { code, why: decision.wait, language: seat!.language };
  const right = (await parts.look?.(asked)) && !parts.clock.fault;
  if (right) return { ...verdict, at: parts.clock.now() };
  return { ...verdict, at: parts.clock.now(), decision: refused('staff-declined') };
}

/** Closed on doubt: whatever was thrown refuses, and what is not the card's fault is the gate's. */
function reasonOf(error: unknown): RefusalReason {
  if (error instanceof CardRefusal) return error.reason;
  if (error instanceof CardError) return CARD_REFUSALS[error.code] ?? 'card-fault';
  // Octets of the card that are not what the format says.
  if (error instanceof FormatError) return 'card-fault';
  return 'gate-fault';
}

const CARD_REFUSALS: Readonly<Record<string, RefusalReason>> = {
  [CARD_CODES.removed]: 'card-removed',
  [CARD_CODES.slow]: 'card-too-slow',
};
