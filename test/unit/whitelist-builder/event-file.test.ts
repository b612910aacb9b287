import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { readEventFile } from '@pinless-gate/whitelist-builder/event-file';
import { describe, expect, test } from 'vitest';
import { ADMISSION, newCa, newDirectory, STARTS_AT } from './fixture.ts';

const [first, second] = [await newCa(), await newCa()];

const EVENT = `id = "2be55220-3c4c-0f4f-0703-b037dfbd00e5"
name = "冬の音楽祭 2026"
place = "横浜"
starts_at = 2026-12-20T18:00:00+09:00
[admission]
from = 2026-12-20T15:00:00+09:00
until = 2026-12-20T21:00:00+09:00
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "first.pem"
[hsm]
module = "softhsm.so"
token_label = "pinless"
pin_file = "pin"
`;

async function read(text: string) {
  const directory = await newDirectory();
  const path = join(directory, 'event.toml');
  await writeFile(path, text);
  await writeFile(join(directory, 'first.pem'), first.pem);
  await writeFile(join(directory, 'second.der'), second.der);
  await writeFile(
    join(directory, 'key.pem'),
    '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  );
  return readEventFile(path);
}

describe('readEventFile', () => {
  test('defaults', async () => {
    const event = await read(EVENT);
    expect(event).toMatchObject({
      name: '冬の音楽祭 2026',
      startsAt: STARTS_AT,
      admission: ADMISSION,
      expiresAt: ADMISSION.until + 24 * 3600,
      policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
      issuers: [{ name: 'jpki-auth' }],
      keys: { event: 'event-2be552203c4c0f4f0703b037dfbd00e5', publisher: 'publisher' },
    });
    expect(toHex(event.eventId)).toBe('2be552203c4c0f4f0703b037dfbd00e5');
    expect(event.hsm.pinFile).toMatch(/^\/.*\/pin$/);
  });

  test('what may be set', async () => {
    const event = await read(
      `${EVENT}[list]\nexpires_at = 2027-01-01T00:00:00Z\n[keys]\nevent = "e"\npublisher = "p"\n`,
    );
    expect(event.expiresAt).toBe(Date.parse('2027-01-01T00:00:00Z') / 1000);
    expect(event.keys).toEqual({ event: 'e', publisher: 'p' });
  });

  test('validity, renewals and the age of checks', async () => {
    const tables = '[validity]\nsource = "ocsp"\nresponder = "http://ocsp.example/"\n';
    const policy = 'refuse_after_hours = 72\nrevocation_refuse_after_hours = 36';
    const text = `${EVENT.replace('refuse_after_hours = 72', policy)}${tables}[renewals]\nsigner = "r.pem"\n`;
    const event = await read(text);
    expect(event.validity).toMatchObject({
      source: 'ocsp',
      max_age_hours: 24,
      unproven: 'leave-out',
    });
    expect(event.policy).toMatchObject({ revocationRefuseAfterS: 36 * 3600 });
    expect(event.renewalSigner).toMatch(/^\/.*\/r\.pem$/);
  });

  test.each([
    ['no responder', '[validity]\nsource = "ocsp"\n', 'responder'],
    ['no address', '[validity]\nsource = "ocsp"\nresponder = "file:///x"\n', 'http'],
    ['another source', '[validity]\nsource = "rumour"\n', 'source'],
  ])('validity with %s', async (_, table, what) => {
    await expect(read(EVENT + table)).rejects.toThrow(what);
  });

  test('two generations of one issuer, PEM and DER', async () => {
    const more = '[[issuers]]\nname = "jpki-auth"\ncertificate = "second.der"\n';
    const { issuers } = await read(EVENT.replace('[hsm]', `${more}[hsm]`));
    expect(issuers).toHaveLength(1);
    expect(issuers[0]?.generations).toHaveLength(2);
  });

  const changed = (from: string, to: string) => EVENT.replace(from, to);
  test.each([
    ['no TOML', 'id = ', /event.toml:1: /, 'ERR_CONFIG_SYNTAX'],
    [
      'an unknown key',
      changed('place =', 'venue ='),
      /:3: venue: unknown key|place/,
      'ERR_CONFIG_KEY',
    ],
    [
      'an id that is too short',
      changed('2be55220-', ''),
      /:1: id: must be 32 hex digits/,
      'ERR_CONFIG_KEY',
    ],
    [
      'a start without offset',
      changed('18:00:00+09:00', '18:00:00'),
      /:4: starts_at: must be a date and time with offset/,
      'ERR_CONFIG_KEY',
    ],
    [
      'a start that is text',
      changed('2026-12-20T18:00:00+09:00', '"2026-12-20T18:00:00+09:00"'),
      /:4: starts_at: /,
      'ERR_CONFIG_KEY',
    ],
    [
      'a start that is a day',
      changed('2026-12-20T18:00:00+09:00', '2026-12-20'),
      /:4: starts_at: /,
      'ERR_CONFIG_KEY',
    ],
    [
      'admission that ends first',
      changed('T21:00', 'T11:00'),
      /:7: admission.until: must be after from/,
      'ERR_CONFIG_KEY',
    ],
    ['no gates', changed('["A", "B"]', '[]'), /:9: policy.gates: /, 'ERR_CONFIG_KEY'],
    [
      'a tolerance below zero',
      changed('= 10', '= -1'),
      /:10: policy.tolerance_minutes: /,
      'ERR_CONFIG_KEY',
    ],
    ['no HSM', EVENT.slice(0, EVENT.indexOf('[hsm]')), /hsm/, 'ERR_CONFIG_KEY'],
    [
      'a CA that is not there',
      changed('first.pem', 'gone.pem'),
      /:13: issuers.0.certificate: .*enoent/,
      'ERR_CONFIG_KEY',
    ],
    [
      'a CA that is a key',
      changed('first.pem', 'key.pem'),
      /:13: issuers.0.certificate: .*trust anchor/,
      'ERR_CONFIG_KEY',
    ],
    [
      'two names for one DN',
      changed('[hsm]', '[[issuers]]\nname = "other"\ncertificate = "second.der"\n[hsm]'),
      /issuers.1.certificate: the dn of another issuer/,
      'ERR_CONFIG_KEY',
    ],
  ])('refused with key and line: %s', async (_, text, message, code) => {
    await expect(read(text)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  const RULES = `time_zone = "Asia/Tokyo"
arrival = "parts"
face_check = "staff"
annul_after_seconds = 20
[[policy.zones]]
name = "Arena"
gates = ["A", "B"]
[[policy.rules]]
categories = ["pass"]
entries = 3
entries_per_day = 1
entries_per_gate = 2
reentry = "after-exit"
check_out_at = "04:05"
minimum_minutes_between_entries = 30
windows = [{ from = 2026-12-20T15:00:00+09:00, until = 2026-12-20T17:00:00+09:00 }]
companion = "required"
[[policy.attention]]
flag = "child"
lane = "lamp"
[[policy.paused]]
gates = ["A"]
until = 2026-12-20T17:00:00+09:00
`;
  const withRules = (from = '', to = '') =>
    changed('[[issuers]]', `${RULES.replace(from, to)}[[issuers]]`);

  test('rules', async () => {
    expect((await read(withRules())).policy).toMatchObject({
      timeZone: 'Asia/Tokyo',
      arrival: 'parts',
      faceCheck: 'staff',
      passage: { annulAfterS: 20 },
      zones: [{ name: 'Arena', gates: ['A', 'B'] }],
      rules: [
        {
          categories: ['pass'],
          entries: 3,
          entriesPerDay: 1,
          entriesPerGate: 2,
          reentry: 'after-exit',
          checkOutMinute: 245,
          minimumS: 1800,
          windows: [{ from: 1_797_746_400, until: 1_797_753_600 }],
          companion: 'required',
        },
      ],
      attention: [{ flag: 'child', lane: 'lamp' }],
      paused: [{ gates: ['A'], until: 1_797_753_600 }],
    });
    const { policy } = await read(withRules('"parts"', '"together"').replace('"staff"', '"none"'));
    expect([policy.arrival, policy.faceCheck]).toEqual([undefined, undefined]);
  });

  test.each([
    [
      'an unknown key of a rule',
      'reentry =',
      're_entry =',
      /policy.rules.0.*re_entry: unknown key/,
    ],
    [
      'a rule of no words',
      /categories[\s\S]*required"/.exec(RULES)![0],
      '',
      /policy.rules.0: must say/,
    ],
    ['a time of day that is none', '"04:05"', '"24:00"', /check_out_at: must be a time of day/],
    ['a zone of time that is none', 'Asia/Tokyo', 'Tokyo', /time_zone: must be a time zone/],
    ['a gate that is none', 'gates = ["A", "B"]', 'gates = ["C"]', /"c" is not one of its gates/],
    ['days without a time zone', 'time_zone = "Asia/Tokyo"', '', /needs a timezone/],
    ['no entries', 'entries = 3', 'entries = 0', /policy.rules.0.entries: /],
    ['a re-entry that is none', '"after-exit"', '"always"', /policy.rules.0.reentry: /],
  ])('rules refused with key: %s', async (_, from, to, message) => {
    await expect(read(withRules(from, to))).rejects.toMatchObject({
      code: 'ERR_CONFIG_KEY',
      message: expect.stringMatching(message),
    });
  });

  test('no file', async () => {
    await expect(readEventFile('/nonexistent/event.toml')).rejects.toMatchObject({
      code: 'ERR_CONFIG_FILE',
    });
  });
});
