import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killGates } from '@pinless-gate/test/kill/campaign';
import { compareLedgers, openingsOf } from '@pinless-gate/test/kill/ledger';
import { makeVenue, type Venue } from '@pinless-gate/test/kill/venue';
import { soakTaps } from '@pinless-gate/test/soak/taps';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Slices of `npm run soak -- --taps` and `npm run kill`.

const RUNS = join(import.meta.dirname, '../../.run/kill');
const seed = Date.now() % 2 ** 31;
let venue: Venue;

beforeAll(async () => {
  mkdirSync(RUNS, { recursive: true });
  venue = await makeVenue(mkdtempSync(join(RUNS, 'test-')));
}, 120_000);
afterAll(() => venue && rmSync(venue.root, { recursive: true }));

test('a gate and its browser under taps lose nothing, and the page keeps nothing', async () => {
  const taps = 120;
  const { slopes, ...rest } = await soakTaps(venue, { taps, seed, progress: () => undefined });
  expect(rest).toEqual({ taps, lost: 0, doubled: 0 });
  // KiB in all.
  expect((slopes.page * taps) / 1000).toBeLessThan(512);
}, 120_000);

test('killed under taps, a gate loses nothing that it opened for and counts nothing twice', async () => {
  const report = await killGates(venue, { cycles: 20, seed, progress: () => undefined });
  expect(report).toMatchObject({ cycles: 20, lost: 0, doubled: 0 });
  // What nobody journalled would be seen.
  appendFileSync(openingsOf(venue), '9a9a9a9a-1\n');
  expect(await compareLedgers(venue)).toMatchObject({ lost: 1, opened: report.opened + 1 });
}, 120_000);
