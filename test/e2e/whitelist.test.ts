import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { resolveHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { feedDesk } from '@pinless-gate/issuer-console/purchases/export';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newVendor, signedIn } from '../unit/issuer-console/accounts.ts';
import { imported, newEvent } from '../unit/issuer-console/events.ts';
import { startConsole } from '../unit/issuer-console/fixture.ts';
import { line, newCa, purchase } from '../unit/whitelist-builder/fixture.ts';

const WHITELIST = join(import.meta.dirname, '../../whitelist-builder/bin/whitelist.js');
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '4711-0815';
const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';

let directory: string;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whitelist-e2e-'));
  await mkdir(at('tokens'));
  await writeFile(at('softhsm2.conf'), `directories.tokendir = ${at('tokens')}\n`);
  await writeFile(at('pin'), PIN, { mode: 0o600 });
  const env = { ...process.env, SOFTHSM2_CONF: at('softhsm2.conf') };
  const init = [
    '--init-token',
    '--free',
    '--label',
    'issuer',
    '--pin',
    PIN,
    '--so-pin',
    '87654321',
  ];
  execFileSync('softhsm2-util', init, { env, stdio: 'ignore' });
  const table = {
    module: MODULE,
    token_label: 'issuer',
    pin_file: 'pin',
    environment: { SOFTHSM2_CONF: './softhsm2.conf' },
  };
  const keys = await openKeyStore(resolveHsmConfig(at('event.toml'), table));
  await keys.generate(`event-${EVENT_ID}`, 'event');
  await keys.generate('publisher', 'publisher');
  await keys.close();
  await writeFile(at('ca.pem'), (await newCa()).pem);
  await writeFile(at('event.toml'), eventToml());
}, 60_000);

afterAll(() => rm(directory, { recursive: true }));

function eventToml(publisher = 'publisher') {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  return `id = "${EVENT_ID}"
name = "冬の音楽祭 2026"
place = "横浜"
starts_at = ${day(30)}
[admission]
from = ${day(29.9)}
until = ${day(30.1)}
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[keys]
publisher = "${publisher}"
[hsm]
module = "${MODULE}"
token_label = "issuer"
pin_file = "pin"
[hsm.environment]
SOFTHSM2_CONF = "./softhsm2.conf"
`;
}

async function feedOf(name: string, count: number) {
  await pipeline(
    (function* () {
      for (let i = 1; i <= count; i++) yield line(purchase(i));
    })(),
    createWriteStream(at(name)),
  );
  return at(name);
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(command: string, ...argv: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(command, argv, { encoding: 'utf8' }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

const whitelist = (...argv: string[]) => run(process.execPath, WHITELIST, ...argv);
const build = (feed: string, out: string, ...more: string[]) =>
  whitelist('build', '--feed', feed, '--event', at('event.toml'), '--out', at(out), ...more);

describe('what vendors import at the console', () => {
  test('CSV and NDJSON, exported, become a list of as many', async () => {
    const issuer = await startConsole();
    onTestFinished(() => issuer.close());
    const vendorId = await newVendor(issuer.stores, 'tickets');
    const seller = await signedIn(issuer.stores, { name: 'seller', role: 'vendor', vendorId });
    const eventId = await newEvent(issuer, vendorId, seller);
    const rows = Array.from({ length: 300 }, (_, i) => line(purchase(i + 1)));
    await imported(issuer, seller, eventId, rows.join(''));
    await imported(issuer, seller, eventId, csvOf(250, 350), 'text/csv');
    const out = at('exported.ndjson');
    const seal = async () => sealWith(new Uint8Array(32).fill(7));
    const asker = commandLine(0);
    const desk = feedDesk({ ...issuer.stores, seal, now: Date.now, asker });
    expect(await desk.exportFeed(eventId, out)).toEqual({ rows: 350 });
    const built = await build(out, 'imported', '--json');
    expect(built.code).toBe(0);
    expect(JSON.parse(built.out)).toMatchObject({ entries: 350, rejects: 0 });
  });
});

/** The fixture's purchases `from` to `to`, as a shop's CSV. */
function csvOf(from: number, to: number): string {
  const header =
    'purchaseId,status,holder.serial,holder.issuer,enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate,seat.block,seat.row,seat.number';
  const rows = Array.from({ length: to - from + 1 }, (_, i) => {
    const number = from + i;
    const serial = (0x700_0000 + number).toString(16);
    return `P-${number},paid,${serial},jpki-auth,E-${number},pin,2026-11-01T09:00:00+09:00,T-${number}-1,B,112,7,15`;
  });
  return `${[header, ...rows].join('\n')}\n`;
}

describe('whitelist build on a token', () => {
  test('1,000 purchases: built, verified, inspected, and built again', async () => {
    const feed = await feedOf('1k.ndjson', 1000);
    const first = await build(feed, 'a', '--json');
    expect(first.code).toBe(0);
    const summary = JSON.parse(first.out);
    expect(summary).toMatchObject({
      version: 1,
      entries: 1000,
      rejects: 0,
      pending: 0,
      cancelled: 0,
    });
    const verified = await whitelist('verify', at('a'), '--event', at('event.toml'), '--json');
    expect(JSON.parse(verified.out)).toMatchObject({
      verified: true,
      fingerprint: summary.fingerprint,
    });
    const again = await build(feed, 'a', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ version: 2, entries: 1000 });
    expect((await readdir(at('a'))).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 60_000);

  test('the PIN, serial numbers and conversion inputs are in no output', async () => {
    const feed = at('bad.ndjson');
    await writeFile(feed, `${line(purchase(1))}{"holder":{"serial":"0705d990"},"name":"Yamada"}\n`);
    const { code, out, err } = await build(feed, 'b');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^whitelist build: 1 of 2 lines rejected \[ERR_FEED_REJECTS\]\n {2}see .*b\.rejects\.ndjson/m,
    );
    const rejects = await readFile(at('b.rejects.ndjson'), 'utf8');
    for (const secret of [PIN, '0705d990', '7000001', 'Yamada']) {
      expect(`${out}${err}${rejects}`).not.toContain(secret);
    }
  }, 60_000);

  test('no such key: one line with a code', async () => {
    await writeFile(at('nokey.toml'), eventToml('nobody'));
    const argv = ['--feed', at('1k.ndjson'), '--event', at('nokey.toml'), '--out', at('c')];
    const { code, err } = await whitelist('build', ...argv);
    expect(code).toBe(1);
    expect(err).toMatch(/^whitelist build: .* \[ERR_HSM_KEY_MISSING\]/);
  }, 60_000);

  test('a full disk: one line, nothing left over, the bundle before still verifies', async () => {
    const small = await feedOf('small.ndjson', 100);
    const large = await feedOf('large.ndjson', 20_000);
    await mkdir(at('full'));
    // A mount of its own namespace: a real ENOSPC, gone with the shell.
    const script = `mount -t tmpfs -o size=4m tmpfs "$OUT" &&
      node "$W" build --feed "$SMALL" --event "$EVENT" --out "$OUT" --json &&
      { node "$W" build --feed "$LARGE" --event "$EVENT" --out "$OUT" 2>&1; echo "exit $?"; } &&
      ls -A "$OUT" | grep -c '^\\.' ; node "$W" verify "$OUT" --event "$EVENT" --json`;
    const env = {
      W: WHITELIST,
      OUT: at('full'),
      SMALL: small,
      LARGE: large,
      EVENT: at('event.toml'),
    };
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const { code, out } = await run('env', ...settings, 'unshare', '-m', 'sh', '-c', script);
    expect(out).toMatch(/no space left on the disk \[ENOSPC\]\nexit 1\n0\n/);
    expect(code).toBe(0);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({
      version: 1,
      entries: 100,
    });
  }, 120_000);
});

describe('whitelist build day after day', () => {
  const csvOf = (...numbers: number[]) => {
    const header = [
      'purchaseId,status,holder.serial,holder.issuer',
      'enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate',
    ];
    const rows = numbers.map((number) => {
      const { holder, enrolment } = purchase(number);
      const enrolled = Object.values(enrolment).join(',');
      return `P-${number},paid,${holder.serial},${holder.issuer},${enrolled},T-${number}-1,B`;
    });
    return `${[header.join(','), ...rows].join('\n')}\n`;
  };

  test('a CSV, then a directory of two days; diff says what changed, also in tickets', async () => {
    await mkdir(at('daily'));
    await writeFile(at('daily/2026-11-01.csv'), csvOf(1, 2, 3));
    const tickets = ['--tickets', at('before.tickets')];
    const first = await build(at('daily/2026-11-01.csv'), 'days', '--json', ...tickets);
    expect(JSON.parse(first.out)).toMatchObject({ version: 1, entries: 3, cached: 0 });
    const second = [purchase(2, { status: 'cancelled' }), purchase(4)];
    await writeFile(at('daily/2026-11-02.ndjson'), second.map(line).join(''));
    const more = ['--report', at('days.json'), '--tickets', at('after.tickets')];
    const next = await build(at('daily'), 'days', '--json', ...more);
    expect(JSON.parse(next.out)).toMatchObject({ version: 2, entries: 3, cached: 3, cancelled: 1 });
    const { findings } = JSON.parse(await readFile(at('days.json'), 'utf8'));
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'replaced',
        file: '2026-11-01.csv',
        line: 3,
        by: { file: '2026-11-02.ndjson', line: 1 },
      }),
    );
    const indexes = ['--tickets-before', at('before.tickets')];
    indexes.push('--tickets-after', at('after.tickets'));
    const diff = await whitelist('diff', at('days'), '--json', ...indexes);
    expect(diff.code).toBe(0);
    expect(JSON.parse(diff.out)).toMatchObject({
      entries: { added: 1, removed: 1, changed: 0, same: 2 },
      tickets: { added: ['T-4-1'], removed: ['T-2-1'], changed: [] },
    });
  }, 60_000);
});

describe('whitelist build, killed', () => {
  const BUCKET = /^[0-9a-f]{64}$/;
  const STAGING = /^\.build-/;

  /** The first name like this that is written in a directory. */
  async function written(directory: string, wanted: RegExp): Promise<string> {
    const watcher = watch(directory);
    try {
      const seen = (await readdir(directory)).find((name) => wanted.test(name));
      if (seen !== undefined && wanted === STAGING) return seen;
      for (;;) {
        const [, name] = await once(watcher, 'change');
        if (wanted.test(name)) return name;
      }
    } finally {
      watcher.close();
    }
  }

  const moments: [string, (staging: string) => Promise<unknown>, number][] = [
    ['as it begins', async () => {}, 0],
    ['between two buckets', async (staging) => written(staging, BUCKET), 0],
    // The last steps may be done before the signal comes: then the new list is there.
    ['as buckets move in', async () => written(at('killed'), BUCKET), 1],
  ];
  test.each(moments)(
    '%s: a whole list stays, the next build works',
    async (_, moment, steps) => {
      const feed = await feedOf('killed.ndjson', 3000);
      const before = JSON.parse((await build(feed, 'killed', '--json')).out);
      const argv = ['build', '--feed', feed, '--event', at('event.toml'), '--out', at('killed')];
      const started = written(at('killed'), STAGING);
      const child = spawn(process.execPath, [WHITELIST, ...argv, '--no-cache'], {
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await moment(join(at('killed'), await started));
      child.kill('SIGKILL');
      await ended;
      const verified = await whitelist(
        'verify',
        at('killed'),
        '--event',
        at('event.toml'),
        '--json',
      );
      expect(verified.code).toBe(0);
      const { version } = JSON.parse(verified.out);
      expect([before.version, before.version + steps]).toContain(version);
      const after = await build(feed, 'killed', '--json');
      expect(JSON.parse(after.out)).toMatchObject({ version: version + 1, entries: 3000 });
      expect((await readdir(at('killed'))).filter((name) => name.startsWith('.'))).toEqual([]);
    },
    60_000,
  );
});
