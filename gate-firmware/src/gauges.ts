import { listWarning } from './admission/decide.ts';
import type { Journal } from './journal/journal.ts';
import type { Metrics } from './metrics.ts';
import { isWell } from './receipt/print-queue.ts';
import type { Printer } from './receipt/printer.ts';
import type { Lists } from './whitelist/lists.ts';

export interface Gauged {
  readonly journal: Journal;
  readonly lists: Lists;
  readonly printer: Printer;
  /** Whether the journal is uploaded at all. */
  readonly uploads: boolean;
  /** Conversion calls that nothing on record explains. */
  readonly unexplained: () => number;
  readonly ready: () => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The figures that are looked up when somebody asks for them. */
export function registerGauges(metrics: Metrics, gauged: Gauged): void {
  const { journal, lists, printer, uploads, unexplained, ready, now } = gauged;
  metrics.gauge('gate_list_age_seconds', 'Age of the list in force', () => {
    const issuedAt = lists.current?.manifest.issuedAt;
    return issuedAt === undefined ? Number.NaN : now() / 1000 - issuedAt;
  });
  metrics.gauge(
    'gate_revocation_age_seconds',
    'Age of the oldest check of a certificate in the list',
    () => now() / 1000 - (lists.current?.manifest.revocationCheckedAt ?? Number.NaN),
  );
  metrics.gauge('gate_list_amber', '1 when list or checks are older than the policy likes', () => {
    const manifest = lists.current?.manifest;
    return manifest && listWarning(manifest, now()) ? 1 : 0;
  });
  metrics.gauge(
    'gate_list_version',
    'Version of the list in force, 0 without one',
    () => lists.current?.manifest.version ?? 0,
  );
  metrics.gauge('gate_journal_backlog', 'Entries that the console does not hold yet', () =>
    uploads ? journal.sequence - journal.uploaded : 0,
  );
  metrics.gauge(
    'gate_disk_free_ratio',
    'Free share of the disk that the journal is on',
    () => journal.freeShare,
  );
  metrics.gauge(
    'gate_hsm_calls_unexplained',
    'Conversion calls of the last hour that no tap and no list check explains',
    unexplained,
  );
  metrics.gauge('gate_printer_ok', '1 when the printer prints, as far as it said last', () =>
    isWell(printer.state) ? 1 : 0,
  );
  metrics.gauge('gate_ready', '1 when a tap would be decided now', () => (ready() ? 1 : 0));
}
