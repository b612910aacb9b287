import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killGates } from '@pinless-gate/test/kill/campaign';
import { compareLedgers, openingsOf } from '@pinless-gate/test/kill/ledger';
import { makeVenue } from '@pinless-gate/test/kill/venue';
import { expect, onTestFinished, test } from 'vitest';

// A slice of `npm run kill`.

const RUNS = join(import.meta.dirname, '../../.run/kill');

test('killed under taps, a gate loses nothing that it opened for and counts nothing twice', async () => {
  mkdirSync(RUNS, { recursive: true });
  const root = mkdtempSync(join(RUNS, 'test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const venue = await makeVenue(root);
  const seed = Date.now() % 2 ** 31;
  const report = await killGates(venue, { cycles: 20, seed, progress: () => undefined });
  expect(report).toMatchObject({ cycles: 20, lost: 0, doubled: 0 });
  // What nobody journalled would be seen.
  appendFileSync(openingsOf(venue), '9a9a9a9a-1\n');
  expect(await compareLedgers(venue)).toMatchObject({ lost: 1, opened: report.opened + 1 });
}, 120_000);
