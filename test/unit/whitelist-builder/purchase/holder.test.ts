import { toHex } from '@pinless-gate/protocol/bytes';
import { resolveHolder } from '@pinless-gate/whitelist-builder/purchase/holder';
import { describe, expect, test } from 'vitest';
import { holderCertificate, issuerOf, NOW, newCa } from '../fixture.ts';

const DAY_S = 24 * 3600;
const [ca, otherCa] = [await newCa(), await newCa()];
const issuers = [issuerOf(ca)];

const resolve = (holder: Parameters<typeof resolveHolder>[0]) =>
  resolveHolder(holder, 'holder', issuers, NOW);

function cardOf(holder: Parameters<typeof resolveHolder>[0]) {
  const { card, problem } = { card: undefined, ...resolve(holder) };
  if (!card) throw new Error(problem?.reason);
  return card;
}

describe('resolveHolder: by serial number', () => {
  test.each([
    ['0705d990', '0705d990'],
    ['0705D990', '0705d990'],
    ['705d990', '0705d990'],
    ['00000705d990', '0705d990'],
    ['7', '07'],
    ['f'.repeat(40), 'f'.repeat(40)],
  ])('%s', (serial, expected) => {
    const card = cardOf({ serial, issuer: 'jpki-auth' });
    expect(toHex(card.serial)).toBe(expected);
    expect(card.certificate).toBeUndefined();
  });

  test.each([
    ['zero', { serial: '0000', issuer: 'jpki-auth' }, 'holder.serial'],
    ['another issuer', { serial: '07', issuer: 'jpki-sign' }, 'holder.issuer'],
  ])('refused: %s', (_, holder, field) => {
    expect(resolve(holder).problem?.field).toBe(field);
  });
});

describe('resolveHolder: by certificate', () => {
  test('a good one names the same card as its serial number, and pins its key', async () => {
    const card = cardOf({ certificate: await holderCertificate(ca) });
    const bySerial = cardOf({ serial: '0705d990', issuer: 'jpki-auth' });
    expect(card.serial).toEqual(bySerial.serial);
    expect(card.issuerName).toEqual(bySerial.issuerName);
    expect(card.certificate?.spki.length).toBe(294);
  });

  test('one that has expired is not refused here', async () => {
    const certificate = await holderCertificate(ca, { until: -DAY_S });
    expect(cardOf({ certificate }).certificate?.notAfter).toBe(NOW - DAY_S);
  });

  test('of the second generation of its issuer', async () => {
    const generations = [issuerOf(otherCa, ca)];
    const certificate = await holderCertificate(ca);
    expect(resolveHolder({ certificate }, 'holder', generations, NOW).problem).toBeUndefined();
  });

  const flipped = (base64: string, at: number) => {
    const der = Buffer.from(base64, 'base64');
    der[der.length + at]! ^= 1;
    return der.toString('base64');
  };
  test.each([
    [
      'of another CA with the same name',
      async () => holderCertificate(otherCa),
      'does not verify (authority-key-id)',
    ],
    [
      'with a flipped bit in its signature',
      async () => flipped(await holderCertificate(ca), -1),
      'does not verify (signature)',
    ],
    [
      'that begins tomorrow',
      async () => holderCertificate(ca, { from: DAY_S }),
      'does not verify (not-yet-valid)',
    ],
    [
      'that is the CA itself',
      async () => Buffer.from(ca.der).toString('base64'),
      /does not verify/,
    ],
    [
      'cut short',
      async () => (await holderCertificate(ca)).slice(0, 400),
      'not a certificate (malformed)',
    ],
    [
      'with octets after it',
      async () =>
        Buffer.concat([Buffer.from(await holderCertificate(ca), 'base64'), Buffer.of(0)]).toString(
          'base64',
        ),
      'not a certificate (malformed)',
    ],
    ['no DER', async () => 'AAAA', 'not a certificate (malformed)'],
    ['no base64', async () => '****', 'must be base64'],
    ['base64 with a line break', async () => `${await holderCertificate(ca)}\n`, 'must be base64'],
  ])('refused: %s', async (_, make, reason) => {
    expect(resolve({ certificate: await make() }).problem).toEqual({
      field: 'holder.certificate',
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
  });
});
