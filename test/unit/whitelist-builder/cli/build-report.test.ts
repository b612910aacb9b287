import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeReport } from '@pinless-gate/whitelist-builder/cli/build-report';
import { describe, expect, test } from 'vitest';
import { feedOf, issuerOf, newCa, purchase, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());

/** The report of a directory of two daily files. */
async function reportOf(name: string) {
  const shop = await workshop(issuer);
  const feed = join(shop.directory, 'daily');
  await mkdir(feed);
  await writeFile(join(feed, '1.ndjson'), feedOf(purchase(1), purchase(2), { name: 'Yamada' }));
  await writeFile(
    join(feed, '2.ndjson'),
    feedOf(purchase(1, { status: 'cancelled' }), purchase(3, { holder: purchase(2).holder })),
  );
  const path = join(shop.directory, name);
  await shop.build('', {
    feed,
    allowRejects: 1,
    report: (built, findings) => writeReport(path, built, findings),
  });
  expect((await readdir(shop.directory)).filter((one) => one.startsWith('.'))).toEqual([]);
  return readFile(path, 'utf8');
}

describe('the report of a build', () => {
  test('as JSON', async () => {
    const report = JSON.parse(await reportOf('report.json'));
    expect(report).toMatchObject({
      format: 'pinless-gate/build-report/1',
      version: 1,
      entries: 1,
      counts: { rejected: 1, replaced: 1, merged: 1, cancelled: 1, repeated: 0, pending: 0 },
    });
    expect(report.findings).toHaveLength(4);
    expect(report.findings).toContainEqual({
      kind: 'merged',
      file: '2.ndjson',
      line: 2,
      by: { file: '1.ndjson', line: 2 },
    });
  });

  test('for reading', async () => {
    const report = await reportOf('report.txt');
    expect(report).toMatch(/^version 1: 1 entries of 5 rows\n/);
    expect(report).toMatch(/\n1 bad lines, not listed:\n {2}1\.ndjson:3 {2}\S+: .+\n/);
    expect(report).toContain('\n1 replaced by a later file:\n  1.ndjson:1  see 2.ndjson:1\n');
    expect(report).not.toContain('pending');
    expect(report).not.toContain('Yamada');
  });
});
