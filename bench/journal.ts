import { join } from 'node:path';
import { admit, NEW_TICKET } from '@pinless-gate/gate-firmware/admission/state';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { Baseline } from './baseline.ts';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';

const ROUNDS = 40;
const ADMISSIONS = 50;
const EVENT_ID = new Uint8Array(16).fill(0xe1);
const GATE_ID = new Uint8Array(16).fill(0x9a);

/** How many admissions a second are durable, one after another, each with its ticket's state. */
export const journal: Bench = {
  target: { text: '500 admissions/s or more', met: ({ ours }) => ours.p50 >= 500 },
  async measure({ directory, defer }) {
    const store = Journal.open(join(directory, 'journal'), GATE_ID);
    defer(() => store.close());
    let count = 0;
    const octets = admitOne(store, count++);
    const file = join(directory, 'append');
    const appending = Baseline.start('append', [file, String(octets)]);
    defer(() => appending.close());
    const { ours, baseline } = await alternate(
      ROUNDS,
      () =>
        elapsedMs(() => {
          for (let i = 0; i < ADMISSIONS; i++) admitOne(store, count++);
        }),
      async () => Number((await appending.round(ADMISSIONS))[0]),
    );
    const perSecond = (ms: number) => (ADMISSIONS * 1000) / ms;
    return resultOf({
      bench: 'journal',
      unit: 'admissions/s',
      better: 'higher',
      ours: ours.map(perSecond),
      baselineName: 'C: append and fdatasync of as many octets',
      baseline: baseline.map(perSecond),
    });
  },
};

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
