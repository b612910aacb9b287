import { createPublicKey } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { program } from '@pinless-gate/whitelist-builder/cli/program';
import { beforeEach, describe, expect, test } from 'vitest';
import { issuerOf, line, newCa, purchase, type Workshop, workshop } from '../fixture.ts';

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

let shop: Workshop;
let publisher: string;
let fingerprint: string;

beforeEach(async () => {
  shop = await workshop(issuer);
  await shop.build(line(purchase(1)) + line(purchase(2)));
  publisher = join(shop.directory, 'publisher.pem');
  await writeFile(publisher, await pemOf('publisher'));
  fingerprint = JSON.parse((await run('passport', shop.out, '--json')).out[0]!).fingerprint;
});

async function pemOf(label: string) {
  const key = Buffer.from(await shop.keys.publicKey(label));
  return createPublicKey({ key, format: 'der', type: 'spki' }).export({
    format: 'pem',
    type: 'spki',
  });
}

describe('whitelist verify', () => {
  test('by a public key', async () => {
    const { code, out } = await run('verify', shop.out, '--publisher', publisher);
    expect(code).toBe(0);
    expect(out).toEqual([
      expect.stringContaining(`${fingerprint.slice(0, 3)}-${fingerprint.slice(3)}`),
    ]);
  });

  test('--json is one object', async () => {
    const { out } = await run('verify', shop.out, '--publisher', publisher, '--json');
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0]!)).toMatchObject({
      verified: true,
      version: 1,
      entries: 2,
      fingerprint,
    });
  });

  test('two keys, one of which signed', async () => {
    await shop.keys.generate('vendor', 'publisher');
    const vendor = join(shop.directory, 'vendor.pem');
    await writeFile(vendor, await pemOf('vendor'));
    const both = ['verify', shop.out, '--publisher', publisher, '--publisher', vendor];
    expect(await run(...both)).toMatchObject({
      code: 1,
      err: [expect.stringContaining('[ERR_BUNDLE_SIGNATURE]')],
    });
    expect((await run(...both, '--threshold', '1')).code).toBe(0);
    expect((await run(...both, '--threshold', '3')).code).toBe(2);
  });

  test('a file that is not a key', async () => {
    const { code, err } = await run('verify', shop.out, '--publisher', shop.job.feed);
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringContaining('[ERR_PUBLISHER_KEY]')]);
  });

  test('a bundle with a bucket missing: one line', async () => {
    const { manifest } = await shop.build(line(purchase(1)));
    await rm(join(shop.out, Buffer.from(manifest.buckets[0]!).toString('hex')));
    const { code, err } = await run('verify', shop.out, '--publisher', publisher);
    expect(code).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(/^whitelist verify: .* \[ERR_BUNDLE_BUCKET_MISSING\]$/),
    ]);
  });
});

describe('whitelist passport and inspect', () => {
  test('a line to read aloud', async () => {
    const { out } = await run('passport', shop.out);
    expect(out).toEqual([
      expect.stringMatching(
        /^冬の音楽祭 2026, version 1, 2 entries, issued 2026-11-20T12:00:00Z, \w{3}-\w{3}$/,
      ),
    ]);
  });

  test('with the rules, where they are wanted', async () => {
    const { out } = await run('passport', shop.out, '--rules');
    expect(out.slice(1, 3)).toEqual([
      'Gates are A and B.',
      'Up to 10 minutes too early or too late is still in time.',
    ]);
    const { out: json } = await run('passport', shop.out, '--rules', '--language', 'ja', '--json');
    expect(JSON.parse(json[0]!).rules[0]).toBe('ゲートはA、Bです。');
  });

  test('the manifest, as text and as JSON', async () => {
    const { code, out } = await run('inspect', shop.out);
    expect(code).toBe(0);
    expect(out.join('\n')).toMatch(/^rule +Gates are A and B\.$/m);
    const { out: japanese } = await run('inspect', shop.out, '--language', 'ja');
    expect(japanese.join('\n')).toMatch(/^rule +ゲートはA、Bです。$/m);
    expect((await run('inspect', shop.out, '--language', 'fr')).code).toBe(2);
    const { out: json } = await run('inspect', shop.out, '--json');
    expect(JSON.parse(json[0]!)).toMatchObject({
      entries: 2,
      fingerprint,
      policy: { toleranceS: 600 },
      buckets: { bits: 0, count: 1, missing: 0, total: 2 * (18 + 29 + 256) },
    });
  });

  test('a missing bucket is counted', async () => {
    const { manifest } = await shop.build(line(purchase(1)));
    await rm(join(shop.out, Buffer.from(manifest.buckets[0]!).toString('hex')));
    const { code, out } = await run('inspect', shop.out, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out[0]!).buckets).toMatchObject({ count: 1, missing: 1, total: 0 });
  });

  test.each(['passport', 'inspect'])('%s of a directory without a bundle', async (command) => {
    const { code, err } = await run(command, shop.directory);
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringContaining('[ERR_BUNDLE_LATEST_MISSING]')]);
  });
});

describe('whitelist serve', () => {
  test('says where, and ends with the signal', async () => {
    const { code, out } = await run('serve', '--dir', shop.out, '--port', '0');
    expect(code).toBe(0);
    expect(out).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/)]);
  });

  test('a directory without a bundle', async () => {
    expect((await run('serve', '--dir', shop.directory, '--port', '0')).code).toBe(1);
  });
});

describe('wrong usage', () => {
  test.each([
    [],
    ['buidl'],
    ['build'],
    ['build', '--feed', 'f', '--event', 'e'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--allow-rejects', '-1'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--allow-rejects', '1e3'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--version', '0'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--rejects', './f'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--report', 'r', '--report', 'e'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--tickets', 'f'],
    ['check', '--feed', 'f', '--event', 'e', '--report', './f'],
    ['watch', '--feed', 'f', '--event', 'e', '--since', 'f', '--out', 'o'],
    ['watch', '--feed', 'f', '--event', 'e', '--since', 's', '--out', 'e'],
    ['build', '--feed', 'f', '--event', 'e', '--out', 'o', '--pin', '1234'],
    ['verify'],
    ['verify', 'a'],
    ['verify', 'a', 'b', '--event', 'e'],
    ['verify', 'a', '--event', 'e', '--publisher', 'p'],
    ['verify', 'a', '--event', 'e', '--threshold', '1'],
    ['inspect'],
    ['passport', 'a', 'b'],
    ['serve', '--dir', 'd'],
    ['serve', '--dir', 'd', '--port', '65536'],
  ])('%j %j %j %j %j %j %j %j %j', async (...argv) => {
    const { code, out } = await run(...argv.filter((word) => word !== undefined));
    expect(code).toBe(2);
    expect(out).toEqual([]);
  });

  test('the feed is not replaced by the reject file', async () => {
    const feed = shop.job.feed;
    await run('build', '--feed', feed, '--event', 'e', '--out', shop.out, '--rejects', feed);
    expect((await readFile(feed)).length).toBeGreaterThan(0);
  });
});
