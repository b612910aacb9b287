import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { describe, expect, test } from 'vitest';
import { feedOf, issuerOf, newCa, purchase, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io: Io = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: {},
    signal: AbortSignal.abort('SIGTERM'),
    interactive: false,
  };
  const code = await runProgram(program, argv, io);
  return { code, out, err };
}

const tickets = (...numbers: string[]) =>
  numbers.map((ticketNo) => ({ ticketNo, seat: { gate: 'A' } }));
const numbered = (
  from: number,
  to: number,
  changes: Record<number, Record<string, unknown>> = {},
) =>
  feedOf(
    ...Array.from({ length: to - from + 1 }, (_, i) => purchase(from + i, changes[from + i] ?? {})),
  );

/** Two versions in one directory, with the indexes of their tickets. */
async function twoVersions(before: string, after: string) {
  const shop = await workshop(issuer);
  const path = (name: string) => join(shop.directory, name);
  const cache = path('cache');
  await shop.build(before, { cache, tickets: path('before') });
  await shop.build(after, { cache, tickets: path('after') });
  return { shop, path };
}

const diffOf = async (...argv: string[]) => {
  const { code, out } = await run('diff', ...argv, '--json');
  expect(code).toBe(0);
  return JSON.parse(out[0]!);
};

describe('whitelist diff', () => {
  test('the newest list against the one before it', async () => {
    const { shop } = await twoVersions(
      numbered(1, 600),
      numbered(3, 605, { 7: { tickets: tickets('T-7-9') } }),
    );
    const diff = await diffOf(shop.out);
    expect(diff).toMatchObject({
      before: { version: 1, entries: 600 },
      after: { version: 2, entries: 603 },
      entries: { added: 5, removed: 2, changed: 1, same: 597 },
    });
    const sums = { added: 0, removed: 0, changed: 0 };
    for (const { added, removed, changed } of diff.buckets) {
      sums.added += added;
      sums.removed += removed;
      sums.changed += changed;
    }
    expect(sums).toEqual({ added: 5, removed: 2, changed: 1 });
    expect(diff.newBuckets).toBe(diff.buckets.length);
    expect(diff.tickets).toBeUndefined();
  });

  test('one list against itself', async () => {
    const { shop } = await twoVersions(numbered(1, 20), numbered(1, 20));
    expect(await diffOf(shop.out, shop.out)).toMatchObject({
      entries: { added: 0, removed: 0, changed: 0, same: 20 },
      buckets: [],
      newBuckets: 0,
      newOctets: 0,
    });
  });

  test('lists with another number of buckets', async () => {
    const { shop } = await twoVersions(numbered(1, 20), numbered(1, 900));
    expect(await diffOf(shop.out)).toMatchObject({
      entries: { added: 880, removed: 0, changed: 0, same: 20 },
    });
  });

  test('with the indexes: tickets by number', async () => {
    const companions = [{ ticketNo: 'T-9-2', holder: purchase(700).holder }];
    const { shop, path } = await twoVersions(
      numbered(1, 20),
      numbered(2, 21, {
        3: { tickets: tickets('T-3-1', 'T-3-2') },
        4: { language: 'en' },
        5: { holder: purchase(600).holder },
        9: { companions },
      }),
    );
    const indexes = ['--tickets-before', path('before'), '--tickets-after', path('after')];
    const diff = await diffOf(shop.out, ...indexes);
    const sorted = (list: string[]) => [...list].sort();
    expect(sorted(diff.tickets.added)).toEqual(['T-21-1', 'T-3-2', 'T-9-2']);
    expect(diff.tickets.removed).toEqual(['T-1-1']);
    expect(sorted(diff.tickets.changed)).toEqual(['T-3-1', 'T-4-1', 'T-5-1', 'T-9-1']);
    const { out } = await run('diff', shop.out, ...indexes);
    expect(out).toEqual(expect.arrayContaining(['tickets  1 removed: T-1-1']));
  });

  test('the index names no card', async () => {
    const { path, shop } = await twoVersions(numbered(1, 5), numbered(1, 5));
    const index = await readFile(path('after'), 'utf8');
    expect(index).toContain('T-3-1');
    expect(index).not.toMatch(/7000003|P-3|E-3/);
    expect(index).toBe(await readFile(path('before'), 'utf8'));
    expect(shop.keys.calls.macAll).toBe(1);
  });

  test.each([
    ['not JSON', 'x\n'],
    ['another form', '{"entry":"00","tickets":[]}\n'],
  ])('an index that is none: %s', async (_, content) => {
    const { shop, path } = await twoVersions(numbered(1, 2), numbered(1, 3));
    await writeFile(path('bad'), content);
    const argv = [
      'diff',
      shop.out,
      '--tickets-before',
      path('bad'),
      '--tickets-after',
      path('after'),
    ];
    expect(await run(...argv)).toMatchObject({
      code: 1,
      err: [expect.stringContaining('bad:1: not a line'), expect.anything()],
    });
  });

  test('wrong usage, and lists that cannot be compared', async () => {
    const { shop } = await twoVersions(numbered(1, 2), numbered(1, 3));
    const first = await workshop(issuer);
    await first.build(numbered(1, 2));
    expect((await run('diff')).code).toBe(2);
    expect((await run('diff', shop.out, '--tickets-after', 'x')).code).toBe(2);
    expect((await run('diff', first.out)).code).toBe(2);
    const other = await workshop(issuer);
    const event = { ...other.job.event, eventId: new Uint8Array(16) };
    await other.build(numbered(1, 2), { event });
    expect(await run('diff', shop.out, other.out)).toMatchObject({
      code: 1,
      err: [expect.stringContaining('[ERR_BUNDLE_EVENT]')],
    });
  });
});
