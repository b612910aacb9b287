import type { Event, EventStore } from '../domain/event.ts';
import type { Publication, PublicationStore } from '../domain/list-publication.ts';
import { isDue, nextTime } from '../domain/list-schedule.ts';
import { Scope } from '../domain/permission.ts';
import type { PublicationDesk } from '../domain/publication-desk.ts';
import type { PublishPlan } from './config.ts';

/** Rings once after so many milliseconds, unless it is taken back. */
export type Alarm = (milliseconds: number, ring: () => void) => () => void;

export interface SchedulerDeps {
  readonly plans: readonly PublishPlan[];
  readonly desk: Pick<PublicationDesk, 'request'>;
  readonly events: EventStore;
  readonly publications: PublicationStore;
  readonly timeZone: string;
  readonly now: () => number;
  readonly alarm: Alarm;
  readonly onError: (error: unknown) => void;
}

const SCHEDULE = { scope: Scope.everything, by: { kind: 'console', id: 'schedule' } } as const;
/** Timers do not last for weeks, and a clock may be set meanwhile. */
const LONGEST_MS = 3_600_000;

/** Has lists built at their times, by the console's clock. Times that were missed are made up for once. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  /** Up to when each event's times were looked at. */
  readonly #seen = new Map<string, number>();
  #cancel: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#scheduled.length > 0) this.#ring();
  }

  /** Unix milliseconds; undefined where no time is to come. */
  next(eventId: string): number | undefined {
    const { plans, now, timeZone } = this.#deps;
    const schedule = plans.find((plan) => plan.eventId === eventId)?.schedule;
    return schedule && nextTime(schedule, now(), timeZone);
  }

  /** Until what was due has been asked for. */
  idle(): Promise<void> {
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  get #scheduled(): PublishPlan[] {
    return this.#deps.plans.filter(({ schedule }) => schedule !== undefined);
  }

  #ring(): void {
    this.#running = this.#lookAtAll()
      .catch(this.#deps.onError)
      .then(() => this.#arm());
  }

  #arm(): void {
    if (this.#closed) return;
    const { now, alarm } = this.#deps;
    const times = this.#scheduled.map(
      ({ eventId }) => this.next(eventId) ?? Number.POSITIVE_INFINITY,
    );
    const wait = Math.max(0, Math.min(...times) - now());
    this.#cancel = alarm(Math.min(wait, LONGEST_MS), () => this.#ring());
  }

  async #lookAtAll(): Promise<void> {
    for (const plan of this.#scheduled) await this.#look(plan);
  }

  async #look(plan: PublishPlan): Promise<void> {
    const { events, now, timeZone } = this.#deps;
    const event = await events.find(Scope.everything, plan.eventId);
    if (!event) return;
    const at = now();
    const since = this.#seen.get(event.id) ?? (await this.#lastAsked(event)) ?? at;
    this.#seen.set(event.id, at);
    if (event.archivedAt !== undefined) return;
    if (!isDue(plan.schedule!, since, { now: at, timeZone })) return;
    if (await this.#isWanted(plan, event))
      await this.#deps.desk.request(SCHEDULE, event, 'schedule');
  }

  /** Before this console began: what was due since then was missed. */
  async #lastAsked(event: Event): Promise<number | undefined> {
    const [last] = await this.#deps.publications.list(event, 1);
    return last?.requestedAt;
  }

  /** Not while a person looks at a list: it would be taken from them. */
  async #isWanted(plan: PublishPlan, event: Event): Promise<boolean> {
    const { publications, now } = this.#deps;
    const open = (await publications.open()).filter(({ eventId }) => eventId === event.id);
    if (open.some(({ needs }) => needs.length > 0)) return false;
    const last = await publications.lastPublished(event.id);
    if (!last || isOutdated(plan, last, now())) return true;
    return (await publications.changeNo(event.id)) !== last.changeNo;
  }
}

/** Who is revoked may be another one though no purchase changed; and a list that nobody renews gets too old. */
function isOutdated(
  { crls, renewals, asks, staleAfterS }: PublishPlan,
  { list }: Publication,
  now: number,
): boolean {
  if (crls.length > 0 || renewals !== undefined || asks) return true;
  return now - list!.issuedAt >= (staleAfterS * 1000) / 2;
}
