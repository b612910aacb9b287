import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killApplies } from '@pinless-gate/test/lists/killed-apply';
import { killPublications } from '@pinless-gate/test/lists/killed-publish';
import { killReaders } from '@pinless-gate/test/lists/killed-readers';
import { swapWhileLooking } from '@pinless-gate/test/lists/swaps';
import { expect, onTestFinished, test } from 'vitest';

// A slice of `npm run lists`.

function root(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lists-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('killed while it applies lists, a gate starts with the old one or the new one', async () => {
  const report = await killApplies(root(), { times: 8, seed: Date.now() % 2 ** 31 });
  expect(report.kills).toBe(8);
  expect(report.applied).toBeGreaterThan(0);
}, 60_000);

test('killed while it publishes, the old list is served or the new one', async () => {
  const report = await killPublications(root(), { times: 6, seed: Date.now() % 2 ** 31 });
  expect(report.kills).toBe(6);
}, 60_000);

test('a tap sees one whole list, however often they are swapped', async () => {
  const report = await swapWhileLooking(root(), { swaps: 50, lookups: 100_000 });
  expect(report).toMatchObject({ swaps: 50 });
  expect(report.overtaken).toBeGreaterThan(0);
}, 60_000);

test('readers that were killed keep nobody from reading, nor from the next list', async () => {
  expect(await killReaders(root(), { times: 4 })).toEqual({ killed: 4 });
}, 60_000);
