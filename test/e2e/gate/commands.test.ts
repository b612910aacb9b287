import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrinter } from '@pinless-gate/test/sandbox/printer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GateProcess, gateCommand, hsmLines, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand } from './stand.ts';

// The commands of `gate` that a person types, besides `gate run`.

const CONFIG = ['--config', 'gate.toml'];

const { venue, reader } = await stand();

/** A bundle that a test may spoil. */
async function ownBundle(): Promise<string> {
  const bundle = mkdtempSync(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rmSync(bundle, { recursive: true }));
  await cp(venue.bundle, bundle, { recursive: true });
  return bundle;
}

describe('gate list', () => {
  test('apply, apply again, show', async () => {
    const lane = await makeLane(venue);
    const none = await gateCommand(lane, 'list', 'show', ...CONFIG);
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toMatch(/^gate list show: .* \[ERR_LIST_MISSING\]\n {2}gate list apply /);
    const applied = await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
    expect(applied.out).toMatch(
      /^冬の音楽祭 2026 {2}v\d+ {2}10\d\d entries {2}issued \S+Z {2}[2-9A-Z]{3}-[2-9A-Z]{3}\n$/,
    );
    const again = await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
    expect(again).toMatchObject({ code: 0, out: '' });
    expect(again.err).toContain('in force already');
    const shown = await gateCommand(lane, 'list', 'show', ...CONFIG);
    expect(shown.out).toBe(applied.out);
    const json = JSON.parse((await gateCommand(lane, 'list', 'show', ...CONFIG, '--json')).out);
    expect(json).toMatchObject({
      entries: expect.any(Number),
      fingerprint: expect.stringMatching(/^[2-9A-Z]{6}$/),
    });
  });

  test('a spoilt bundle is refused, and the lock is let go', async () => {
    const bundle = await ownBundle();
    const lane = await makeLane(venue);
    const bucket = readdirSync(bundle).find((name) => /^[0-9a-f]{64}$/.test(name))!;
    await writeFile(join(bundle, bucket), 'x');
    const spoilt = await gateCommand(lane, 'list', 'apply', bundle, ...CONFIG);
    expect(spoilt).toMatchObject({ code: 1, out: '' });
    expect(spoilt.err).toMatch(
      /^gate list apply: (manifest|bucket \d+) differs from its hash \[ERR_BUNDLE_HASH\]\n/,
    );
    expect(existsSync(join(lane, 'journal/lock'))).toBe(false);
    expect((await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG)).code).toBe(0);
  });

  test('no HSM: one line, and the lock is let go', async () => {
    const lane = await makeLane(venue, { hsm: hsmLines(venue.kept, '/nowhere/pin') });
    const { code, err } = await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
    expect(code).toBe(1);
    expect(err).toMatch(/^gate list apply: .* \[ERR_HSM_PIN_FILE\]\n/);
    expect(existsSync(join(lane, 'journal/lock'))).toBe(false);
  });

  test('wrong usage: exit code 2, and what is wrong', async () => {
    const lane = await makeLane(venue);
    await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
    for (const [argv, message] of [
      [['list', 'apply', ...CONFIG], 'which bundle?'],
      [['list', 'show'], '--config is missing'],
      [['list', 'show', '--confg', 'x'], '--confg'],
      [['journal', 'show', ...CONFIG, '--last', 'many'], '--last many: not a number'],
      [['journal', 'show', ...CONFIG, '--last', '0'], '--last 0: not a number'],
    ] as const) {
      const { code, out, err } = await gateCommand(lane, ...argv);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(message);
    }
  });
});

describe('gate journal', () => {
  test('none: said, and none is made', async () => {
    const lane = await makeLane(venue);
    for (const command of ['show', 'verify', 'export']) {
      const { code, err } = await gateCommand(lane, 'journal', command, ...CONFIG);
      expect(code).toBe(1);
      expect(err).toMatch(/^gate journal \w+: .*: no journal here \[ERR_JOURNAL_MISSING\]\n/);
    }
    expect(existsSync(join(lane, 'journal'))).toBe(false);
  });

  test('show, export and verify, also while the gate runs', async () => {
    const lane = await makeLane(venue, { reader: readerLines(reader) });
    const gate = new GateProcess(lane);
    await gate.started();
    await tapCard(gate, reader, venue.cards.sato!);
    await tapCard(gate, reader, venue.cards.stranger!);
    const shown = (await gateCommand(lane, 'journal', 'show', ...CONFIG)).out.trim().split('\n');
    expect(shown.map((line) => line.replace(/^(\d+) {2}\S+Z {2}/, '$1 '))).toEqual([
      expect.stringMatching(/^1 list v\d+ [2-9A-Z]{6} {2}list: applied$/),
      expect.stringMatching(/^2 list v\d+ .* start: gate$/),
      expect.stringMatching(/^3 list v\d+ .* admitted T-sato-1 \(entry 1\) {2}[A-Z]\d-\d\d$/),
      expect.stringMatching(/^4 list v\d+ .* refused not-listed {2}[A-Z]\d-\d\d$/),
    ]);
    const last = await gateCommand(lane, 'journal', 'show', ...CONFIG, '--last', '1');
    expect(last.out.trim()).toBe(shown[3]);
    const exported = (await gateCommand(lane, 'journal', 'export', ...CONFIG)).out;
    expect(
      exported
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
    ).toEqual(['list', 'start', 'decision', 'decision']);
    expect(exported).not.toContain('conversionValue');
    await gate.stop();

    const verified = await gateCommand(lane, 'journal', 'verify', ...CONFIG);
    expect(verified.out).toMatch(
      /^ok: 5 entries whole, 1 checkpoints signed, 0 entries since; 1 admitted, 1 refused; 1 entered; ends with 5 [0-9a-f]{16}\n$/,
    );
    const device = ['--device-key', join(venue.kept, 'device.pem')];
    expect((await gateCommand(lane, 'journal', 'verify', ...CONFIG, ...device)).code).toBe(0);
    const wrong = ['--device-key', join(venue.kept, 'publisher.pem')];
    const refused = await gateCommand(lane, 'journal', 'verify', ...CONFIG, ...wrong, '--json');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^gate journal verify: .* \[ERR_JOURNAL_SIGNATURE\]\n/);
  });
});

describe('gate doctor', () => {
  test('a gate that could open its doors', async () => {
    const printer = await startPrinter();
    onTestFinished(() => printer.close());
    const more = `[printer]\ndriver = "tcp"\nhost = "127.0.0.1"\nport = ${printer.port}\n`;
    const lane = await makeLane(venue, { reader: readerLines(reader), more });
    await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
    const { code, out, err } = await gateCommand(lane, 'doctor', ...CONFIG, '--json');
    const { healthy, findings } = JSON.parse(out);
    expect(findings.filter(({ outcome }: { outcome: string }) => outcome === 'failed')).toEqual([]);
    expect([code, healthy, err]).toEqual([0, true, '']);
    expect(findings.map(({ check }: { check: string }) => check)).toEqual([
      'hsm',
      'institution key',
      'device key',
      'event key',
      'self-test',
      'enrolment',
      'cv certificates',
      'clock',
      'list',
      'conversion calls',
      'trust anchors',
      'reader',
      'extended length',
      'printer',
      'disk',
    ]);
  });

  test('everything is missing: each with what to do, the rest is looked at all the same', async () => {
    const more = '[printer]\ndriver = "tcp"\nhost = "127.0.0.1"\nport = 1\n';
    const hsm = hsmLines(venue.kept, '/nowhere/pin');
    const lane = await makeLane(venue, { hsm, more });
    const { code, out } = await gateCommand(lane, 'doctor', ...CONFIG);
    expect(code).toBe(1);
    for (const check of ['hsm', 'reader', 'printer']) {
      expect(out).toMatch(new RegExp(`^FAILED  ${check} .* \\[ERR_\\w+\\]\\n +-> \\S`, 'm'));
    }
    expect(out).toMatch(/^ok {6}clock /m);
    expect(out).toMatch(/^ok {6}trust anchors {4}1 pinned, 0 of them expired$/m);
  });

  test.each<[string, (lane: string) => Promise<unknown>, RegExp]>([
    [
      'no list',
      async () => undefined,
      /^FAILED {2}list .* \[ERR_LIST_MISSING\]\n +-> gate list apply/m,
    ],
    [
      'a damaged list',
      async (lane) => {
        await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
        const name = (await readFile(join(lane, 'whitelist/current'), 'utf8')).trim();
        await writeFile(join(lane, 'whitelist', name, 'data.mdb'), 'damaged');
      },
      /^FAILED {2}list .* \[ERR_LIST_CORRUPT\]\n +-> /m,
    ],
    [
      'a list whose files are gone',
      async (lane) => {
        await gateCommand(lane, 'list', 'apply', venue.bundle, ...CONFIG);
        const name = (await readFile(join(lane, 'whitelist/current'), 'utf8')).trim();
        await rm(join(lane, 'whitelist', name), { recursive: true });
      },
      /^FAILED {2}list .* \[ERR_LIST_CORRUPT\]\n +-> /m,
    ],
  ])('%s', async (_, spoil, expected) => {
    const lane = await makeLane(venue);
    await spoil(lane);
    expect((await gateCommand(lane, 'doctor', ...CONFIG)).out).toMatch(expected);
  });
});
