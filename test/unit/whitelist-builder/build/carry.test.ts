import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { contentName, decodeBucket } from '@pinless-gate/protocol/bundle';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { decodeSeatRecord, openRecord, type SeatRecord } from '@pinless-gate/protocol/record';
import { type Built, buildBundle } from '@pinless-gate/whitelist-builder/build/build';
import type { Findings } from '@pinless-gate/whitelist-builder/build/findings';
import { readBucket } from '@pinless-gate/whitelist-builder/bundle/directory';
import { summaryOf } from '@pinless-gate/whitelist-builder/cli/build-summary';
import { Renewals, withRenewals } from '@pinless-gate/whitelist-builder/validity/renewal';
import type { Revocation } from '@pinless-gate/whitelist-builder/validity/revocation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EVENT_ID,
  feedOf,
  holderCertificate,
  issuerOf,
  many,
  NOW,
  newCa,
  purchase,
  serialOf,
  type TestCa,
  type Workshop,
  workshop,
} from '../fixture.ts';

// A list that is carried on from the one before it, held against one that is put together from nothing.

/** Hundreds take a while: `CARRY_RUNS=200 npx vitest run …`. */
const RUNS = Number(process.env.CARRY_RUNS ?? 3);
/** Of some seconds' work: on a machine that is very busy, and for hundreds. */
const LONGEST_MS = 3_600_000;
/** Enough that the cache is added to, and not written anew by every build. */
const REST = 260;
const CARDS = 24;
const FILES = 2;

const ca: TestCa = await newCa();
const issuer = issuerOf(ca);
const CERTIFICATES = await Promise.all(
  [1, 2, 3].map((number) =>
    // The third ends before anybody is admitted.
    holderCertificate(ca, { serial: serialOf(number), ...(number === 3 && { until: 86_400 }) }),
  ),
);

interface Row {
  readonly id: number;
  readonly card: number;
  readonly tickets: readonly number[];
  readonly companion?: { readonly ticket: number; readonly card: number } | undefined;
  readonly status: 'paid' | 'pending' | 'cancelled';
  readonly seat: number;
}

/** Rows of each file, and who is not who they were. */
interface Day {
  readonly files: Row[][];
  readonly revoked: Set<number>;
  readonly renewed: Map<number, number>;
  readonly checkedAt: Map<number, number>;
}

const small = fc.nat({ max: CARDS - 1 });
const edit = fc.record({
  kind: fc.constantFrom(
    ...['add', 'add', 'remove', 'seat', 'again', 'cancel', 'reissue', 'clash', 'share'],
    ...['pay', 'companion', 'bad', 'move', 'revoke', 'restore', 'renew', 'check'],
  ),
  file: fc.nat({ max: FILES - 1 }),
  at: fc.nat({ max: 1000 }),
  one: small,
  other: small,
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
const days = fc.array(fc.array(edit, { minLength: 1, maxLength: 5 }), {
  minLength: 6,
  maxLength: 8,
});

function apply(day: Day, { kind, file, at, one, other }: Edit, id: number): void {
  const rows = day.files[file]!;
  const fresh: Row = { id, card: one, tickets: [id], status: 'paid', seat: 1 };
  const place = rows.length === 0 ? -1 : at % rows.length;
  const row = rows[place] ?? fresh;
  const change = (changes: Partial<Row>) => {
    if (place < 0) rows.push({ ...fresh, ...changes });
    else rows[place] = { ...row, ...changes };
  };
  const last = day.files.at(-1)!;
  const edits: Record<Edit['kind'], () => unknown> = {
    add: () => rows.splice(at % (rows.length + 1), 0, fresh),
    remove: () => rows.splice(place, 1),
    seat: () => change({ seat: row.seat + 1 }),
    again: () => rows.push(row),
    cancel: () => last.push({ ...row, status: 'cancelled' }),
    pay: () => change({ status: row.status === 'paid' ? 'pending' : 'paid' }),
    reissue: () => last.push({ ...row, card: other }),
    clash: () => rows.push({ ...fresh, tickets: [id, ...row.tickets] }),
    share: () => rows.push({ ...fresh, card: row.card }),
    companion: () => change({ companion: { ticket: row.tickets[0]!, card: other } }),
    bad: () => change({ tickets: [row.id, row.id] }),
    move: () => rows.push(...rows.splice(place, 1)),
    revoke: () => day.revoked.add(one),
    restore: () => day.revoked.delete(one) || day.renewed.delete(one),
    renew: () => one < other && day.renewed.set(one, other + CARDS),
    check: () => day.checkedAt.set(one, NOW - at),
  };
  edits[kind]!();
}

function holderOf(card: number) {
  const certificate = CERTIFICATES[card - 1];
  return certificate ? { certificate } : { serial: serialOf(card), issuer: issuer.name };
}

function textOf(rows: readonly Row[]): string {
  return feedOf(
    ...rows.map(({ id, card, tickets, companion, status, seat }) =>
      purchase(id, {
        status,
        holder: holderOf(card),
        tickets: tickets.map((number) => ({
          ticketNo: `T-${number}`,
          seat: { gate: 'A', number: `${seat}` },
        })),
        companions: companion && [
          { ticketNo: `T-${companion.ticket}`, holder: holderOf(companion.card) },
        ],
      }),
    ),
  );
}

function validityOn({ revoked, renewed, checkedAt }: Day) {
  const steps = [...renewed].map(([from, to]) => {
    return { old: serialOf(from), next: serialOf(to), certificate: undefined };
  });
  // Two of them may name one successor: then nothing of it is believed.
  const once = steps.filter((step, i) => steps.findIndex(({ next }) => next === step.next) === i);
  const renewals = new Renewals({ issuer: issuer.name, issuedAt: NOW, steps: once });
  const issuers = [{ ...issuer, renewals: once.length > 0 ? renewals : undefined }];
  const bad = new Set([...revoked].map(serialOf));
  const source: Revocation = {
    of: ({ serial }) => {
      const at = checkedAt.get(Number.parseInt(toHex(serial), 16) - 0x700_0000);
      return bad.has(toHex(serial)) ? { status: 'revoked' } : { status: 'good', checkedAt: at };
    },
  };
  const asks = revoked.size + checkedAt.size > 0 ? source : undefined;
  return { issuers, revocation: withRenewals(asks, issuers) };
}

/** All that a list says, in the clear, but for when a card was checked: in a record that is the day of sealing. */
async function contentOf({ out, keys }: Workshop, { manifest }: Built) {
  const converter = new Converter(keys, 'event');
  const numbers = [...Array(2 * CARDS).keys(), ...Array.from({ length: REST }, (_, i) => 1e4 + i)];
  const names = numbers.map((number) => ({
    issuerName: issuer.nameDer,
    serial: fromHex(serialOf(number)),
  }));
  const conversions = await converter.convertAll(names);
  const keyOf = new Map(conversions.map((one) => [toHex(one.conversionValue), one.sealKey]));
  const content: Record<string, Partial<SeatRecord>> = {};
  for (let bucket = 0; bucket < manifest.buckets.length; bucket++) {
    const octets = await readBucket(out, manifest, bucket);
    for (const { conversionValue, sealed } of decodeBucket(octets, bucket, manifest.bucketBits)) {
      const key = toHex(conversionValue);
      const record = openRecord(keyOf.get(key)!, sealed, { eventId: EVENT_ID, conversionValue });
      const { revocationCheckedAt: _, ...rest } = decodeSeatRecord(record);
      content[key] = rest;
    }
  }
  return content;
}

async function buildOn(shop: Workshop, day: Day, feed: string, cache?: string) {
  const { issuers, revocation } = validityOn(day);
  const findings: string[] = [];
  const report = async (_: unknown, found: Findings) => {
    for await (const line of found.lines()) findings.push(line);
  };
  const event = { ...shop.job.event, issuers };
  const job = { ...shop.job, feed, event, revocation, cache, report, allowRejects: 1000 };
  const built = await buildBundle(job);
  const {
    version: _,
    fingerprint: __,
    cached: ___,
    ...summary
  } = summaryOf(built) as Record<string, unknown>;
  return { built, findings: findings.sort(), summary };
}

describe('a list that is carried on', () => {
  test(
    'says what one made from nothing says, day after day',
    async () => {
      let carried = 0;
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(days, async (edits) => {
          const [warm, cold] = [await workshop(issuer), await workshop(issuer)];
          const keys = warm.keys;
          const feed = join(warm.directory, 'daily');
          await mkdir(feed);
          await writeFile(join(feed, '0.ndjson'), feedOf(...restOf()));
          const files = Array.from({ length: FILES }, () => []);
          const day: Day = { files, revoked: new Set(), renewed: new Map(), checkedAt: new Map() };
          let id = 1;
          for (const some of [[], ...edits]) {
            for (const one of some) apply(day, one, id++);
            for (const [i, rows] of day.files.entries()) {
              await writeFile(join(feed, `${i + 1}.ndjson`), textOf(rows));
            }
            const twin = { ...cold, keys, job: { ...cold.job, keys } };
            const cache = join(warm.directory, 'cache');
            const ours = await buildOn(warm, day, feed, cache);
            const theirs = await buildOn(twin, day, feed);
            carried += ours.built.gathered.carried;
            expect(ours.findings).toEqual(theirs.findings);
            expect(ours.summary).toEqual(theirs.summary);
            expect(ours.built.manifest).toMatchObject({
              revocationCheckedAt: theirs.built.manifest.revocationCheckedAt,
              entryCount: theirs.built.manifest.entryCount,
            });
            expect(await contentOf(warm, ours.built)).toEqual(await contentOf(twin, theirs.built));
          }
          runs++;
        }),
        { numRuns: RUNS },
      );
      expect(carried).toBeGreaterThan(runs * REST);
    },
    LONGEST_MS,
  );

  const shopOfTwo = async () => {
    const shop = await workshop(issuer);
    const cache = join(shop.directory, 'cache');
    const first = await shop.build(many(1200), { cache });
    const changed = many(1200).replace('"ticketNo":"T-7-1"', '"ticketNo":"T-7-X"');
    return { shop, cache, first, changed };
  };

  test('rows that stay are not looked at', async () => {
    const { shop, cache, changed } = await shopOfTwo();
    const second = await shop.build(changed, { cache });
    expect(second.gathered).toMatchObject({ cached: 1199, carried: 1199 });
  });

  test('of two clashes of a row it tells the first of the feed, as a build from nothing', async () => {
    const shop = await workshop(issuer);
    const cache = join(shop.directory, 'cache');
    const both = [1, 2].map((n) => ({ ticketNo: `T-${n}-1`, seat: { gate: 'A' } }));
    // The second row is new, and so set down before the first one, which is known.
    const changed = feedOf(
      purchase(1),
      purchase(2, { language: 'en' }),
      purchase(3, { tickets: both }),
      purchase(4),
    );
    const told: string[] = [];
    const report = async (_: unknown, found: Findings) => {
      for await (const line of found.lines()) told.push(line);
    };
    await shop.build(feedOf(purchase(1), purchase(2), purchase(4)), { cache });
    const { gathered } = await shop.build(changed, { cache, report, allowRejects: 1 });
    expect(gathered).toMatchObject({ cached: 2, carried: 1 });
    await shop.build(changed, { report, allowRejects: 1 });
    const first = { line: 3, field: 'tickets[0].ticketNo', reason: 'used before, in line 1' };
    expect(told.map((line) => JSON.parse(line))).toMatchObject([first, first]);
  });

  test.each(['gone', 'damaged'])(
    'a bucket of the last list is %s: put together anew',
    async (what) => {
      const { shop, cache, first, changed } = await shopOfTwo();
      const path = join(shop.out, contentName(first.manifest.buckets[0]!));
      if (what === 'gone') await rm(path);
      else await writeFile(path, 'x');
      const second = await shop.build(changed, { cache });
      expect(second.gathered.carried).toBe(0);
      expect(second.manifest.entryCount).toBe(1200);
      expect((await shop.record(second, serialOf(7)))?.tickets[0]?.ticketNo).toBe('T-7-X');
    },
  );

  test('another list in its place, of ours too: put together anew', async () => {
    const { shop, cache, changed } = await shopOfTwo();
    await shop.build(many(1100));
    const third = await shop.build(changed, { cache });
    expect(third.gathered).toMatchObject({ cached: 1199, carried: 0 });
    expect(third.manifest.entryCount).toBe(1200);
  });

  test('a build that failed after it kept what it learned', async () => {
    const { shop, cache, changed } = await shopOfTwo();
    await expect(shop.build(`${changed}x\n`, { cache })).rejects.toMatchObject({
      code: 'ERR_FEED_REJECTS',
    });
    const third = await shop.build(changed, { cache });
    expect(third.gathered).toMatchObject({ cached: 1200, carried: 0 });
    expect((await shop.build(changed, { cache })).gathered.carried).toBe(1200);
    expect((await readdir(shop.out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

function restOf() {
  return Array.from({ length: REST }, (_, i) => {
    const number = 1e4 + i;
    return purchase(number, { holder: { serial: serialOf(number), issuer: issuer.name } });
  });
}
