import type { Publication } from '../domain/list-publication.ts';
import type { ListMetrics } from '../metrics.ts';
import type { ListBuilder } from './list-builder.ts';
import { Publisher, type PublisherDeps } from './publisher.ts';

export interface ListQueueDeps extends Omit<PublisherDeps, 'builder'> {
  /** Opened with the event's first list. */
  readonly open: () => Promise<ListBuilder>;
  /** Before the first thing that is taken. */
  readonly begun: () => Promise<void>;
  readonly metrics: ListMetrics;
  readonly onChange: () => void;
  readonly onPublished: (publication: Publication) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * What was asked for of one event, one list at a time: it is built, and published as soon as it waits for nothing any
 * more. Its builder is a process of its own: no other event's build is in the way.
 */
export class ListQueue {
  readonly publisher: Publisher;
  readonly #deps: ListQueueDeps;
  #builder: Promise<ListBuilder> | undefined;
  #working: Promise<void> = Promise.resolve();
  #due = false;
  #closed = false;

  constructor(deps: ListQueueDeps) {
    this.#deps = deps;
    this.publisher = new Publisher({ ...deps, builder: () => this.open() });
  }

  /** Something is queued, or may go. */
  wake(): void {
    if (this.#due || this.#closed) return;
    this.#due = true;
    this.#working = this.#working
      .then(() => this.#work())
      .catch((error) => {
        this.#due = false;
        this.#deps.onError(error);
      });
  }

  open(): Promise<ListBuilder> {
    this.#builder ??= this.#deps.open().catch((error) => {
      this.#builder = undefined;
      throw error;
    });
    return this.#builder;
  }

  /** Until everything that was asked for has been done. */
  async idle(): Promise<void> {
    let last: Promise<void>;
    do {
      last = this.#working;
      await last;
    } while (last !== this.#working);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.publisher.stop();
    // A build that takes hours is broken off.
    await (await this.#builder?.catch(() => undefined))?.close();
    await this.idle();
    await this.publisher.close();
  }

  async #work(): Promise<void> {
    await this.#deps.begun();
    this.#due = false;
    for (;;) {
      if (this.#closed) return;
      const next = nextOf(await this.#deps.publications.open(), this.publisher.plan.eventId);
      if (!next) return;
      await this.#take(next);
      this.#deps.onChange();
    }
  }

  async #take(publication: Publication): Promise<void> {
    const { metrics, now, publications, onPublished } = this.#deps;
    const publishing = publication.state === 'waiting-approval';
    const failure = publishing
      ? await this.publisher.publish(publication)
      : await this.publisher.build(publication);
    if (this.#closed) return;
    const last = await publications.lastPublished(publication.eventId);
    if (failure !== undefined) metrics.listFailed();
    else if (!publishing) metrics.listBuilt((now() - publication.requestedAt) / 1000);
    else if (last?.id === publication.id) await onPublished(last);
  }
}

/** What may go goes first, then a resale: somebody waits who must not enter any more. */
function nextOf(open: readonly Publication[], ofEvent: string): Publication | undefined {
  const own = open.filter(({ eventId }) => eventId === ofEvent);
  const queued = own.filter(({ state }) => state === 'queued');
  return (
    own.find(({ state, needs }) => state === 'waiting-approval' && needs.length === 0) ??
    queued.find(({ why }) => why === 'resale') ??
    queued[0]
  );
}
