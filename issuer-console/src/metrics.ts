import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Placement } from './domain/journal.ts';
import type { Overview } from './domain/overview.ts';

/** What is counted of lists that are built here. */
export interface ListMetrics {
  listBuilt(seconds: number): void;
  listFailed(): void;
}

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
  readonly #listVersion = this.#gauge('list_version', 'Version of the published list', []);
  readonly #listIssued = this.#gauge('list_issued_timestamp_seconds', 'Issue of that list', []);
  readonly #listExpires = this.#gauge('list_expires_timestamp_seconds', 'Expiry of that list', []);
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
    if (overview.list.state === 'published') {
      const { version, issuedAt, expiresAt } = overview.list.manifest;
      this.#listVersion.set(version);
      this.#listIssued.set(issuedAt);
      this.#listExpires.set(expiresAt);
    }
    this.#watchers.set(watchers);
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
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
