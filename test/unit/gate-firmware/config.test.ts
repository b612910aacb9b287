import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GateConfig, readGateConfig } from '@pinless-gate/gate-firmware/config';
import { writeEnrolment } from '@pinless-gate/gate-firmware/enrolment-file';
import { toHex } from '@pinless-gate/protocol/bytes';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificatePem, issueCaCertificate, signingKey } from '../../sandbox/jlis/certificate.ts';
import { EVENT_ID, GATE_ID, gateKeys, temporary, withCode } from './fixture.ts';

const TOML = `[gate]
id = "76618e77-ca14-0e5e-03c0-2eda4c05a554"
name = "Lane 1"
serves = ["B"]

[event]
id = "2BE552203c4c0f4f0703b037dfbd00e5"

[hsm]
module = "/usr/lib/softhsm/libsofthsm2.so"
token_label = "gate"
pin_file = "pin"

[card]
anchors = ["ca.pem"]
jpki = { certificates = ["intermediate.cvc", "institution.cvc"] }

[whitelist]
directory = "lists"
source = "/media/stick/bundle"
publishers = ["publisher.pem"]

[journal]
directory = "journal"
`;

let ca: string;
let directory: string;

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const validity = { notBefore: new Date(0), notAfter: new Date('2040-01-01') };
  ca = certificatePem(await issueCaCertificate(key, '01', validity));
});

const publicPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();

beforeEach(() => {
  directory = temporary();
  const files = {
    pin: '1234',
    'ca.pem': ca,
    'intermediate.cvc': 'i',
    'institution.cvc': 'j',
    'publisher.pem': publicPem(),
    'second.pem': publicPem(),
    'garbage.pem': 'garbage',
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
  }
});

async function read(change: (toml: string) => string = (toml) => toml): Promise<GateConfig> {
  const file = join(directory, 'gate.toml');
  writeFileSync(file, change(TOML));
  return readGateConfig(file);
}

const replace = (from: string, to: string) => (toml: string) => {
  expect(toml).toContain(from);
  return toml.replace(from, to);
};

describe('readGateConfig', () => {
  test('paths are the file’s own, ids are octets, the rest has defaults', async () => {
    const config = await read();
    expect(toHex(config.gateId)).toBe('76618e77ca140e5e03c02eda4c05a554');
    expect(config.labels).toEqual({
      institution: 'institution',
      device: 'device',
      transport: 'transport',
      event: 'event-2be552203c4c0f4f0703b037dfbd00e5',
    });
    expect(config).toMatchObject({
      journalDirectory: join(directory, 'journal'),
      timeZone: 'Asia/Tokyo',
      reader: { name: undefined, commandTimeoutMs: 1500, tapTimeoutMs: 3000 },
      whitelist: { source: { directory: '/media/stick/bundle' }, pollMs: 10_000 },
      http: { host: '127.0.0.1', port: 8460 },
      printer: { driver: 'none' },
      hardware: {
        turnstile: { driver: 'none' },
        lights: { driver: 'none' },
        passage: { driver: 'none' },
        evacuation: { driver: 'none' },
      },
    });
    expect([...config.terminals.keys()]).toEqual(['jpki']);
    expect(config.anchors).toHaveLength(1);
  });

  test('a URL ends in a slash, since files are named relative to it', async () => {
    const url = replace('source = "/media/stick/bundle"', 'url = "https://console.example/bundle"');
    const { source } = (await read(url)).whitelist;
    expect(source).toEqual({ url: 'https://console.example/bundle/' });
  });

  test('a gate that enrolled itself has its id, its publishers and its console from there', async () => {
    const publisher = await (await gateKeys()).publicKey('publisher');
    await writeEnrolment(join(directory, 'enrolment.toml'), {
      gateId: GATE_ID,
      gateName: 'Lane 1',
      eventIds: [EVENT_ID],
      enrolledAt: 0,
      deviceKeyHash: new Uint8Array(32),
      console: { url: new URL('https://console.example/'), ca: 'PEM' },
      consoleId: new Uint8Array(16),
      threshold: 1,
      publishers: [publisher],
    });
    const enrolled = replace(
      'id = "76618e77-ca14-0e5e-03c0-2eda4c05a554"',
      'enrolment = "enrolment.toml"',
    );
    const own = replace('publishers = ["publisher.pem"]\n', '');
    const config = await read((toml) => own(enrolled(toml)));
    expect(config).toMatchObject({
      gateId: GATE_ID,
      whitelist: { publishers: { keys: [publisher], threshold: 1 } },
      console: { url: new URL('https://console.example/'), ca: 'PEM' },
    });
    expect((await read(enrolled)).whitelist.publishers.keys[0]).not.toEqual(publisher);
    await expect(read(own)).rejects.toThrow('publishers are missing');
    const both = replace('name = "Lane 1"', 'name = "Lane 1"\nenrolment = "enrolment.toml"');
    await expect(read(both)).rejects.toThrow('needs either id or enrolment');
    const none = (toml: string) => enrolled(toml).replace('enrolment.toml', 'none.toml');
    await expect(read(none)).rejects.toThrow(withCode('ERR_ENROLMENT_MISSING'));
  });

  test('a ceremony beside the token is for `hsm`, and checked here too', async () => {
    const ceremony = (line: string) => (toml: string) => `${toml}\n[ceremony]\n${line}\n`;
    expect((await read(ceremony('directory = "c"'))).name).toBe((await read()).name);
    await expect(read(ceremony('approvals = 1'))).rejects.toMatchObject({ code: 'ERR_CONFIG_KEY' });
  });

  test('without a source lists are applied by hand', async () => {
    const config = await read(replace('source = "/media/stick/bundle"\n', ''));
    expect(config.whitelist.source).toBeUndefined();
  });

  test.each<[string, (toml: string) => string, string]>([
    [
      'an unknown key',
      replace('name = "Lane 1"', 'name = "Lane 1"\nnmae = "x"'),
      '4: gate.nmae: unknown key',
    ],
    ['an unknown table', replace('[journal]', '[jurnal]'), '23: jurnal: unknown key'],
    [
      'a table that is missing',
      replace('[event]\nid = "2BE552203c4c0f4f0703b037dfbd00e5"\n', ''),
      '1: event: ',
    ],
    ['a key that is missing', replace('name = "Lane 1"\n', ''), '1: gate.name: '],
    ['text for a list', replace('["B"]', '"B"'), '4: gate.serves: '],
    ['no gate served', replace('["B"]', '[]'), '4: gate.serves: '],
    ['a number for text', replace('"Lane 1"', '1'), '3: gate.name: '],
    ['an id too short', replace('76618e77-', ''), '2: gate.id: must be 32 hex digits'],
    ['an id that is no hex', replace('76618e77', '7661zz77'), '2: gate.id: must be 32 hex digits'],
    [
      'a time zone of nowhere',
      replace('serves', 'time_zone = "Asia/Nara"\nserves'),
      '4: gate.time_zone: unknown time zone',
    ],
    [
      'a display open to the network',
      (toml) => `${toml}[http]\nhost = "0.0.0.0"\n`,
      '26: http.host: ',
    ],
    ['a port that is none', (toml) => `${toml}[http]\nport = 65536\n`, '26: http.port: '],
    [
      'a timeout of a minute and more',
      (toml) => `${toml}[reader]\ntap_timeout_ms = 60001\n`,
      '26: reader.tap_timeout_ms: ',
    ],
    [
      'a console that is no web server',
      (toml) => `${toml}[console]\nurl = "file:///etc"\n`,
      '26: console.url: ',
    ],
    [
      'both source and url',
      replace('publishers =', 'url = "http://x/"\npublishers ='),
      '21: whitelist.url: excludes source',
    ],
    [
      'no card profile',
      replace('jpki = { certificates = ["intermediate.cvc", "institution.cvc"] }\n', ''),
      '14: card: needs at least one of jpki, kazashi, iso',
    ],
    [
      'a profile without certificates',
      replace('["intermediate.cvc", "institution.cvc"]', '[]'),
      '16: card.jpki.certificates: ',
    ],
    [
      'a threshold of none',
      replace('publishers =', 'threshold = 0\npublishers ='),
      '21: whitelist.threshold: ',
    ],
    [
      'a threshold above the publishers',
      replace('publishers =', 'threshold = 2\npublishers ='),
      '21: whitelist.threshold: more than there are publishers',
    ],
    [
      'a publisher counted twice',
      replace(
        'publishers = ["publisher.pem"]',
        'threshold = 2\npublishers = ["publisher.pem", "publisher.pem"]',
      ),
      '21: whitelist.threshold: more than there are publishers',
    ],
  ])('%s: names line and key', async (_, change, message) => {
    await expect(read(change)).rejects.toMatchObject({
      code: 'ERR_CONFIG_KEY',
      message: expect.stringContaining(`gate.toml:${message}`),
    });
  });

  test.each<[string, (toml: string) => string, string]>([
    [
      'a CV certificate',
      replace('"intermediate.cvc"', '"gone.cvc"'),
      '16: card.jpki.certificates: gone.cvc cannot be read (ENOENT)',
    ],
    [
      'an anchor',
      replace('"ca.pem"', '"gone.pem"'),
      '15: card.anchors: gone.pem cannot be read (ENOENT)',
    ],
    [
      'a publisher',
      replace('"publisher.pem"', '"."'),
      '21: whitelist.publishers: . cannot be read (EISDIR)',
    ],
  ])('%s that is missing: names line, key and file', async (_, change, message) => {
    await expect(read(change)).rejects.toMatchObject({
      code: 'ERR_CONFIG_FILE',
      message: expect.stringContaining(`gate.toml:${message}`),
    });
  });

  test.each<[string, (toml: string) => string]>([
    ['an anchor', replace('"ca.pem"', '"garbage.pem"')],
    ['a publisher', replace('"publisher.pem"', '"garbage.pem"')],
    ['a publisher that is a certificate', replace('"publisher.pem"', '"pin"')],
  ])('%s that is garbage', async (_, change) => {
    await expect(read(change)).rejects.toThrow(withCode('ERR_CONFIG_FILE'));
  });

  test('no file', async () => {
    await expect(readGateConfig(join(directory, 'no.toml'))).rejects.toMatchObject({
      code: 'ERR_CONFIG_FILE',
      message: expect.stringContaining('no.toml: cannot be read (ENOENT)'),
    });
  });

  test('no TOML: names the line', async () => {
    await expect(read((toml) => `${toml}garbage\n`)).rejects.toMatchObject({
      code: 'ERR_CONFIG_SYNTAX',
      message: expect.stringMatching(/gate\.toml:2[56]: /),
    });
  });

  test('two publishers, two signatures', async () => {
    const change = replace(
      'publishers = ["publisher.pem"]',
      'threshold = 2\npublishers = ["publisher.pem", "second.pem"]',
    );
    expect((await read(change)).whitelist.publishers).toMatchObject({ threshold: 2 });
  });
});
