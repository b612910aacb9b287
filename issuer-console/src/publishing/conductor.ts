import { GateError } from '@pinless-gate/protocol/errors';
import { type GateListStore, gateProgress, isAtGates } from '../domain/gate-list.ts';
import type { Publication } from '../domain/list-publication.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { ListMetrics } from '../metrics.ts';
import { Changes } from './changes.ts';
import type { PublishPlan } from './config.ts';
import type { ListBuilder } from './list-builder.ts';
import { CONSOLE, Publisher, type PublisherDeps } from './publisher.ts';

export interface ConductorDeps extends Omit<PublisherDeps, 'plan' | 'builder'> {
  readonly plans: readonly PublishPlan[];
  /** Opened with the first list. */
  readonly open: () => Promise<ListBuilder>;
  readonly gateLists: GateListStore;
  readonly metrics: ListMetrics;
  readonly silentAfterMs: number;
  /** Something that the board shows. */
  readonly onChange: () => void;
}

/**
 * Takes what was asked for, one list at a time: builds it, publishes what waits for nothing any more, and watches it
 * come into force at the gates. What it knows stands in the database: after a kill it goes on from there.
 */
export class Conductor {
  readonly changes = new Changes();
  readonly #deps: ConductorDeps;
  readonly #publishers: ReadonlyMap<string, Publisher>;
  #builder: Promise<ListBuilder> | undefined;
  #begun = false;
  #working: Promise<void> = Promise.resolve();
  #due = false;
  /** Published and not at every gate yet, by event. */
  readonly #underWay = new Map<string, Publication>();
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(deps: ConductorDeps) {
    this.#deps = deps;
    const builder = () => this.#open();
    this.#publishers = new Map(
      deps.plans.map((plan) => [plan.eventId, new Publisher({ ...deps, plan, builder })]),
    );
  }

  planOf(eventId: string): PublishPlan | undefined {
    return this.#publishers.get(eventId)?.plan;
  }

  /** What the last console left is taken up. */
  start(): void {
    this.wake();
  }

  /** Something is queued, or may go. */
  readonly wake = (): void => {
    this.#changed();
    if (this.#due || this.#closed || this.#publishers.size === 0) return;
    this.#due = true;
    this.#working = this.#working.then(() => this.#work()).catch((error) => this.#stumbled(error));
  };

  /** Who has signed the list then. */
  async sign(of: Publication, signatures: Uint8Array): Promise<readonly string[]> {
    const plan = this.planOf(of.eventId);
    if (!plan || !of.list) throw notSigned();
    const builder = await this.#open();
    const { hash } = of.list;
    try {
      return (await builder.sign({ plan, hash, signatures })).signers;
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
    let last: Promise<void>;
    do {
      last = this.#working;
      await last;
      await this.#looking;
    } while (last !== this.#working);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const publisher of this.#publishers.values()) publisher.stop();
    // A build that takes hours is broken off.
    await (await this.#builder?.catch(() => undefined))?.close();
    await this.idle();
    for (const publisher of this.#publishers.values()) await publisher.close();
  }

  async #begin(): Promise<void> {
    if (this.#publishers.size === 0) return;
    for (const publisher of this.#publishers.values()) await publisher.close();
    await this.#deps.publications.resume();
    for (const eventId of this.#publishers.keys()) {
      const last = await this.#deps.publications.lastPublished(eventId);
      if (last && last.atGatesAt === undefined) this.#underWay.set(eventId, last);
    }
    this.#begun = true;
  }

  #open(): Promise<ListBuilder> {
    this.#builder ??= this.#deps.open().catch((error) => {
      this.#builder = undefined;
      throw error;
    });
    return this.#builder;
  }

  async #work(): Promise<void> {
    if (!this.#begun) await this.#begin();
    this.#due = false;
    for (;;) {
      if (this.#closed) return;
      const next = nextOf(await this.#deps.publications.open(), this.#publishers);
      if (!next) return;
      await this.#take(next);
      this.#changed();
    }
  }

  async #take(publication: Publication): Promise<void> {
    const { metrics, publications } = this.#deps;
    const publisher = this.#publishers.get(publication.eventId)!;
    const publishing = publication.state === 'waiting-approval';
    const failure = publishing
      ? await publisher.publish(publication)
      : await publisher.build(publication);
    if (this.#closed) return;
    const last = await publications.lastPublished(publication.eventId);
    if (failure !== undefined) metrics.listFailed();
    else if (!publishing) metrics.listBuilt((this.#deps.now() - publication.requestedAt) / 1000);
    else if (last?.id === publication.id) {
      this.#underWay.set(publication.eventId, last);
      await this.#look();
    }
  }

  async #look(): Promise<void> {
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
    this.#due = false;
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

/** What may go goes first, then a resale: somebody waits who must not enter any more. */
function nextOf(
  open: readonly Publication[],
  publishers: ReadonlyMap<string, Publisher>,
): Publication | undefined {
  const own = open.filter(({ eventId }) => publishers.has(eventId));
  const queued = own.filter(({ state }) => state === 'queued');
  return (
    own.find(({ state, needs }) => state === 'waiting-approval' && needs.length === 0) ??
    queued.find(({ why }) => why === 'resale') ??
    queued[0]
  );
}
