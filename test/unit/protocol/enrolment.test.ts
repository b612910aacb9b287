import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  decodeEnrolled,
  decodeEnrolmentOffer,
  decodeEnrolmentRequest,
  decodeEnrolmentStatement,
  type Enrolled,
  type EnrolmentStatement,
  encodeEnrolled,
  encodeEnrolmentOffer,
  encodeEnrolmentRequest,
  encodeEnrolmentStatement,
  enrolmentMessage,
  MAX_ENROLMENT_LENGTH,
  verifyEnrolmentRequest,
} from '@pinless-gate/protocol/enrolment';
import {
  consoleTag,
  formatEnrolmentToken,
  hashEnrolmentToken,
  isTokenOf,
  parseEnrolmentToken,
} from '@pinless-gate/protocol/enrolment-token';
import { describe, expect, test } from 'vitest';

const spki = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }));
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const device = ec('P-256');
const transport = rsa(2048);

const statement: EnrolmentStatement = {
  consoleId: new Uint8Array(16).fill(1),
  challenge: new Uint8Array(32).fill(2),
  tokenHash: new Uint8Array(32).fill(3),
  deviceKey: spki(device.publicKey),
  transportKey: spki(transport.publicKey),
  software: '0.1.0',
  module: {
    description: 'Implementation of PKCS11',
    version: '2.6',
    manufacturer: 'SoftHSM project',
    model: 'SoftHSM v2',
    serial: 'dc97b44e0caca822',
  },
  capabilities: ['rsa-oaep-sha1+aes-256-kwp', 'rsa-oaep-sha256'],
};
const offer = { consoleId: statement.consoleId, challenge: statement.challenge };
const token = formatEnrolmentToken({
  consoleTag: consoleTag(statement.consoleId),
  secret: new Uint8Array(20).fill(9),
});
const enrolled: Enrolled = {
  consoleId: statement.consoleId,
  gateId: new Uint8Array(16).fill(4),
  gateName: '北ゲート 1',
  eventIds: [new Uint8Array(16).fill(5)],
  publishers: [statement.deviceKey],
  threshold: 1,
  enrolledAt: 1_797_000_000_000,
};

function requestOf(value: EnrolmentStatement, key = device.privateKey) {
  const encoded = encodeEnrolmentStatement(value);
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  const signature = new Uint8Array(sign('sha256', enrolmentMessage(encoded), options));
  return { token, statement: encoded, signature };
}

const code = (expected: string) => expect.objectContaining({ name: 'FormatError', code: expected });
const anyFormatError = expect.objectContaining({ name: 'FormatError' });

describe.each<[string, (bytes: Uint8Array) => unknown, Uint8Array, unknown]>([
  ['offer', decodeEnrolmentOffer, encodeEnrolmentOffer(offer), offer],
  ['statement', decodeEnrolmentStatement, encodeEnrolmentStatement(statement), statement],
  ['request', decodeEnrolmentRequest, encodeEnrolmentRequest(requestOf(statement)), undefined],
  ['answer', decodeEnrolled, encodeEnrolled(enrolled), enrolled],
])('enrolment %s', (_, decode, octets, value) => {
  test('round trip', () => {
    if (value) expect(decode(octets)).toEqual(value);
    else expect(decode(octets)).toMatchObject({ token });
  });

  test('every prefix, and one octet more, is refused', () => {
    for (let length = 0; length < octets.length; length++) {
      expect(() => decode(octets.subarray(0, length))).toThrow(anyFormatError);
    }
    expect(() => decode(new Uint8Array([...octets, 0]))).toThrow(anyFormatError);
  });

  test('an unknown member and another version are refused', () => {
    const [first, ...rest] = octets;
    // One more entry in the map, with a key that sorts behind all of ours.
    const more = Uint8Array.from([first! + 1, ...rest, ...encodeCbor('zzzzzzzzzzzzzzzzzz'), 0]);
    expect(() => decode(more)).toThrow(anyFormatError);
    const at = Buffer.from(octets).indexOf('version\x01') + 'version'.length;
    const next = Uint8Array.from(octets, (octet, i) => (i === at ? 2 : octet));
    expect(() => decode(next)).toThrow(code('ERR_ENROLMENT_VERSION'));
  });
});

describe('decodeEnrolmentStatement', () => {
  const module = statement.module;
  test.each<[string, Partial<EnrolmentStatement>, string]>([
    ['a device key on P-384', { deviceKey: spki(ec('P-384').publicKey) }, 'ERR_ENROLMENT_KEY'],
    ['an RSA device key', { deviceKey: statement.transportKey }, 'ERR_ENROLMENT_KEY'],
    ['an EC transport key', { transportKey: statement.deviceKey }, 'ERR_ENROLMENT_KEY'],
    [
      'a transport key of 1024 bits',
      { transportKey: spki(rsa(1024).publicKey) },
      'ERR_ENROLMENT_KEY',
    ],
    ['capabilities out of order', { capabilities: ['b', 'a'] }, 'ERR_ENROLMENT_CAPABILITY'],
    ['a capability twice', { capabilities: ['a', 'a'] }, 'ERR_ENROLMENT_CAPABILITY'],
    ['a capability that is a sentence', { capabilities: ['a b'] }, 'ERR_ENROLMENT_CAPABILITY'],
    ['many capabilities', { capabilities: words(65) }, 'ERR_ENROLMENT_CAPABILITY'],
    ['a second line', { software: '1\n2' }, 'ERR_ENROLMENT_TEXT'],
    ['a direction mark', { module: { ...module, model: 'a\u202eb' } }, 'ERR_ENROLMENT_TEXT'],
    [
      'a long description',
      { module: { ...module, description: 'x'.repeat(129) } },
      'ERR_ENROLMENT_TEXT',
    ],
  ])('refuses %s', (_, more, expected) => {
    const octets = encodeEnrolmentStatement({ ...statement, ...more });
    expect(() => decodeEnrolmentStatement(octets)).toThrow(code(expected));
  });
});

const words = (count: number) =>
  Array.from({ length: count }, (_, i) => `c-${String(i).padStart(3, '0')}`);

describe('verifyEnrolmentRequest', () => {
  test('gives the statement of a gate that has the key it names', () => {
    expect(verifyEnrolmentRequest(requestOf(statement))).toEqual(statement);
  });

  test('refuses a signature by another key', () => {
    const other = requestOf(statement, ec('P-256').privateKey);
    expect(() => verifyEnrolmentRequest(other)).toThrow(code('ERR_ENROLMENT_PROOF'));
  });

  test('refuses a statement that was changed after it was signed', () => {
    const { signature } = requestOf(statement);
    const changed = requestOf({ ...statement, tokenHash: new Uint8Array(32) });
    expect(() => verifyEnrolmentRequest({ ...changed, signature })).toThrow(
      code('ERR_ENROLMENT_PROOF'),
    );
  });

  test('refuses a signature over the bare statement, without its tag', () => {
    const { statement: encoded } = requestOf(statement);
    const options = { key: device.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = new Uint8Array(sign('sha256', encoded, options));
    expect(() => verifyEnrolmentRequest({ token, statement: encoded, signature })).toThrow(
      code('ERR_ENROLMENT_PROOF'),
    );
  });

  test('refuses more octets than a request may have', () => {
    const long = { ...requestOf(statement), statement: new Uint8Array(MAX_ENROLMENT_LENGTH) };
    expect(() => decodeEnrolmentRequest(encodeEnrolmentRequest(long))).toThrow(
      code('ERR_ENROLMENT_LENGTH'),
    );
  });
});

describe('decodeEnrolled', () => {
  test.each<[string, Partial<Enrolled>, string]>([
    ['a short event id', { eventIds: [new Uint8Array(15)] }, 'ERR_ENROLMENT_EVENT'],
    ['no publisher', { publishers: [] }, 'ERR_ENROLMENT_THRESHOLD'],
    ['a threshold that nobody reaches', { threshold: 2 }, 'ERR_ENROLMENT_THRESHOLD'],
    ['a threshold of none', { threshold: 0 }, 'ERR_ENROLMENT_THRESHOLD'],
    [
      'a publisher twice',
      { publishers: [statement.deviceKey, statement.deviceKey], threshold: 2 },
      'ERR_ENROLMENT_PUBLISHERS',
    ],
    ['too many events', { eventIds: Array(65).fill(new Uint8Array(16)) }, 'ERR_ENROLMENT_LENGTH'],
    ['a name of two lines', { gateName: 'a\nb' }, 'ERR_ENROLMENT_TEXT'],
  ])('refuses %s', (_, more, expected) => {
    expect(() => decodeEnrolled(encodeEnrolled({ ...enrolled, ...more }))).toThrow(code(expected));
  });
});

describe('enrolment token', () => {
  test('is eight groups of five, and reads back however it was typed', () => {
    expect(token).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
    const parsed = parseEnrolmentToken(token);
    expect(formatEnrolmentToken(parsed)).toBe(token);
    expect(parseEnrolmentToken(` ${token.toLowerCase().replaceAll('-', ' ')}\n`)).toEqual(parsed);
  });

  test('every octet counts', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const secret = new Uint8Array(20);
      secret[i] = 1;
      const made = { consoleTag: new Uint8Array(5), secret };
      expect(parseEnrolmentToken(formatEnrolmentToken(made))).toEqual(made);
      seen.add(Buffer.from(hashEnrolmentToken(made)).toString('hex'));
    }
    expect(seen.size).toBe(20);
  });

  test('tells its console', () => {
    const parsed = parseEnrolmentToken(token);
    expect(isTokenOf(parsed, statement.consoleId)).toBe(true);
    expect(isTokenOf(parsed, new Uint8Array(16))).toBe(false);
  });

  test.each([
    ['nothing', ''],
    ['a group less', token.slice(6)],
    ['a group more', `${token}-00000`],
    ['a letter that is not one', token.replace(/.$/, 'U')],
    ['a hundred thousand letters', '0'.repeat(100_000)],
  ])('refuses %s, and does not repeat it', (_, text) => {
    expect(() => parseEnrolmentToken(text)).toThrow(code('ERR_TOKEN_FORM'));
    try {
      parseEnrolmentToken(text);
    } catch (error) {
      if (text.length > 10) expect((error as Error).message).not.toContain(text.slice(0, 10));
    }
  });
});
