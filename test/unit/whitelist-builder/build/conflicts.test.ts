import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, Findings } from '@pinless-gate/whitelist-builder/build/findings';
import { describe, expect, test } from 'vitest';
import {
  feedOf,
  holderCertificate,
  issuerOf,
  newCa,
  purchase,
  rsaKey,
  serialOf,
  type Workshop,
  workshop,
} from '../fixture.ts';

const ca = await newCa();
const issuer = issuerOf(ca);

interface Outcome {
  readonly findings: Finding[];
  /** Ticket numbers that each card opens, by the number that `purchase` was given. */
  readonly tickets: (number: number) => Promise<string[] | undefined>;
  readonly shop: Workshop;
}

/** Builds one file, or a directory of daily files. */
async function build(
  feed: string | Readonly<Record<string, string>>,
  allowRejects = 0,
): Promise<Outcome> {
  const shop = await workshop(issuer);
  const findings: Finding[] = [];
  const report = async (_: unknown, found: Findings) => {
    for await (const line of found.lines()) findings.push(JSON.parse(line));
  };
  const changes = { allowRejects, report, feed: shop.job.feed };
  if (typeof feed !== 'string') {
    changes.feed = join(shop.directory, 'daily');
    await mkdir(changes.feed);
    for (const [name, content] of Object.entries(feed)) {
      await writeFile(join(changes.feed, name), content);
    }
  }
  const built = await shop.build(typeof feed === 'string' ? feed : '', changes);
  const tickets = async (number: number) => {
    const record = await shop.record(built, serialOf(number));
    return record?.tickets.map(({ ticketNo }) => ticketNo);
  };
  return { findings, tickets, shop };
}

const ticketsOf = (...numbers: string[]) =>
  numbers.map((ticketNo) => ({ ticketNo, seat: { gate: 'A' } }));
const [monday, tuesday, wednesday] = ['1.ndjson', '2.ndjson', '3.ndjson'];

describe('one file', () => {
  test('the same row again: listed once', async () => {
    const { findings, tickets } = await build(feedOf(purchase(1), purchase(2), purchase(1)));
    expect(findings).toEqual([{ kind: 'repeated', line: 3, by: { line: 1 } }]);
    expect(await tickets(1)).toEqual(['T-1-1']);
  });

  test('a purchase id twice with different content: the later row is bad', async () => {
    const { findings, tickets } = await build(
      feedOf(purchase(1), purchase(2, { purchaseId: 'P-1' })),
      1,
    );
    expect(findings).toEqual([
      { kind: 'rejected', line: 2, field: 'purchaseId', reason: 'used before, in line 1' },
    ]);
    expect([await tickets(1), await tickets(2)]).toEqual([['T-1-1'], undefined]);
  });

  test('a ticket of two purchases: the later row is bad', async () => {
    const { findings, tickets } = await build(
      feedOf(purchase(1), purchase(2, { tickets: ticketsOf('T-1-1') })),
      1,
    );
    expect(findings).toMatchObject([{ kind: 'rejected', line: 2, field: 'tickets[0].ticketNo' }]);
    expect([await tickets(1), await tickets(2)]).toEqual([['T-1-1'], undefined]);
  });

  test('a ticket of the holder and of a companion: it is the companion’s', async () => {
    const companions = [{ ticketNo: 'T-1-2', holder: purchase(2).holder }];
    const row = purchase(1, { tickets: ticketsOf('T-1-1', 'T-1-2'), companions });
    const { findings, tickets } = await build(feedOf(row));
    expect(findings).toEqual([]);
    expect([await tickets(1), await tickets(2)]).toEqual([['T-1-1'], ['T-1-2']]);
  });

  test('a ticket of two companions: the row is bad', async () => {
    const companions = [2, 3].map((n) => ({ ticketNo: 'T-1-2', holder: purchase(n).holder }));
    const { findings, tickets } = await build(feedOf(purchase(1, { companions }), purchase(4)), 1);
    expect(findings).toMatchObject([{ kind: 'rejected', field: 'companions[1].ticketNo' }]);
    expect(await tickets(2)).toBeUndefined();
  });

  test('a card of two purchases: one record, both tickets', async () => {
    const { holder } = purchase(1);
    const { findings, tickets } = await build(feedOf(purchase(1), purchase(2, { holder })));
    expect(findings).toEqual([{ kind: 'merged', line: 2, by: { line: 1 } }]);
    expect(await tickets(1)).toEqual(['T-1-1', 'T-2-1']);
  });

  test('a card of more than 50 tickets in one purchase: the row is bad', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => `T-${i}`);
    const companions = [{ ticketNo: 'T-50', holder: purchase(1).holder }];
    const { findings, tickets } = await build(
      feedOf(purchase(1, { tickets: ticketsOf(...numbers), companions }), purchase(2)),
      1,
    );
    expect(findings).toMatchObject([
      { kind: 'rejected', line: 1, reason: 'a card opens more than 50 tickets' },
    ]);
    expect([await tickets(1), await tickets(2)]).toEqual([undefined, ['T-2-1']]);
  });

  test('a certificate with two keys, by two holders of one purchase: the row is bad', async () => {
    const [holder, other] = await Promise.all(
      [rsaKey(), rsaKey()].map(async ({ spki }) => {
        return { certificate: await holderCertificate(ca, { spki }) };
      }),
    );
    const companions = [{ ticketNo: 'T-1-2', holder: other }];
    const { findings } = await build(feedOf(purchase(1, { holder, companions }), purchase(2)), 1);
    expect(findings).toMatchObject([
      { kind: 'rejected', line: 1, field: 'companions[0].holder.certificate' },
    ]);
  });

  test('pending and cancelled purchases: not listed', async () => {
    const { findings, tickets } = await build(
      feedOf(
        purchase(1, { status: 'pending' }),
        purchase(2, { status: 'cancelled' }),
        purchase(3, { tickets: ticketsOf('T-1-1') }),
      ),
    );
    expect(findings).toEqual([
      { kind: 'pending', line: 1 },
      { kind: 'cancelled', line: 2 },
    ]);
    expect([await tickets(1), await tickets(3)]).toEqual([undefined, ['T-1-1']]);
  });
});

describe('daily files: the later one holds', () => {
  test('a cancellation', async () => {
    const { findings, tickets } = await build({
      [monday]: feedOf(purchase(1), purchase(2)),
      [tuesday]: feedOf(purchase(1, { status: 'cancelled' })),
    });
    expect(findings).toEqual([
      {
        kind: 'replaced',
        file: monday,
        line: 1,
        by: { file: tuesday, line: 1 },
      },
      { kind: 'cancelled', file: tuesday, line: 1 },
    ]);
    expect([await tickets(1), await tickets(2)]).toEqual([undefined, ['T-2-1']]);
  });

  test('a re-issue: the same ticket on a new card', async () => {
    const { holder } = purchase(9);
    const { tickets } = await build({
      [monday]: feedOf(purchase(1)),
      [tuesday]: feedOf(purchase(1, { holder })),
    });
    expect([await tickets(1), await tickets(9)]).toEqual([undefined, ['T-1-1']]);
  });

  test('a ticket of a cancelled purchase is free, and may be sold again', async () => {
    const { tickets } = await build({
      [monday]: feedOf(purchase(1)),
      [tuesday]: feedOf(
        purchase(2, { tickets: ticketsOf('T-1-1') }),
        purchase(1, { status: 'cancelled' }),
      ),
    });
    expect([await tickets(1), await tickets(2)]).toEqual([undefined, ['T-1-1']]);
  });

  test('a ticket sold again that is not cancelled: the later row is bad', async () => {
    const { findings, tickets } = await build(
      {
        [monday]: feedOf(purchase(1)),
        [tuesday]: feedOf(purchase(2, { tickets: ticketsOf('T-1-1') })),
      },
      1,
    );
    const reason = `used before, in ${monday}:1`;
    expect(findings).toMatchObject([{ kind: 'rejected', file: tuesday, line: 1, reason }]);
    expect(await tickets(1)).toEqual(['T-1-1']);
  });

  test('cancelled, then paid again; and a full copy every day', async () => {
    const { findings, tickets, shop } = await build({
      [monday]: feedOf(purchase(1), purchase(2)),
      [tuesday]: feedOf(purchase(1, { status: 'cancelled' }), purchase(2)),
      [wednesday]: feedOf(purchase(1, { language: 'en' }), purchase(2)),
    });
    expect(findings.map(({ kind, file, line }) => `${kind} ${file}:${line}`).sort()).toEqual([
      'repeated 2.ndjson:2',
      'repeated 3.ndjson:2',
      'replaced 1.ndjson:1',
      'replaced 2.ndjson:1',
    ]);
    expect([await tickets(1), await tickets(2)]).toEqual([['T-1-1'], ['T-2-1']]);
    expect(await readFile(join(shop.out, 'latest'), 'latin1')).toContain('pinless-gate/latest');
  });

  test('a bad row replaces nothing', async () => {
    const { findings, tickets, shop } = await build(
      {
        [monday]: feedOf(purchase(1)),
        [tuesday]: feedOf(purchase(1, { status: 'sold' })),
      },
      1,
    );
    expect(findings).toMatchObject([{ kind: 'rejected', file: tuesday, field: 'status' }]);
    expect(await tickets(1)).toEqual(['T-1-1']);
    expect(JSON.parse(await readFile(shop.rejects, 'utf8'))).toMatchObject({
      file: tuesday,
      line: 1,
      field: 'status',
    });
  });

  test('the same purchase twice in the later file: its second row is bad', async () => {
    const { findings, tickets } = await build(
      {
        [monday]: feedOf(purchase(1)),
        [tuesday]: feedOf(
          purchase(1, { tickets: ticketsOf('T-A') }),
          purchase(1, { tickets: ticketsOf('T-B') }),
        ),
      },
      1,
    );
    expect(findings.map(({ kind, line }) => [kind, line])).toEqual([
      ['replaced', 1],
      ['rejected', 2],
    ]);
    expect(await tickets(1)).toEqual(['T-A']);
  });

  test('a card whose other purchase was replaced opens what is left', async () => {
    const { holder } = purchase(1);
    const { findings, tickets } = await build({
      [monday]: feedOf(purchase(1), purchase(2, { holder })),
      [tuesday]: feedOf(purchase(1, { status: 'pending' })),
    });
    expect(findings.map(({ kind }) => kind)).toEqual(['replaced', 'pending']);
    expect(await tickets(1)).toEqual(['T-2-1']);
  });
});
