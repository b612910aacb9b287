import { GateError } from '@pinless-gate/protocol/errors';
import { type GateListStore, gateProgress, isAtGates } from '../domain/gate-list.ts';
import type { Publication } from '../domain/list-publication.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { ListMetrics } from '../metrics.ts';
import { Changes } from './changes.ts';
import type { PublishPlan } from './config.ts';
import type { ListBuilder } from './list-builder.ts';
import { ListQueue } from './list-queue.ts';
import { CONSOLE, type PublisherDeps } from './publisher.ts';

export interface ConductorDeps extends Omit<PublisherDeps, 'plan' | 'builder'> {
  readonly plans: readonly PublishPlan[];
  /** Once for each event, with its first list. */
  readonly open: () => Promise<ListBuilder>;
  readonly gateLists: GateListStore;
  readonly metrics: ListMetrics;
  readonly silentAfterMs: number;
  /** Something that the board shows. */
  readonly onChange: () => void;
}

/**
 * Takes what was asked for, one list of an event at a time, events side by side, and watches what was published come
 * into force at the gates. What it knows stands in the database: after a kill it goes on from there.
 */
export class Conductor {
  readonly changes = new Changes();
  readonly #deps: ConductorDeps;
  readonly #queues: ReadonlyMap<string, ListQueue>;
  #begun: Promise<void> | undefined;
  /** Published and not at every gate yet, by event. */
  readonly #underWay = new Map<string, Publication>();
  #looked: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;

  constructor(deps: ConductorDeps) {
    this.#deps = deps;
    const shared = {
      begun: () => this.#begin(),
      onChange: () => this.#changed(),
      onPublished: (publication: Publication) => this.#published(publication),
      onError: (error: unknown) => this.#stumbled(error),
    };
    this.#queues = new Map(
      deps.plans.map((plan) => [plan.eventId, new ListQueue({ ...deps, ...shared, plan })]),
    );
  }

  planOf(eventId: string): PublishPlan | undefined {
    return this.#queues.get(eventId)?.publisher.plan;
  }

  /** What the last console left is taken up. */
  start(): void {
    this.wake();
  }

  /** Something is queued, or may go. */
  readonly wake = (): void => {
    this.#changed();
    for (const queue of this.#queues.values()) queue.wake();
  };

  /** Who has signed the list then. */
  async sign(of: Publication, signatures: Uint8Array): Promise<readonly string[]> {
    const queue = this.#queues.get(of.eventId);
    if (!queue || !of.list) throw notSigned();
    const builder = await queue.open();
    const { hash } = of.list;
    try {
      return (await builder.sign({ plan: queue.publisher.plan, hash, signatures })).signers;
    } catch (error) {
      const foreign = error instanceof GateError && /^ERR_(?:BUNDLE|CBOR)/.test(error.code);
      throw foreign ? notSigned() : error;
    }
  }

  /** A gate told something. */
  readonly gateTold = (): void => {
    this.changes.happened();
    if (this.#underWay.size === 0 || this.#looking) return;
    this.#looking = this.#look()
      .catch((error) => this.#stumbled(error))
      .finally(() => {
        this.#looking = undefined;
      });
  };

  /** Until everything that was asked for has been done. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
    await this.#looking;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    await this.#looking;
  }

  /** Once, before any list: what is under way in the database is nobody's any more. */
  #begin(): Promise<void> {
    this.#begun ??= this.#takeUp().catch((error) => {
      this.#begun = undefined;
      throw error;
    });
    return this.#begun;
  }

  async #takeUp(): Promise<void> {
    for (const { publisher } of this.#queues.values()) await publisher.close();
    await this.#deps.publications.resume();
    for (const eventId of this.#queues.keys()) {
      const last = await this.#deps.publications.lastPublished(eventId);
      if (last && last.atGatesAt === undefined) this.#underWay.set(eventId, last);
    }
  }

  #published(publication: Publication): Promise<void> {
    this.#underWay.set(publication.eventId, publication);
    return this.#look();
  }

  /** One look after the other: what one has seen arrive is not told again. */
  #look(): Promise<void> {
    const look = this.#looked.then(() => this.#lookAtAll());
    this.#looked = look.catch(() => undefined);
    return look;
  }

  async #lookAtAll(): Promise<void> {
    const { gateLists, now, silentAfterMs, publications } = this.#deps;
    for (const publication of [...this.#underWay.values()]) {
      const { eventId, list } = publication;
      const gates = await gateLists.gates(eventId, list?.version);
      const progress = gateProgress(gates, publication, { now: now(), silentAfterMs });
      if (!isAtGates(progress)) continue;
      if (this.#underWay.get(eventId) === publication) this.#underWay.delete(eventId);
      const held = progress.filter(({ standing }) => standing === 'held').length;
      await publications.atGates(publication, held, { by: CONSOLE, at: now() });
      this.#changed();
    }
  }

  /** The database is away, or a defect of ours: what was asked for stands, and is looked at with the next. */
  #stumbled(error: unknown): void {
    const code = error instanceof GateError ? error.code : 'ERR_DEFECT';
    this.#deps.log.warn({ code }, 'lists are held up');
  }

  #changed(): void {
    this.changes.happened();
    this.#deps.onChange();
  }
}

const notSigned = () =>
  new RefusedError(
    'invalid',
    'ERR_PUBLICATION_SIGNATURE',
    'not signatures by publishers of gates over the list that waits',
  );
