import { HOUR_MS, slotOf } from '@pinless-gate/issuer-console/domain/figures';
import type { Database } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import type { Bench } from './bench.ts';
import { makeStore } from './console-store.ts';
import { resultOf } from './result.ts';

const GATES = 20;
const ENTRIES = 1_000_000;
const ROUNDS = 40;
const SCANS = 5;
/** All of them are within what the board shows. */
const SHOWN_MS = 6 * HOUR_MS;

const WANTED_MS = 10;

/** What the board's charts take of the database, against counting the journal's entries anew. */
export const consoleCharts: Bench = {
  target: { text: `p95 ≤ ${WANTED_MS} ms`, met: ({ ours }) => ours.p95 <= WANTED_MS },
  measure: async (context) => {
    const entries = context.rows ?? ENTRIES;
    const store = await makeStore(context, 'embedded');
    const { db, close, migrate } = await store.open();
    context.defer(close);
    await migrate();
    const now = slotOf(Date.now());
    context.log(`writing ${entries} entries`);
    await fill(db, now, entries);
    const { figures } = storesOn(db);
    const since = now - SHOWN_MS;
    await figures.since(since);
    return resultOf({
      bench: 'console-charts',
      unit: 'ms',
      better: 'lower',
      ours: await timed(ROUNDS, () => figures.since(since)),
      baselineName: `counting ${entries} entries anew`,
      baseline: await timed(SCANS, () => db.execute(scan(since))),
    });
  },
};

async function timed(rounds: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const from = performance.now();
    await work();
    taken.push(performance.now() - from);
  }
  return taken;
}

/** As many entries as a full hall taps, evenly over gates and hours; every twentieth is refused. */
async function fill(db: Database, now: number, entries: number): Promise<void> {
  const at = `to_timestamp(${(now - SHOWN_MS) / 1000}) + n * interval '${SHOWN_MS / entries} milliseconds'`;
  await db.execute(
    `insert into gates (id, name, device_key, added_at, last_hash)
     select lpad(to_hex(n), 32, '0')::uuid, 'gate ' || n, '', now(), '' from generate_series(1, ${GATES}) n`,
  );
  await db.execute(
    `insert into journal_entries (gate_id, sequence, at, kind, outcome, reason, people, total_us, received_at, raw)
     select lpad(to_hex(1 + n % ${GATES}), 32, '0')::uuid, n, ${at}, 'decision',
       case when n % 20 = 0 then 'refused' else 'admitted' end,
       case when n % 20 = 0 then 'reason-' || n % 45 end,
       case when n % 20 = 0 then 0 else 1 end, 200000 + (n::bigint * 7919) % 400000, now(), ''
     from generate_series(1, ${entries}) n`,
  );
  await db.execute(
    `insert into people_figures select gate_id, date_bin('5 minutes', at, 'epoch'), sum(people)
     from journal_entries where people <> 0 group by 1, 2`,
  );
  await db.execute(
    `insert into refusal_figures select gate_id, date_bin('5 minutes', at, 'epoch'), reason, count(*)
     from journal_entries where outcome = 'refused' group by 1, 2, 3`,
  );
  await db.execute(
    `insert into duration_figures select gate_id, date_bin('5 minutes', at, 'epoch'),
       floor(8 * ln(total_us / 1000.0) / ln(2)), count(*) from journal_entries group by 1, 2, 3`,
  );
}

const scan = (since: number) =>
  `select gate_id, date_bin('5 minutes', at, 'epoch'), sum(people), percentile_disc(0.95) within group (order by total_us)
   from journal_entries where at >= to_timestamp(${since / 1000}) group by 1, 2`;
