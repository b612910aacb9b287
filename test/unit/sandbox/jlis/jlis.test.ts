import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeJpkiCvc, verifyJpkiCvc } from '@pinless-gate/protocol/cvc/jpki';
import { cardFromFile } from '@pinless-gate/test/sandbox/card/card-file';
import { holders } from '@pinless-gate/test/sandbox/jlis/holders';
import { issueCvCertificate } from '@pinless-gate/test/sandbox/jlis/iso-ca';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newRsaKey } from '@pinless-gate/test/sandbox/jlis/keys';
import { ISSUER_NAME } from '@pinless-gate/test/sandbox/jlis/names';
import { newCard, SCENARIOS, type Scenario } from '@pinless-gate/test/sandbox/jlis/new-card';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Terminal } from '../card/terminal.ts';

const directory = mkdtempSync(join(tmpdir(), 'jlis-'));
let jlis: Jlis;
let ca: X509Certificate;

beforeAll(async () => {
  jlis = await Jlis.create(directory);
  ca = new X509Certificate(readFileSync(join(directory, 'ca.pem')));
}, 30_000);

afterAll(() => rmSync(directory, { recursive: true }));

const key = await newRsaKey();
/** The library reads what we wrote without it. */
const parsed = (der: Uint8Array) => new x509.X509Certificate(Buffer.from(der));
const extension = (certificate: x509.X509Certificate, oid: string) =>
  certificate.extensions.find(({ type }) => type === oid);

describe('create', () => {
  test('a directory that holds one already is refused', async () => {
    await expect(Jlis.create(directory)).rejects.toMatchObject({ code: 'ERR_JLIS_EXISTS' });
  });

  test('private keys are readable by their owner only', () => {
    for (const name of ['ca', 'terminal-ca', 'terminal-intermediate', 'iso-cvca', 'iso-dv']) {
      expect(statSync(join(directory, `${name}-key.pem`)).mode & 0o777).toBe(0o600);
    }
  });

  test('the CA certificate is of the profile', () => {
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    const certificate = parsed(ca.raw);
    expect(toHex(new Uint8Array(certificate.issuerName.toArrayBuffer()))).toBe(toHex(ISSUER_NAME));
    const usage = certificate.getExtension(x509.KeyUsagesExtension);
    expect(usage).toMatchObject({
      critical: true,
      usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
    });
    expect(certificate.getExtension(x509.BasicConstraintsExtension)).toMatchObject({
      critical: true,
      ca: true,
    });
  });

  test('the issuer name is that of the real CA, octet for octet', () => {
    // protocol.md 3: SHA-256 of this name is part of every conversion value.
    expect(createHash('sha256').update(ISSUER_NAME).digest('hex')).toBe(
      '1a361b4e81f8ff126f6b60460ae4d3d9cd5ec5c38104d1cd2f0e9db3abc40e32',
    );
  });

  test('the other CA has the same name and another key', () => {
    const other = new X509Certificate(readFileSync(join(directory, 'other-ca.pem')));
    expect(other.subject).toBe(ca.subject);
    expect(other.fingerprint256).not.toBe(ca.fingerprint256);
  });
});

describe('open', () => {
  test('a directory without a J-LIS is refused', async () => {
    await expect(Jlis.open(join(directory, 'none'))).rejects.toMatchObject({
      code: 'ERR_JLIS_MISSING',
    });
  });

  test.each(['{', '{}', '{"format":"pinless-gate/jlis/2"}'])(
    'state %s is refused',
    async (text) => {
      const other = join(directory, 'broken');
      mkdirSync(other, { recursive: true });
      writeFileSync(join(other, 'state.json'), text);
      await expect(Jlis.open(other)).rejects.toMatchObject({ code: 'ERR_JLIS_STATE' });
    },
  );

  test('serial numbers go on where they were', async () => {
    const first = await jlis.issue({ publicKeyPem: key.publicKeyPem });
    jlis = await Jlis.open(directory);
    const second = await jlis.issue({ publicKeyPem: key.publicKeyPem });
    expect(Number.parseInt(second.serial, 16)).toBe(Number.parseInt(first.serial, 16) + 1);
    expect(first.serial).toMatch(/^07[0-9a-f]{6}$/);
  });
});

describe('issue', () => {
  test('a holder certificate is of the profile', async () => {
    const { der } = await jlis.issue({ publicKeyPem: key.publicKeyPem, serial: '0705D990' });
    const node = new X509Certificate(der);
    expect(node.verify(ca.publicKey)).toBe(true);
    expect(node.ca).toBe(false);
    expect(node.serialNumber).toBe('0705D990');
    expect(node.subject).toMatch(/^C=JP\nCN=[0-9A-Z]{24}$/);
    const certificate = parsed(der);
    const usage = certificate.getExtension(x509.KeyUsagesExtension);
    expect(usage).toMatchObject({ critical: true, usages: x509.KeyUsageFlags.digitalSignature });
    const policy = certificate.getExtension(x509.CertificatePolicyExtension);
    expect(policy).toMatchObject({ critical: true, policies: ['1.2.392.200149.8.5.1.3.30'] });
    expect(certificate.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(
      parsed(ca.raw).getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    );
    expect(extension(certificate, '2.5.29.18')).toBeDefined();
    expect(toHex(new Uint8Array(extension(certificate, '2.5.29.31')!.value))).toContain(
      toHex(ISSUER_NAME),
    );
  });

  test.each([
    ['80', '0080'],
    ['7f', '7f'],
    ['0700000001', '0700000001'],
    ['f'.repeat(38), `00${'f'.repeat(38)}`],
  ])('serial number %s stands unsigned in the certificate', async (serial, encoded) => {
    const { der } = await jlis.issue({ publicKeyPem: key.publicKeyPem, serial });
    const octets = encoded.length / 2;
    expect(toHex(der)).toContain(
      `a003020102${`02${octets.toString(16).padStart(2, '0')}`}${encoded}`,
    );
  });

  test.each(['', '0', '0000', 'xyz', '-1', '1'.repeat(41)])('"%s" is no serial', async (serial) => {
    await expect(jlis.issue({ publicKeyPem: key.publicKeyPem, serial })).rejects.toMatchObject({
      code: 'ERR_JLIS_SERIAL',
    });
  });

  test('the next number is not spent on a given one', async () => {
    const before = await jlis.issue({ publicKeyPem: key.publicKeyPem });
    await jlis.issue({ publicKeyPem: key.publicKeyPem, serial: 'abcd' });
    const after = await jlis.issue({ publicKeyPem: key.publicKeyPem });
    expect(Number.parseInt(after.serial, 16)).toBe(Number.parseInt(before.serial, 16) + 1);
  });
});

describe('certifyTerminal', () => {
  test('the jpki chain hangs together', async () => {
    const { intermediate, institution } = await jlis.certifyTerminal(key.publicKeyPem);
    const terminalCa = JSON.parse(readFileSync(join(directory, 'terminal-ca.json'), 'utf8'));
    const [upper, lower] = [decodeJpkiCvc(intermediate!), decodeJpkiCvc(institution!)];
    expect(toHex(upper.issuerKeyId)).toBe(terminalCa.keyId);
    const caSpki = createPublicKey(terminalCa.publicKeyPem).export({ format: 'der', type: 'spki' });
    verifyJpkiCvc(upper, caSpki);
    expect(lower.issuerKeyId).toEqual(upper.subjectKeyId);
    verifyJpkiCvc(lower, upper.publicKey);
    const own = createPublicKey(key.publicKeyPem).export({ format: 'der', type: 'spki' });
    expect(toHex(lower.publicKey.spki)).toBe(toHex(own));
  });

  test('each institution gets key ids of its own', async () => {
    const [one, other] = [
      await jlis.certifyTerminal(key.publicKeyPem),
      await jlis.certifyTerminal(key.publicKeyPem),
    ];
    const id = (cvc: Uint8Array) => toHex(decodeJpkiCvc(cvc).subjectKeyId);
    expect(id(one.institution!)).not.toBe(id(other.institution!));
    expect(id(one.intermediate!)).toBe(id(other.intermediate!));
  });

  test('a public key that is none is refused', async () => {
    await expect(jlis.certifyTerminal('no key')).rejects.toMatchObject({ code: 'ERR_JLIS_KEY' });
  });

  test('the iso layout takes no dates outside its century', () => {
    expect(() =>
      issueCvCertificate(
        { reference: 'JPX00001', privateKeyPem: key.privateKeyPem },
        {
          reference: 'JPX00001',
          role: 'cvca',
          publicKeyPem: key.publicKeyPem,
          effective: new Date('1999-12-31'),
          expiry: new Date('2026-01-01'),
        },
      ),
    ).toThrow(RangeError);
  });
});

describe('revoke', () => {
  test('puts the number on a CRL that verifies', async () => {
    const { serial } = await jlis.issue({ publicKeyPem: key.publicKeyPem });
    await jlis.revoke(serial);
    const crl = new x509.X509Crl(readFileSync(join(directory, 'crl.der')));
    expect(await crl.verify({ publicKey: parsed(ca.raw).publicKey })).toBe(true);
    expect(crl.entries.map(({ serialNumber }) => serialNumber)).toContain(serial);
    expect(crl.nextUpdate!.getTime() - crl.thisUpdate.getTime()).toBe(86_400_000);
  });

  test('twice is refused', async () => {
    await jlis.revoke('00c0ffee');
    await expect(jlis.revoke('C0FFEE'.padStart(8, '0'))).rejects.toMatchObject({
      code: 'ERR_JLIS_REVOKED',
    });
  });
});

describe('holders', () => {
  test('share keys and nothing else', async () => {
    const list = await holders(jlis, 20, 2);
    expect(new Set(list.map(({ serial }) => serial)).size).toBe(20);
    expect(new Set(list.map((holder) => holder.key.publicKeyPem)).size).toBe(2);
    const [first, second] = list.map(({ certificate }) => new X509Certificate(certificate));
    expect(first!.subject).not.toBe(second!.subject);
    for (const { certificate, key } of list) {
      const node = new X509Certificate(certificate);
      expect(node.verify(ca.publicKey)).toBe(true);
      expect(node.checkPrivateKey(createPrivateKey(key.privateKeyPem))).toBe(true);
    }
  });
});

describe('newCard', () => {
  const holds = ({ certificatePem, privateKeyPem }: Awaited<ReturnType<typeof newCard>>['file']) =>
    new X509Certificate(certificatePem!).checkPrivateKey(createPrivateKey(privateKeyPem));

  test.each(Object.keys(SCENARIOS) as Scenario[])(
    '%s can be put into a reader',
    async (scenario) => {
      const { file } = await newCard(jlis, { scenario, key });
      const { atr } = cardFromFile(file);
      expect(file.scenario).toBe(scenario);
      // TCK: all octets after TS come to zero (ISO/IEC 7816-3 8.2.5).
      expect(atr.subarray(1).reduce((sum, octet) => sum ^ octet, 0)).toBe(0);
    },
  );

  test('a card with keys that are none is refused', async () => {
    const { file } = await newCard(jlis, { key });
    for (const change of [
      { privateKeyPem: '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n' },
      { certificatePem: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n' },
    ]) {
      expect(() => cardFromFile({ ...file, ...change })).toThrow(
        expect.objectContaining({ code: 'ERR_CARD_FILE' }),
      );
    }
  });

  test('a normal card holds the key of its certificate', async () => {
    const { file, serial } = await newCard(jlis, { key });
    expect(holds(file)).toBe(true);
    expect(new X509Certificate(file.certificatePem!).serialNumber.toLowerCase()).toBe(serial);
  });

  test('a clone has the certificate of its victim and another key', async () => {
    const { file: victim } = await newCard(jlis, { key });
    const { file, serial } = await newCard(jlis, { scenario: 'clone', victim });
    expect(file.certificatePem).toBe(victim.certificatePem);
    expect(holds(file)).toBe(false);
    expect(serial).toBeUndefined();
  });

  test('validity by scenario', async () => {
    const dates = async (scenario: Scenario) => {
      const { file } = await newCard(jlis, { scenario, key });
      const { validFrom, validTo } = new X509Certificate(file.certificatePem!);
      return [Date.parse(validFrom) < Date.now(), Date.parse(validTo) > Date.now()];
    };
    expect(await dates('normal')).toEqual([true, true]);
    expect(await dates('expired')).toEqual([true, false]);
    expect(await dates('not-yet-valid')).toEqual([false, true]);
  });

  test('other-ca is not signed by the CA', async () => {
    const { file } = await newCard(jlis, { scenario: 'other-ca', key });
    const certificate = new X509Certificate(file.certificatePem!);
    expect(certificate.verify(ca.publicKey)).toBe(false);
    expect(certificate.issuer).toBe(ca.subject);
  });

  test('revoked is on the CRL', async () => {
    const { serial } = await newCard(jlis, { scenario: 'revoked', key });
    const crl = new x509.X509Crl(readFileSync(join(directory, 'crl.der')));
    expect(crl.entries.map(({ serialNumber }) => serialNumber)).toContain(serial);
  });

  test('wrong-terminal-ca does not know our certificates', async () => {
    const { intermediate } = await jlis.certifyTerminal(key.publicKeyPem);
    const { file } = await newCard(jlis, { scenario: 'wrong-terminal-ca', key });
    const terminal = new Terminal(cardFromFile(file));
    terminal.sw('00A4040C0AD392F000260100000001');
    terminal.sw('00A4020C020016');
    expect(terminal.swOf('80A206C1', intermediate!.subarray(0, 307))).toBe('9000');
    expect(terminal.swOf('80A200C1', intermediate!.subarray(307))).toBe('6A88');
  });

  test.each(['p256', 'p384'] as const)('an iso card with a key on %s', async (kind) => {
    const { file } = await newCard(jlis, { profile: 'iso', key: kind });
    expect(file.profile).toBe('iso');
    expect(holds(file)).toBe(true);
  });
});
