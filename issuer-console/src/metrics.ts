import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Placement } from './domain/journal.ts';
import type { Overview } from './domain/overview.ts';
import type { PublishedList } from './domain/publication.ts';

/** What is counted of lists that are built here. */
export interface ListMetrics {
  listBuilt(seconds: number): void;
  listFailed(): void;
}

const NO_LIST = { version: 0, issuedAt: 0, expiresAt: 0 };

/** What `/metrics` gives. Labels come from fixed sets: no upload can make a new one. */
export class ConsoleMetrics implements ListMetrics {
  readonly #registry = new Registry();
  readonly #uploads = this.#counter('uploads_total', 'Journal uploads by what became of them', [
    'outcome',
  ]);
  readonly #taps = this.#counter('taps_total', 'Taps received since start', ['outcome', 'reason']);
  readonly #enrolments = this.#counter('enrolments_total', 'Enrolments by what became of them', [
    'outcome',
  ]);
  readonly #requests = this.#counter('http_requests_total', 'Answers by status', ['status']);
  readonly #sequence = this.#gauge('gate_journal_sequence', 'Last journal entry held', ['gate']);
  readonly #seen = this.#gauge('gate_last_seen_timestamp_seconds', 'When a gate last uploaded', [
    'gate',
  ]);
  readonly #alarms = this.#gauge('alarms', 'Alarms shown now, by kind', ['kind']);
  readonly #listVersion = this.#gauge('list_version', 'Version of the published list', ['event']);
  readonly #listIssued = this.#gauge('list_issued_timestamp_seconds', 'Issue of that list', [
    'event',
  ]);
  readonly #listExpires = this.#gauge('list_expires_timestamp_seconds', 'Expiry of that list', [
    'event',
  ]);
  readonly #listBuild = this.#gauge('list_build_seconds', 'What the last build took', []);
  readonly #listFailures = this.#counter('list_failures_total', 'Lists that failed', []);
  readonly #watchers = this.#gauge('live_pages', 'Pages open and live', []);

  constructor(version: string) {
    this.#gauge('build_info', 'Always 1', ['version']).set({ version }, 1);
  }

  placed(placement: Placement): void {
    this.#uploads.inc({ outcome: placement.outcome });
    if (placement.outcome !== 'accepted') return;
    for (const { entry } of placement.fresh) {
      if (entry.kind !== 'decision') continue;
      const { outcome, reason } = entry;
      const known = REFUSAL_REASONS.some((one) => one === reason);
      this.#taps.inc({ outcome, reason: reason === undefined ? '' : known ? reason : 'other' });
    }
  }

  enrolled(outcome: string): void {
    this.#enrolments.inc({ outcome });
  }

  listBuilt(seconds: number): void {
    this.#listBuild.set(seconds);
  }

  listFailed(): void {
    this.#listFailures.inc();
  }

  answered(status: number): void {
    this.#requests.inc({ status });
  }

  async text(overview: Overview, watchers: number): Promise<{ type: string; text: string }> {
    for (const gauge of [this.#sequence, this.#seen, this.#alarms]) gauge.reset();
    for (const { id, sequence, lastSeenAt } of overview.gates) {
      this.#sequence.set({ gate: id }, sequence);
      if (lastSeenAt !== undefined) this.#seen.set({ gate: id }, lastSeenAt / 1000);
    }
    for (const { kind } of overview.alarms) this.#alarms.inc({ kind });
    this.#listed({}, overview.list);
    for (const { eventId, list } of overview.further) this.#listed({ event: eventId }, list);
    this.#watchers.set(watchers);
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** All zero where there is none: whoever watches the age is told. */
  #listed(labels: { readonly event?: string }, list: PublishedList): void {
    const { version, issuedAt, expiresAt } = list.state === 'published' ? list.manifest : NO_LIST;
    this.#listVersion.set(labels, version);
    this.#listIssued.set(labels, issuedAt);
    this.#listExpires.set(labels, expiresAt);
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({
      name: `pinless_console_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
    });
  }

  #gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({
      name: `pinless_console_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
    });
  }
}
