import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex } from '@pinless-gate/protocol/bytes';
import { rulesOf } from '@pinless-gate/whitelist-builder/event-rules';
import { feedHolders } from '@pinless-gate/whitelist-builder/validity/feed-holders';
import { Renewals, withRenewals } from '@pinless-gate/whitelist-builder/validity/renewal';
import { cannotEnter } from '@pinless-gate/whitelist-builder/validity/report';
import type { Revocation } from '@pinless-gate/whitelist-builder/validity/revocation';
import { type Known, watchFeed } from '@pinless-gate/whitelist-builder/validity/watch';
import { describe, expect, test, vi } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  ADMISSION,
  eventWith,
  feedOf,
  holderCertificate,
  issuerOf,
  NOW,
  newCa,
  newDirectory,
  purchase,
  serialOf,
} from '../fixture.ts';

const ca = await newCa();
const issuer = issuerOf(ca);
const GOOD: Revocation = { of: () => ({ status: 'good', checkedAt: NOW }) };

/** A directory of these files, or the one file. */
async function feedAt(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(await newDirectory(), 'daily');
  await mkdir(directory);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content);
  }
  return directory;
}

async function told(files: Readonly<Record<string, string>>, revocation: Revocation = GOOD) {
  const path = await feedAt(files);
  const lines: string[] = [];
  let unread = 0;
  for await (const one of feedHolders(path, rulesOf(eventWith([issuer]), NOW), () => unread++)) {
    const { file, line } = one.place;
    const reason = cannotEnter(one, revocation, false) ?? 'can enter';
    lines.push(`${one.purchase.purchaseId} ${file}:${line} ${one.field} ${reason}`);
  }
  return { lines, unread };
}

const HEADER =
  'purchaseId,status,holder.serial,holder.issuer,enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate';
const csvOf = (...numbers: number[]) =>
  [
    HEADER,
    ...numbers.map((n) => {
      return `P-${n},paid,${serialOf(n)},jpki-auth,E-${n},pin,2026-11-01T09:00:00+09:00,T-${n}-1,A`;
    }),
  ].join('\n');

describe('who is asked about', () => {
  test('of daily files, what holds now: not what was cancelled, issued again or is there twice', async () => {
    const { lines, unread } = await told({
      '1.csv': csvOf(1, 2, 3),
      '2.ndjson': feedOf(
        purchase(1, { status: 'cancelled' }),
        purchase(2, { holder: purchase(12).holder }),
        purchase(4),
        purchase(4),
      ),
    });
    expect(lines).toEqual([
      'P-3 1.csv:4 holder can enter',
      'P-2 2.ndjson:2 holder can enter',
      'P-4 2.ndjson:3 holder can enter',
    ]);
    expect(unread).toBe(0);
  });

  test('rows that a build turns away are counted, once each', async () => {
    const { lines, unread } = await told({
      '1.ndjson': feedOf(
        purchase(1),
        purchase(2, { tickets: purchase(1).tickets }),
        purchase(3, { purchaseId: 'P-1' }),
        purchase(4, { tickets: [{ ticketNo: 'T', seat: { gate: 'none' } }] }),
        'x',
      ),
    });
    expect(lines).toEqual(['P-1 1.ndjson:1 holder can enter']);
    expect(unread).toBe(4);
  });

  test('a bad issue replaces nothing, and is told', async () => {
    const stranger = { certificate: await holderCertificate(await newCa()) };
    const companions = [{ ticketNo: 'T-1-2', holder: purchase(5).holder }];
    const { lines } = await told({
      '1.ndjson': feedOf(purchase(1)),
      '2.ndjson': feedOf(purchase(1, { holder: stranger, companions })),
    });
    expect(lines).toEqual([
      'P-1 1.ndjson:1 holder can enter',
      'P-1 2.ndjson:1 holder certificate-refused',
      'P-1 2.ndjson:1 companions[0].holder purchase-refused',
    ]);
  });

  test('not a holder whose tickets companions took over', async () => {
    const companions = [{ ticketNo: 'T-1-1', holder: purchase(2).holder }];
    const { lines } = await told({ '1.ndjson': feedOf(purchase(1, { companions })) });
    expect(lines).toEqual(['P-1 1.ndjson:1 companions[0].holder can enter']);
  });

  test('when a certificate ends counts by the tickets of its card', async () => {
    const certificate = await holderCertificate(ca, { until: ADMISSION.from - NOW - 60 });
    const from = new Date((ADMISSION.from - 3600) * 1000).toISOString();
    const until = new Date(ADMISSION.until * 1000).toISOString();
    const early = [{ ticketNo: 'T-E', seat: { gate: 'A' }, admission: { from, until } }];
    const { lines } = await told({
      '1.ndjson': feedOf(
        purchase(1, { holder: { certificate } }),
        purchase(2, { holder: { certificate }, tickets: early }),
      ),
    });
    expect(lines.map((line) => line.split(' ').slice(3).join(' '))).toEqual([
      'expires-before-admission',
      'can enter',
    ]);
  });

  test('nothing stays behind', async () => {
    const scratch = await newDirectory();
    vi.stubEnv('TMPDIR', scratch);
    const feed = told({ '1.csv': csvOf(1) });
    await feed.finally(() => vi.unstubAllEnvs());
    expect((await readdir(scratch)).filter((name) => name.startsWith('feed-'))).toEqual([]);
  });
});

describe('watchFeed, from one time to the next', () => {
  async function watching(feed: string) {
    const keys = new FakeKeyStore();
    await keys.generate('event', 'event');
    const path = await feedAt({ '1.ndjson': feed });
    let known: Known = new Map();
    return async (source: Revocation, steps: Record<string, string | undefined> = {}) => {
      const links = Object.entries(steps).map(([old, next]) => ({
        old,
        next,
        certificate: undefined,
      }));
      const renewals = new Renewals({ issuer: issuer.name, issuedAt: NOW, steps: links });
      const issuers = [{ ...issuer, renewals }];
      const holders = feedHolders(path, rulesOf(eventWith(issuers), NOW));
      const all = withRenewals(source, issuers)!;
      const watched = await watchFeed(holders, all, new Converter(keys, 'event'), known);
      known = watched.known;
      return watched.changes.map(({ purchaseId, kind }) => `${purchaseId} ${kind}`);
    };
  }
  const saying = (answer: ReturnType<Revocation['of']>): Revocation => ({
    of: ({ serial }) => (toHex(serial) === serialOf(1) ? answer : GOOD.of({ issuer, serial })),
  });

  test('a suspension is told, once; its end is forgotten; its return is told again', async () => {
    const watch = await watching(feedOf(purchase(1), purchase(2)));
    const held = saying({ status: 'revoked', reason: 'on-hold' });
    expect(await watch(held)).toEqual(['P-1 revoked']);
    expect(await watch(held)).toEqual([]);
    expect(await watch(GOOD)).toEqual([]);
    expect(await watch(held)).toEqual(['P-1 revoked']);
    expect(await watch(saying({ status: 'unknown' }))).toEqual([]);
    expect(await watch(held)).toEqual([]);
  });

  test('each renewal is told once, also the second and one without a number', async () => {
    const watch = await watching(feedOf(purchase(1), purchase(2)));
    expect(await watch(GOOD, { [serialOf(1)]: '71' })).toEqual(['P-1 renewed']);
    expect(await watch(GOOD, { [serialOf(1)]: '71' })).toEqual([]);
    const twice = { [serialOf(1)]: '71', '71': '72' };
    expect(await watch(GOOD, twice)).toEqual(['P-1 renewed']);
    expect(await watch(GOOD, twice)).toEqual([]);
    expect(await watch(GOOD, { ...twice, '72': undefined })).toEqual(['P-1 renewed']);
    expect(await watch(GOOD, { ...twice, '72': undefined })).toEqual([]);
  });

  test('a renewed certificate that is revoked', async () => {
    const watch = await watching(feedOf(purchase(1)));
    const link = { [serialOf(1)]: '71' };
    expect(await watch(GOOD, link)).toEqual(['P-1 renewed']);
    const revoked: Revocation = {
      of: ({ serial }) => ({ status: toHex(serial) === '71' ? 'revoked' : 'good' }),
    };
    expect(await watch(revoked, link)).toEqual(['P-1 revoked']);
    expect(await watch(GOOD, link)).toEqual(['P-1 renewed']);
  });
});
