import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Origin } from '../domain/audit.ts';
import type { Seal } from '../domain/credential.ts';
import { type EventStore, noSeal, requireEvent } from '../domain/event.ts';
import type { Publication, PublicationStore } from '../domain/list-publication.ts';
import { Scope } from '../domain/permission.ts';
import { needsOf } from '../domain/publication-desk.ts';
import type { PublicationRulesStore } from '../domain/publication-rules.ts';
import type { PurchaseStore } from '../domain/purchase.ts';
import type { PublishPlan } from './config.ts';
import { FeedDirectory } from './feed-directory.ts';
import type { BuildAnswer, ListBuilder } from './list-builder.ts';

export interface PublisherDeps {
  readonly plan: PublishPlan;
  readonly builder: () => Promise<ListBuilder>;
  readonly events: EventStore;
  readonly purchases: PurchaseStore;
  readonly publications: PublicationStore;
  readonly publicationRules: PublicationRulesStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export const CONSOLE = { kind: 'console', id: 'publisher' } as const;

/** The lists of one event: built, and made the newest. Not two things at once. */
export class Publisher {
  readonly plan: PublishPlan;
  readonly #deps: PublisherDeps;
  readonly #feed: FeedDirectory;
  #stopped = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.plan = deps.plan;
    this.#feed = new FeedDirectory(deps.plan.feed, deps.purchases);
  }

  /** The code of a failure. */
  async build(publication: Publication): Promise<string | undefined> {
    const { publications, now } = this.#deps;
    if (!(await publications.begin(publication.id))) return undefined;
    return this.#orFail(publication, async () => {
      const began = now();
      const changeNo = await this.#refreshFeed(publication);
      const answer = await this.#askTwice((builder) => builder.build({ plan: this.plan }));
      const outcome = { ...answer, changeNo, buildMs: Math.max(0, now() - began) };
      const needs = await this.#needs(publication, answer);
      await publications.built(publication.id, outcome, needs, now());
    });
  }

  /** One that waits for nothing any more. The code of a failure. */
  publish(publication: Publication): Promise<string | undefined> {
    const { plan } = this;
    const { publications, log } = this.#deps;
    return this.#orFail(publication, async () => {
      const { hash } = publication.list!;
      const list = await this.#askTwice((builder) => builder.publish({ plan, hash }));
      await publications.published(publication, list, this.#origin());
      const { version, fingerprint, entries } = list;
      log.info({ version, fingerprint, entries }, 'list published');
    });
  }

  /** What is broken off from now on has not failed: the next console takes it up. */
  stop(): void {
    this.#stopped = true;
  }

  /** Nothing of purchases stays in the clear. */
  close(): Promise<void> {
    return this.#feed.remove();
  }

  async #refreshFeed({ eventId }: Publication): Promise<number> {
    const { seal, events } = this.#deps;
    if (!seal) throw noSeal();
    const event = await requireEvent(events, Scope.everything, eventId);
    return this.#feed.refresh(event, seal, this.#origin());
  }

  /** The file's reasons and the event's own. */
  async #needs(publication: Publication, { counts, list }: BuildAnswer) {
    const { maxLossPercent, publishers } = this.plan;
    const wanted = await this.#deps.publicationRules.of(publication.eventId);
    const secondApproval = [...this.plan.secondApproval, ...wanted];
    const rules = { secondApproval, maxLossPercent, signatures: publishers?.threshold ?? 1 };
    return needsOf(publication, counts, list.signers, rules);
  }

  /** A process that ends in the middle is there again: what it was doing can be done again. */
  async #askTwice<T>(ask: (builder: ListBuilder) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.#deps.builder());
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== 'ERR_ISOLATED_DOWN') throw error;
      return ask(await this.#deps.builder());
    }
  }

  async #orFail(publication: Publication, work: () => Promise<void>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (this.#stopped) return undefined;
      const ours = error instanceof GateError ? error : undefined;
      const code = ours?.code ?? 'ERR_DEFECT';
      // Of an error that is not ours the message may quote what it was about.
      const said = ours?.message ?? 'a list could not be published';
      this.#deps.log.warn({ publicationId: publication.id, code, hint: ours?.hint }, said);
      await this.#deps.publications.failed(publication, code, this.#origin());
      return code;
    }
  }

  #origin(): Origin {
    return { by: CONSOLE, at: this.#deps.now() };
  }
}
