import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import type { Finding, Findings } from '@pinless-gate/whitelist-builder/build/findings';
import { rulesOf } from '@pinless-gate/whitelist-builder/event-rules';
import { feedHolders } from '@pinless-gate/whitelist-builder/validity/feed-holders';
import { DEFAULT_VALIDITY } from '@pinless-gate/whitelist-builder/validity/plan';
import { provenOnly } from '@pinless-gate/whitelist-builder/validity/proven-only';
import type { Revocation } from '@pinless-gate/whitelist-builder/validity/revocation';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  feedOf,
  issuerOf,
  NOW,
  newCa,
  purchase,
  serialOf,
  type Workshop,
  workshop,
} from '../fixture.ts';
import { answerOf, type ModelFile, type ModelRow } from './feed-model.ts';

// Feeds of hostile and clumsy vendors against a model, in every form, with and without what a build kept.

/** Thousands take a while: `FEED_RUNS=2000 npx vitest run …`. */
const RUNS = Number(process.env.FEED_RUNS ?? 20);
const UNPROVEN_FAILS = { ...DEFAULT_VALIDITY, source: 'crl', unproven: 'fail' } as const;
const CARDS = [1, 2, 3, 4];
const SENTINEL: ModelRow = {
  id: 'P-0',
  status: 'paid',
  holder: 9,
  tickets: [99],
  companions: [],
};

const card = fc.constantFrom(...CARDS);
const ticket = fc.integer({ min: 1, max: 7 });
const row: fc.Arbitrary<ModelRow> = fc.record({
  id: fc.constantFrom('P-1', 'P-2', 'P-3', 'P-4'),
  status: fc.constantFrom('paid', 'paid', 'paid', 'paid', 'pending', 'cancelled'),
  holder: card,
  tickets: fc.array(ticket, { minLength: 1, maxLength: 3 }),
  companions: fc.array(fc.record({ ticket, card }), { maxLength: 2 }),
  bad: fc.constantFrom(...Array(12).fill(undefined), 'status', 'gate', 'issuer'),
});
const file: fc.Arbitrary<ModelFile> = fc.record({
  form: fc.constantFrom('ndjson', 'csv'),
  rows: fc.array(row, { minLength: 1, maxLength: 5 }),
});
const scenario = fc.record({
  files: fc.array(file, { minLength: 1, maxLength: 3 }),
  /** Rows of earlier files that stand once more in the last. */
  again: fc.array(fc.nat(20), { maxLength: 2 }),
  revoked: fc.array(fc.subarray(CARDS), { minLength: 3, maxLength: 3 }),
});

/** What cannot be said in CSV is not said at all, so that every form means the same. */
function spoken({ files, again }: { files: ModelFile[]; again: number[] }): ModelFile[] {
  const all = files.flatMap(({ rows }) => rows);
  const repeated = again.flatMap((i) => (i < all.length ? [all[i]!] : []));
  let fillers = 0;
  return files.map(({ form, rows }, i) => {
    const whole = [...(i === 0 ? [SENTINEL] : []), ...rows];
    if (i === files.length - 1) whole.push(...repeated);
    // Rows of one purchase that stand together are one purchase in CSV.
    const apart = whole.flatMap((one, at) =>
      at > 0 && whole[at - 1]!.id === one.id
        ? [{ ...SENTINEL, id: `F-${fillers++}`, status: 'pending' as const }, one]
        : [one],
    );
    return { form, rows: apart };
  });
}

const ticketsOf = (numbers: readonly number[], gate: string) =>
  numbers.map((number) => ({ ticketNo: `T-${number}`, seat: { gate } }));
const holderOf = (number: number, issuer = 'jpki-auth') => ({ serial: serialOf(number), issuer });

function ndjsonOf(rows: readonly ModelRow[]): string {
  const lines = rows.map(({ id, status, holder, tickets, companions, bad }) =>
    purchase(0, {
      purchaseId: id,
      status: bad === 'status' ? 'sold' : status,
      holder: holderOf(holder, bad === 'issuer' ? 'nobody' : undefined),
      tickets: ticketsOf(tickets, bad === 'gate' ? 'Z' : 'A'),
      companions: companions.map((one) => ({
        ticketNo: `T-${one.ticket}`,
        holder: holderOf(one.card),
      })),
    }),
  );
  return feedOf(...lines);
}

const HEADER =
  'purchaseId,status,holder.serial,holder.issuer,enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate,companion.serial,companion.issuer';

/** A ticket that a companion takes over is the companion's, in one row. */
function csvOf(rows: readonly ModelRow[]): string {
  const lines = rows.flatMap(({ id, status, holder, tickets, companions, bad }) => {
    const gate = bad === 'gate' ? 'Z' : 'A';
    const issuer = bad === 'issuer' ? 'nobody' : 'jpki-auth';
    const common = [id, bad === 'status' ? 'sold' : status, serialOf(holder), issuer];
    const enrolment = ['E-0', 'pin', '2026-11-01T09:00:00+09:00'];
    const left = [...tickets];
    for (const one of companions) {
      const at = left.indexOf(one.ticket);
      if (at >= 0) left.splice(at, 1);
    }
    const own = left.map((number) => [`T-${number}`, gate, '', '']);
    const others = companions.map((one) => {
      return [`T-${one.ticket}`, gate, serialOf(one.card), 'jpki-auth'];
    });
    return [...own, ...others].map((cells) => [...common, ...enrolment, ...cells].join(','));
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

const contentOf = ({ form, rows }: ModelFile) => (form === 'csv' ? csvOf(rows) : ndjsonOf(rows));

const ca = await newCa();
const issuer = issuerOf(ca);

/** Who was not asked about is not proven, and nothing may be built then. */
function revocationOf(revoked: ReadonlySet<number>, asked: ReadonlySet<string>): Revocation {
  const serials = new Set([...revoked].map(serialOf));
  return provenOnly({
    of: ({ serial }) => {
      if (!asked.has(toHex(serial))) return { status: 'unknown' };
      if (serials.has(toHex(serial))) return { status: 'revoked' };
      return { status: 'good', checkedAt: NOW };
    },
  });
}

/** Builds `path` and holds everything that is said of it against the model. */
async function holdAgainstModel(
  shop: Workshop,
  path: string,
  files: readonly ModelFile[],
  revoked: ReadonlySet<number>,
  cache?: string,
): Promise<void> {
  const answer = answerOf(files, revoked);
  const findings: Finding[] = [];
  const report = async (_: unknown, found: Findings) => {
    for await (const line of found.lines()) findings.push(JSON.parse(line));
  };
  const asked = new Set<string>();
  const holders: string[] = [];
  for await (const one of feedHolders(path, rulesOf(shop.job.event, NOW))) {
    if (!one.card) continue;
    const serial = toHex(one.card.serial);
    asked.add(serial);
    holders.push(`${one.purchase.purchaseId} ${one.field} ${serial}`);
  }
  expect(holders.sort()).toEqual(
    answer.holders.map((one) => `${one.purchaseId} ${one.field} ${serialOf(one.card)}`).sort(),
  );

  const revocation = revocationOf(revoked, asked);
  const event = { ...shop.job.event, validity: UNPROVEN_FAILS };
  const job = { feed: path, cache, event, revocation, report, allowRejects: 100 };
  const built = await shop.build('', job);
  const listed = new Map<number, number[]>();
  for (const number of [...CARDS, SENTINEL.holder]) {
    const record = await shop.record(built, serialOf(number));
    if (!record) continue;
    const numbers = record.tickets.map(({ ticketNo }) => Number(ticketNo.slice(2)));
    listed.set(
      number,
      numbers.sort((a, b) => a - b),
    );
  }
  expect(listed).toEqual(new Map([...answer.listed].sort(([a], [b]) => a - b)));
  expect(built.rejects).toBe(answer.bad.length);
  const left = answer.holders.filter((one) => revoked.has(one.card));
  const said = findings.filter(({ kind }) => kind === 'left-out');
  expect(said.map((one) => `${one.purchaseId} ${one.field} ${one.reason}`).sort()).toEqual(
    left.map((one) => `${one.purchaseId} ${one.field} revoked`).sort(),
  );
}

test('what is listed, turned away, left out and asked about is the model’s answer', async () => {
  let count = 0;
  const [cold, ...warm] = await Promise.all([issuer, issuer].map(workshop));
  await fc.assert(
    fc.asyncProperty(scenario, async ({ revoked, ...feed }) => {
      const files = spoken(feed);
      const days = files.map((_, i) => new Set(revoked[i]));
      const directory = join(cold!.directory, `${count++}`);
      const cache = join(directory, 'cache');
      await mkdir(join(directory, 'daily'), { recursive: true });
      for (const form of ['ndjson', 'csv'] as const) {
        const path = join(directory, `feed.${form}`);
        const one = [{ form, rows: files[0]!.rows }];
        await writeFile(path, contentOf(one[0]!));
        await holdAgainstModel(cold!, path, one, days[0]!);
      }
      for (const [day, file] of files.entries()) {
        const path = join(directory, 'daily');
        await writeFile(join(path, `${day}.${file.form}`), contentOf(file));
        await holdAgainstModel(warm[0]!, path, files.slice(0, day + 1), days[day]!, cache);
      }
      await holdAgainstModel(cold!, join(directory, 'daily'), files, days[files.length - 1]!);
    }),
    { numRuns: RUNS },
  );
  expect(count).toBeGreaterThanOrEqual(RUNS);
}, 600_000);
