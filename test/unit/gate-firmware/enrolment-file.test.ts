import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Enrolment,
  readEnrolment,
  readPending,
  removePending,
  writeEnrolment,
  writePending,
} from '@pinless-gate/gate-firmware/enrolment-file';
import { consoleUrl } from '@pinless-gate/gate-firmware/fleet/console-client';
import { describe, expect, test } from 'vitest';
import { EVENT_ID, GATE_ID, gateKeys, temporary, withCode } from './fixture.ts';

async function enrolmentOf(more: Partial<Enrolment> = {}): Promise<Enrolment> {
  const store = await gateKeys();
  return {
    gateId: GATE_ID,
    gateName: '北ゲート "1" \\ 西',
    eventIds: [EVENT_ID],
    enrolledAt: 1_797_000_000_000,
    deviceKeyHash: new Uint8Array(32).fill(7),
    console: { url: new URL('https://console.example.jp/gates/'), ca: undefined },
    consoleId: new Uint8Array(16).fill(3),
    threshold: 1,
    publishers: [await store.publicKey('publisher')],
    ...more,
  };
}

describe('enrolment.toml', () => {
  test.each([
    ['as it is', {}],
    ['with a CA of many lines', { console: { url: new URL('https://[::1]:8/'), ca: 'a\nb\n' } }],
    ['without an event', { eventIds: [] }],
  ])('reads back what was written, %s', async (_, more) => {
    const path = join(temporary(), 'enrolment.toml');
    const enrolment = await enrolmentOf(more);
    await writeEnrolment(path, enrolment);
    expect(await readEnrolment(path)).toEqual(enrolment);
  });

  test('half a file is none', async () => {
    const path = join(temporary(), 'enrolment.toml');
    await writeEnrolment(path, await enrolmentOf());
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    for (let count = 0; count < lines.length; count++) {
      await writeFile(path, lines.slice(0, count).join('\n'));
      await expect(readEnrolment(path)).rejects.toThrow(withCode('ERR_CONFIG_KEY'));
    }
  });

  test('keys of an enrolment under way are remembered until it is over', async () => {
    const path = join(temporary(), 'enrolment.toml');
    expect(await readPending(path)).toBeUndefined();
    await writePending(path, { device: 'device-2', transport: 'transport' });
    expect(await readPending(path)).toEqual({ device: 'device-2', transport: 'transport' });
    await removePending(path);
    await removePending(path);
    expect(await readPending(path)).toBeUndefined();
  });
});

describe('consoleUrl', () => {
  test.each([
    ['https://console.example.jp', 'https://console.example.jp/'],
    ['https://console.example.jp:8443/gates', 'https://console.example.jp:8443/gates/'],
    ['http://127.0.0.1:8470/', 'http://127.0.0.1:8470/'],
    ['http://[::1]:8470', 'http://[::1]:8470/'],
    ['http://localhost', 'http://localhost/'],
  ])('%s', (text, url) => expect(consoleUrl(text).href).toBe(url));

  test.each([
    ['http://192.0.2.1/', 'ERR_CONSOLE_PLAIN'],
    ['http://127.0.0.1.example.jp/', 'ERR_CONSOLE_PLAIN'],
    ['http://localhost.example.jp/', 'ERR_CONSOLE_PLAIN'],
    ['https://user:secret@console.example.jp/', 'ERR_CONSOLE_URL'],
    ['https://console.example.jp/?x=1', 'ERR_CONSOLE_URL'],
    ['ftp://console.example.jp/', 'ERR_CONSOLE_URL'],
    ['console.example.jp', 'ERR_CONSOLE_URL'],
    ['', 'ERR_CONSOLE_URL'],
  ])('refuses %s', (text, code) => {
    expect(() => consoleUrl(text)).toThrow(withCode(code));
  });
});
