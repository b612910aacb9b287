import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { cvCertificateContent } from '@pinless-gate/protocol/cvc/tr03110';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { IsoCard, type IsoCardOptions } from '@pinless-gate/test/sandbox/card/iso-card';
import { cardKey } from '@pinless-gate/test/sandbox/card/signing';
import { type IsoRole, issueCvCertificate } from '@pinless-gate/test/sandbox/jlis/iso-ca';
import { describe, expect, test } from 'vitest';
import { pem, rsaPair, Terminal } from './terminal.ts';

const SELECT = '00A4040C09F050494E4C45535301';
const hash = createHash('sha256').update('challenge').digest();

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const ecPair = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve });
const [cvca, dv, gate] = [rsaPair(), rsaPair(), rsaPair()] as [Pair, Pair, Pair];
const holder = ecPair('P-256');

interface Link {
  readonly issuer: readonly [Pair, string];
  readonly subject: readonly [Pair, string];
  readonly role: IsoRole;
  readonly from?: string;
  readonly until?: string;
}

function issue({ issuer, subject, role, from = '2026-11-01', until = '2027-11-01' }: Link) {
  return issueCvCertificate(
    { reference: issuer[1], privateKeyPem: pem(issuer[0].privateKey) },
    {
      reference: subject[1],
      role,
      publicKeyPem: pem(subject[0].publicKey),
      effective: new Date(from),
      expiry: new Date(until),
    },
  );
}

const root = [cvca, 'JPROOT00001'] as const;
const middle = [dv, 'JPMIDDLE00001'] as const;
const leaf = [gate, 'JPGATE00001'] as const;
const CVCA = issue({ issuer: root, subject: root, role: 'cvca' });
const DV = issue({ issuer: root, subject: middle, role: 'dv' });
const TERMINAL = issue({ issuer: middle, subject: leaf, role: 'terminal' });
const certificate = new Uint8Array(700).map((_, i) => i % 251);

function newCard(options: Partial<IsoCardOptions> = {}): IsoCard {
  return new IsoCard({
    atr: fromHex('3b80'),
    key: cardKey(pem(holder.privateKey)),
    certificate,
    cvca: CVCA,
    date: '2026-11-20',
    ...options,
  });
}

function selected(options: Partial<IsoCardOptions> = {}): Terminal {
  const one = new Terminal(newCard(options));
  expect(one.sw(SELECT)).toBe('9000');
  return one;
}

const setKey = (one: Terminal, p2: 'B6' | 'A4', reference: string) =>
  one.swOf(`002281${p2}`, encodeTlv(0x83, utf8(reference)));
const verifyCertificate = (one: Terminal, encoded: Uint8Array) =>
  one.swOf('002A00BE', cvCertificateContent(encoded));
const load = (one: Terminal, issuer: string, encoded: Uint8Array) => [
  setKey(one, 'B6', issuer),
  verifyCertificate(one, encoded),
];

function withChain(options: Partial<IsoCardOptions> = {}): Terminal {
  const one = selected(options);
  expect(load(one, root[1], DV)).toEqual(['9000', '9000']);
  expect(load(one, middle[1], TERMINAL)).toEqual(['9000', '9000']);
  expect(setKey(one, 'A4', leaf[1])).toBe('9000');
  return one;
}

const challenge = (one: Terminal) => one.raw('0084000008').data;
const authenticate = (one: Terminal, by = gate) =>
  one.swOf('00820000', sign('sha256', challenge(one), by.privateKey));

function accepted(options: Partial<IsoCardOptions> = {}): Terminal {
  const one = withChain(options);
  expect(authenticate(one)).toBe('9000');
  return one;
}

describe('before the application is selected', () => {
  test.each([
    ['MSE:Set DST', '002281B6 0D830B4A50524F4F543030303031'],
    ['GET CHALLENGE', '0084000008'],
    ['READ BINARY', '00B08A0000'],
    ['INTERNAL AUTHENTICATE', `0088000020${toHex(hash)}00`],
  ])('%s answers 6985', (_, command) => {
    expect(new Terminal(newCard()).sw(command)).toBe('6985');
  });

  test.each([
    ['a prefix of the AID', '00A4040C05F050494E4C', '6A82'],
    ['the JPKI application', '00A4040C0AD392F000260100000001', '6A82'],
    ['another channel', '01A4040C09F050494E4C45535301', '6881'],
    ['a file', '00A4020C02000A', '6A82'],
  ])('SELECT of %s answers %s', (_, command, sw) => {
    expect(new Terminal(newCard()).sw(command)).toBe(sw);
  });

  test('a foreign card knows no such application', () => {
    expect(new Terminal(newCard({ foreign: true })).sw(SELECT)).toBe('6A82');
  });
});

describe('MSE and PSO VERIFY CERTIFICATE', () => {
  test('an unknown reference answers 6A88', () => {
    expect(setKey(selected(), 'B6', 'JPNOBODY00001')).toBe('6A88');
  });

  test('a CA is no terminal', () => {
    const one = selected();
    load(one, root[1], DV);
    expect(setKey(one, 'A4', middle[1])).toBe('6A88');
    expect(setKey(one, 'A4', root[1])).toBe('6A88');
  });

  test('without MSE:Set DST answers 6985', () => {
    expect(verifyCertificate(selected(), DV)).toBe('6985');
  });

  test('under the wrong key answers 6A88', () => {
    expect(load(selected(), root[1], TERMINAL)[1]).toBe('6A88');
  });

  const flipped = (encoded: Uint8Array, at: number) => {
    const copy = encoded.slice();
    copy[at < 0 ? copy.length + at : at]! ^= 0x01;
    return copy;
  };
  test.each<[string, Uint8Array, string]>([
    ['one bit of the signature', flipped(DV, -1), '6300'],
    ['one bit of the modulus', flipped(DV, 100), '6300'],
    ['an unknown profile', flipped(DV, 12), '6A80'],
    [
      'the last day was yesterday',
      issue({ issuer: root, subject: middle, role: 'dv', until: '2026-11-19' }),
      '6300',
    ],
    [
      'the last day is today',
      issue({ issuer: root, subject: middle, role: 'dv', until: '2026-11-20' }),
      '9000',
    ],
    ['a second CVCA', issue({ issuer: root, subject: middle, role: 'cvca' }), '6985'],
    [
      'a terminal straight under the CVCA',
      issue({ issuer: root, subject: leaf, role: 'terminal' }),
      '6985',
    ],
    [
      'signed by somebody else',
      issue({ issuer: [gate, root[1]], subject: middle, role: 'dv' }),
      '6300',
    ],
  ])('%s', (_, encoded, sw) => {
    expect(load(selected(), root[1], encoded)).toEqual(['9000', sw]);
  });

  test('no certificate at all answers 6A80', () => {
    const one = selected();
    setKey(one, 'B6', root[1]);
    expect(one.swOf('002A00BE', fromHex('7f4e00'))).toBe('6A80');
    expect(one.swOf('002A00AE', cvCertificateContent(DV))).toBe('6A86');
  });

  test('a terminal issues nothing', () => {
    const one = withChain();
    const third = issue({ issuer: leaf, subject: [dv, 'JPTHIRD00001'], role: 'terminal' });
    expect(load(one, leaf[1], third)).toEqual(['9000', '6985']);
  });

  test('an accepted certificate moves the date of the card', () => {
    const one = selected();
    const later = issue({ issuer: root, subject: middle, role: 'dv', from: '2027-02-01' });
    const until = issue({ issuer: middle, subject: leaf, role: 'terminal', until: '2027-01-31' });
    expect(load(one, root[1], later)).toEqual(['9000', '9000']);
    expect(load(one, middle[1], until)).toEqual(['9000', '6300']);
  });

  test.each(['P-256', 'P-384'])('a chain on %s, terminal key included', (curve) => {
    const [a, b, c] = [ecPair(curve), ecPair(curve), ecPair(curve)] as [Pair, Pair, Pair];
    const one = selected({
      cvca: issue({ issuer: [a, root[1]], subject: [a, root[1]], role: 'cvca' }),
    });
    const second = issue({ issuer: [a, root[1]], subject: [b, middle[1]], role: 'dv' });
    const third = issue({ issuer: [b, middle[1]], subject: [c, leaf[1]], role: 'terminal' });
    expect(load(one, root[1], second)).toEqual(['9000', '9000']);
    expect(load(one, middle[1], third)).toEqual(['9000', '9000']);
    setKey(one, 'A4', leaf[1]);
    const key = { key: c.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign(curve === 'P-384' ? 'sha384' : 'sha256', challenge(one), key);
    expect(one.swOf('00820000', signature)).toBe('9000');
  });
});

describe('EXTERNAL AUTHENTICATE', () => {
  test('with the certified key is accepted', () => {
    accepted();
  });

  test('another key answers 6300', () => {
    expect(authenticate(withChain(), dv)).toBe('6300');
  });

  test('without MSE:Set AT answers 6985', () => {
    const one = selected();
    load(one, root[1], DV);
    load(one, middle[1], TERMINAL);
    expect(authenticate(one)).toBe('6985');
  });

  test('a challenge is used once', () => {
    const one = withChain();
    const signature = sign('sha256', challenge(one), gate.privateKey);
    expect(one.swOf('00820000', signature)).toBe('9000');
    expect(one.swOf('00820000', signature)).toBe('6985');
  });

  test('a card that refuses terminals answers 6300', () => {
    expect(authenticate(withChain({ refusesTerminal: true }))).toBe('6300');
  });

  test('a challenge has eight octets', () => {
    expect(selected().sw('0084000010')).toBe('6700');
  });
});

describe('READ BINARY', () => {
  test('of the certificate answers 6982 before the terminal is accepted', () => {
    expect(selected().sw('00B08A0000')).toBe('6982');
    expect(withChain().sw('00B08A0000')).toBe('6982');
  });

  test('gives it afterwards, in parts or whole', () => {
    const one = accepted();
    const parts = ['00B08A0000', '00B0010000', '00B0020000'].map((each) => one.raw(each).data);
    expect(concat(...parts)).toEqual(certificate);
    expect(one.raw('00B08A00000000').data).toEqual(certificate);
    expect(one.sw('00B0030000')).toBe('6B00');
  });

  test('a card without a certificate answers 6A82', () => {
    const { certificate: _, ...without } = { certificate, cvca: CVCA };
    const card = new IsoCard({
      atr: fromHex('3b80'),
      key: cardKey(pem(holder.privateKey)),
      date: '2026-11-20',
      ...without,
    });
    const one = new Terminal(card);
    one.sw(SELECT);
    expect(one.sw('00B08A0000')).toBe('6A82');
  });
});

describe('INTERNAL AUTHENTICATE', () => {
  test('answers 6982 before the terminal is accepted', () => {
    expect(withChain().swOf('00880000', hash, 256)).toBe('6982');
  });

  test.each<[string, Pair, number]>([
    ['P-256', holder, 64],
    ['P-384', ecPair('P-384'), 96],
    ['RSA', rsaPair(), 256],
  ])('%s signs the hash', (kind, pair, length) => {
    const one = accepted({ key: cardKey(pem(pair.privateKey)) });
    const { data } = one.send('00880000', hash, 256);
    expect(data.length).toBe(length);
    const key = {
      key: pair.publicKey,
      ...(kind !== 'RSA' && { dsaEncoding: 'ieee-p1363' as const }),
    };
    expect(verify('sha256', utf8('challenge'), key, data)).toBe(true);
    expect(verify('sha256', utf8('another'), key, data)).toBe(false);
  });

  test.each([
    [31, 256],
    [33, 256],
    [32, 0],
    [32, 63],
  ])('%i octets with Ne of %i answer 6700', (length, ne) => {
    expect(accepted().swOf('00880000', new Uint8Array(length), ne)).toBe('6700');
  });

  test('SELECT takes the right back', () => {
    const one = accepted();
    one.sw(SELECT);
    expect(one.swOf('00880000', hash, 256)).toBe('6982');
    expect(setKey(one, 'A4', leaf[1])).toBe('6A88');
  });
});

describe('stepOf', () => {
  test.each([
    [SELECT, 'select'],
    ['002281B600', 'select-terminal-key'],
    ['002A00BE00', 'load-certificate'],
    ['0084000008', 'get-challenge'],
    ['0082000000', 'external-authenticate'],
    ['00B08A0000', 'read-certificate'],
    ['0088000000', 'sign'],
    ['80CA0000', undefined],
  ])('%s is %s', (command, step) => {
    expect(newCard().stepOf(fromHex(command))).toBe(step);
  });
});
