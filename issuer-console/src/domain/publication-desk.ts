import type { Asker } from './asker.ts';
import type { Author } from './audit.ts';
import type { Event } from './event.ts';
import type { GateListStore, GateProgress } from './gate-list.ts';
import { gateProgress } from './gate-list.ts';
import {
  lossOf,
  type Need,
  type Publication,
  type PublicationStore,
  requirePublication,
  type Why,
} from './list-publication.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';

/** How an event's lists are let go. */
export interface ReleaseRules {
  /** What another person approves than the one who asked. */
  readonly secondApproval: readonly Why[];
  /** A list without more than this part of the published entries waits for a person who means it. */
  readonly maxLossPercent: number;
  /** How many publishers must have signed before gates take a list. */
  readonly signatures: number;
}

export interface PublicationView extends Publication {
  readonly gates: readonly GateProgress[];
}

/** What somebody who lets a list go has seen. */
export interface Release {
  /** Of the list that they mean: any other is not published. */
  readonly fingerprint: string;
  /** They know that many entries are lost. */
  readonly confirmLoss: boolean;
}

/** Lists for gates, from the asking to the last gate: one door for pages, API, schedule and resale. */
export interface PublicationDesk {
  /** Whether this event's lists are built here. */
  has(eventId: string): boolean;
  /** One that is queued for the same reason is joined. */
  request(asker: Asker, event: Event, why: Why): Promise<string>;
  find(scope: Scope, id: string): Promise<PublicationView>;
  /** Lets it go after a look at it. */
  publish(asker: Asker, id: string, release: Release): Promise<void>;
  /** The same by a second person. */
  approve(asker: Asker, id: string, release: Release): Promise<void>;
  /** Adds signatures of other publishers, as `whitelist sign` leaves them. */
  sign(asker: Asker, id: string, signatures: Uint8Array): Promise<void>;
  withdraw(asker: Asker, id: string): Promise<void>;
  /** Resolves after the next change of anything here, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void>;
  /** As it is now, and after each change until the signal aborts. */
  watch(scope: Scope, id: string, signal: AbortSignal): AsyncIterable<PublicationView>;
}

export interface PublicationDeskDeps {
  readonly publications: PublicationStore;
  readonly gateLists: GateListStore;
  /** Undefined where this event's lists are not built here. */
  readonly rules: (eventId: string) => ReleaseRules | undefined;
  /** Who has signed it then; throws `ERR_PUBLICATION_SIGNATURE` where one does not hold. */
  readonly sign: (of: Publication, signatures: Uint8Array) => Promise<readonly string[]>;
  /** Something is queued, or may go. */
  readonly wake: () => void;
  /** Resolves after the next change of anything shown here, or when the signal aborts. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  readonly silentAfterMs: number;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export function publicationDesk(deps: PublicationDeskDeps): PublicationDesk {
  const { publications, rules, now, wake } = deps;
  const find = (scope: Scope, id: string) => viewOf(deps, scope, id);
  return {
    has: (eventId) => rules(eventId) !== undefined,

    request: async (asker, event, why) => {
      if (!rules(event.id)) throw notHere();
      const wanted = { eventId: event.id, vendorId: event.vendorId, why };
      const id = Buffer.from(deps.random(16)).toString('hex');
      const given = await publications.add({ id, ...wanted }, { by: asker.by, at: now() });
      wake();
      return given;
    },

    find,
    publish: (asker, id, release) => letGo(deps, asker, { id, release, meets: ['review'] }),
    approve: (asker, id, release) =>
      letGo(deps, asker, { id, release, meets: ['review', 'second'] }),

    sign: async (asker, id, signatures) => {
      const found = await requirePublication(publications, asker.scope, id);
      if (found.state !== 'waiting-approval') throw notNow();
      const signers = await deps.sign(found, signatures);
      const enough = signers.length >= (rules(found.eventId)?.signatures ?? 1);
      const settled = { met: enough ? (['signatures'] as const) : [], signers };
      const origin = { by: asker.by, at: now() };
      if (!(await publications.settle(found, settled, origin))) throw notNow();
      wake();
    },

    withdraw: async (asker, id) => {
      const found = await requirePublication(publications, asker.scope, id);
      if (!(await publications.withdraw(found, { by: asker.by, at: now() }))) throw notNow();
      wake();
    },

    next: deps.changed,

    watch: async function* (scope, id, signal) {
      while (!signal.aborted) {
        const next = deps.changed(signal);
        yield await find(scope, id);
        await next;
      }
    },
  };
}

async function viewOf(
  { publications, gateLists, now, silentAfterMs }: PublicationDeskDeps,
  scope: Scope,
  id: string,
): Promise<PublicationView> {
  const found = await requirePublication(publications, scope, id);
  const gates = await gateLists.gates(found.eventId, found.list?.version);
  return { ...found, gates: gateProgress(gates, found, { now: now(), silentAfterMs }) };
}

interface LettingGo {
  readonly id: string;
  readonly release: Release;
  readonly meets: readonly Need[];
}

async function letGo(
  { publications, now, wake }: PublicationDeskDeps,
  asker: Asker,
  { id, release, meets }: LettingGo,
): Promise<void> {
  const found = await requirePublication(publications, asker.scope, id);
  const { list, needs } = found;
  if (found.state !== 'waiting-approval' || !list) throw notNow();
  if (letters(release.fingerprint) !== list.fingerprint) throw another();
  if (needs.includes('second')) {
    if (!meets.includes('second')) throw byAnother();
    if (isSame(asker.by, found.requestedBy)) throw oneself();
  }
  if (needs.includes('loss') && !release.confirmLoss) throw unconfirmed(found);
  const met = [...meets, ...(release.confirmLoss ? (['loss'] as const) : [])];
  const origin = { by: asker.by, at: now() };
  if (!(await publications.settle(found, { met }, origin))) throw notNow();
  wake();
}

/** What a list that was built has to wait for. */
export function needsOf(
  { why }: Pick<Publication, 'why'>,
  counts: Parameters<typeof lossOf>[0],
  signers: readonly string[],
  { secondApproval, maxLossPercent, signatures }: ReleaseRules,
): Need[] {
  const byPerson = why === 'manual' || why === 'correction';
  return [
    ...(byPerson ? (['review'] as const) : []),
    ...(secondApproval.includes(why) ? (['second'] as const) : []),
    ...(lossOf(counts) > maxLossPercent ? (['loss'] as const) : []),
    ...(signers.length < signatures ? (['signatures'] as const) : []),
  ];
}

const isSame = (one: Author, other: Author) => one.kind === other.kind && one.id === other.id;

/** `K7F-2QD` or `k7f2qd`, as `whitelist sign` takes it. */
const letters = (fingerprint: string) => fingerprint.replace('-', '').trim().toUpperCase();

export const notHere = () =>
  new RefusedError(
    'invalid',
    'ERR_PUBLICATION_CONFIG',
    'lists of this event are not built here: issuer-console.toml has no [[publish]] for it',
  );
const notNow = () =>
  new RefusedError(
    'conflict',
    'ERR_PUBLICATION_STATE',
    'the publication is not waiting for this any more',
  );
const another = () =>
  new RefusedError(
    'conflict',
    'ERR_PUBLICATION_FINGERPRINT',
    'the fingerprint is not of the list that waits: look at it again',
  );
const byAnother = () =>
  new RefusedError(
    'forbidden',
    'ERR_PUBLICATION_SECOND',
    'somebody else than who asked for it approves this list',
  );
const oneself = () =>
  new RefusedError('forbidden', 'ERR_PUBLICATION_SELF', 'nobody approves what they asked for');
const unconfirmed = ({ counts }: Publication) =>
  new RefusedError(
    'conflict',
    'ERR_PUBLICATION_LOSS',
    `${counts?.removed ?? 0} entries of the published list are missing: say that this is meant`,
  );
