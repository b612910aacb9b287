import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { admit, NEW_TICKET } from '@pinless-gate/gate-firmware/admission/state';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { Baseline } from './baseline.ts';
import type { Bench, BenchContext } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';

const ROUNDS = 40;
const ADMISSIONS = 50;
const SINGLE = 2000;
const EVERY_ENTRIES = 256;
const WANTED_PER_SECOND = 1000;
const WANTED_P99_MS = 5;
const EVENT_ID = new Uint8Array(16).fill(0xe1);
const GATE_ID = new Uint8Array(16).fill(0x9a);
const BASELINE = 'C: append and fdatasync of as many octets';

/** How many admissions a second are durable, one after another, each with its ticket's state and the checkpoints that are due. */
export const journal: Bench = {
  target: {
    text: `${WANTED_PER_SECOND} admissions/s or more`,
    met: ({ ours }) => ours.p50 >= WANTED_PER_SECOND,
  },
  async measure(context) {
    const { store, appending, admitNext } = open(context);
    const { ours, baseline } = await alternate(
      ROUNDS,
      () =>
        elapsedMs(async () => {
          for (let i = 0; i < ADMISSIONS; i++) admitNext();
          await checkpointIfDue(store);
        }),
      async () => Number((await appending.round(ADMISSIONS))[0]),
    );
    const perSecond = (ms: number) => (ADMISSIONS * 1000) / ms;
    return resultOf({
      bench: 'journal',
      unit: 'admissions/s',
      better: 'higher',
      ours: ours.map(perSecond),
      baselineName: BASELINE,
      baseline: baseline.map(perSecond),
    });
  },
};

/** How long one tap waits until its admission is durable. */
export const journalLatency: Bench = {
  target: { text: `p99 ${WANTED_P99_MS} ms or less`, met: ({ ours }) => ours.p99 <= WANTED_P99_MS },
  async measure(context) {
    const { appending, admitNext } = open(context);
    const { ours, baseline } = await alternate(
      SINGLE,
      () => elapsedMs(admitNext),
      async () => Number((await appending.round(1))[0]),
    );
    return resultOf({
      bench: 'journal-latency',
      unit: 'ms',
      better: 'lower',
      ours,
      baselineName: BASELINE,
      baseline,
    });
  },
};

/** A journal, and the baseline with as many octets an entry. */
function open({ directory, defer }: BenchContext) {
  const store = Journal.open(join(directory, 'journal'), GATE_ID);
  defer(() => store.close());
  let count = 0;
  const admitNext = () => admitOne(store, count++);
  const octets = admitNext();
  const appending = Baseline.start('append', [join(directory, 'append'), String(octets)]);
  defer(() => appending.close());
  return { store, appending, admitNext };
}

const { privateKey: DEVICE } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** As `Checkpoints` makes them; the module signs off the path of a tap, so a key in memory stands for it. */
async function checkpointIfDue(store: Journal): Promise<void> {
  if (store.sequence - store.lastCheckpoint < EVERY_ENTRIES) return;
  const how = { key: DEVICE, dsaEncoding: 'ieee-p1363' } as const;
  await store.checkpoint(1_797_000_000_000, async (message) => sign('sha256', message, how));
}

/** One admission of a ticket that has not been seen; gives the octets of its entry. */
function admitOne(store: Journal, n: number): number {
  const at = 1_797_000_000_000 + n;
  const ticketNo = `T-${String(n).padStart(6, '0')}-1`;
  const conversionValue = new Uint8Array(16);
  new DataView(conversionValue.buffer).setUint32(0, Math.imul(n, 0x9e37_79b1));
  const after = admit(NEW_TICKET, { sequence: store.sequence + 1, at });
  const { encoded } = store.append(
    {
      kind: 'decision',
      outcome: 'admitted',
      at,
      monotonicMs: n,
      list: { version: 1, fingerprint: 'K7F2QD' },
      conversionValue,
      tickets: [{ ticketNo, entry: 1 }],
      code: 'A7K2',
      steps: {
        connect: 300,
        identify: 900,
        authenticate: 4200,
        read: 500,
        prove: 2600,
        decide: 90,
      },
    },
    [{ eventId: EVENT_ID, ticketNo, before: undefined, after }],
  );
  return encoded.length;
}
