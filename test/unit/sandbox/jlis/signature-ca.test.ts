import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { JPKI_PROFILE, JPKI_SIGNATURE_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { derOf } from '@pinless-gate/protocol/pem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JpkiCardFile } from '../../../sandbox/card/card-file.ts';
import { Jlis } from '../../../sandbox/jlis/jlis.ts';
import { newRsaKey } from '../../../sandbox/jlis/keys.ts';
import { newCard } from '../../../sandbox/jlis/new-card.ts';
import { type JlisServer, startJlisServer } from '../../../sandbox/jlis/server.ts';
import { readSignatureState, SignatureCa } from '../../../sandbox/jlis/signature-ca.ts';
import { forFile } from '../../gate-firmware/temporary.ts';

let jlis: Jlis;
let card: JpkiCardFile;
let authenticationSerial: string;
let signatureSerial: string;

const file = (name: string) => join(jlis.files.directory, name);
const pemOf = (name: string) => jlis.files.text(name);
const der = async (name: string) => derOf(await jlis.files.octets(name), 'CERTIFICATE');
const certificate = (pem: string) => derOf(Buffer.from(pem), 'CERTIFICATE');

beforeAll(async () => {
  jlis = await Jlis.create(forFile());
  const made = await newCard(jlis, { signaturePassword: 'ABC12345', birthDate: '19900102' });
  card = made.file as JpkiCardFile;
  authenticationSerial = made.serial!;
  signatureSerial = (await readSignatureState(jlis.files))!.links[0]!.signature;
}, 60_000);

describe('a signature certificate', () => {
  test('is one by openssl: chain, key usage, policy, and the four items', () => {
    writeFileSync(file('signer.pem'), card.signature!.certificatePem);
    const chain = ['verify', '-CAfile', file('signature-ca.pem'), file('signer.pem')];
    expect(execFileSync('openssl', chain).toString()).toContain('OK');
    const text = execFileSync('openssl', ['x509', '-noout', '-text', '-in', file('signer.pem')]);
    expect(text.toString()).toMatch(/Digital Signature, Non Repudiation/);
    expect(text.toString()).toContain('1.2.392.200149.8.5.1.1.20');
    expect(text.toString()).toContain('OU = JPKI for digital signature');
    const asn1 = ['asn1parse', '-in', file('signer.pem'), '-strparse'];
    const all = execFileSync('openssl', asn1.slice(0, -1)).toString();
    const at = /X509v3 Subject Alternative Name\n\s*(\d+):/.exec(all)![1]!;
    const names = execFileSync('openssl', [...asn1, at]).toString();
    expect(names).toContain('1.2.392.200149.8.5.5.1');
    expect(names).toContain('UTF8STRING        :419900102');
  });

  test('is of the signature class and of its CA, and of nothing else', async () => {
    const octets = certificate(card.signature!.certificatePem);
    const anchors = trustAnchors([await der('signature-ca.pem')]);
    const others = trustAnchors([await der('ca.pem')]);
    const now = Date.now();
    const verdict = (...rest: [typeof anchors, typeof JPKI_PROFILE]) => {
      const result = verifyUserCertificate(octets, rest[0], now, rest[1]);
      return result.ok ? 'ok' : result.reason;
    };
    expect(verdict(anchors, JPKI_SIGNATURE_PROFILE)).toBe('ok');
    expect(verdict(others, JPKI_SIGNATURE_PROFILE)).toBe('unknown-issuer');
    expect(verdict(anchors, JPKI_PROFILE)).toBe('signature-class');
  });

  test('is on the list of its CA once it is revoked', async () => {
    const ca = await SignatureCa.open(jlis.files);
    const { publicKeyPem } = await newRsaKey();
    const items = { name: '見本　太郎', address: '東京都', birthDate: '20190501', sex: '1' };
    const { serial, pem } = await ca.issue({ publicKeyPem, items });
    await ca.revoke(serial);
    const anchors = trustAnchors([await der('signature-ca.pem')]);
    const verdict = verifyCrl(await jlis.files.octets('signature-crl.der'), anchors, Date.now());
    if (!verdict.ok) throw new Error(verdict.reason);
    const listed = (hex: string) => verdict.crl.revoked.has(Buffer.from(hex, 'hex'));
    expect(listed(serial.replace(/^(?:00)+/, ''))).toBe(true);
    expect(listed(signatureSerial.replace(/^(?:00)+/, ''))).toBe(false);
    // It is the list of one municipality, to openssl as well.
    expect(verdict.crl.point).toBeDefined();
    writeFileSync(file('revoked.pem'), pem);
    const crl = ['crl', '-inform', 'DER', '-in', file('signature-crl.der')];
    execFileSync('openssl', [...crl, '-out', file('signature-crl.pem')]);
    const lists = ['-CAfile', file('signature-ca.pem'), '-CRLfile', file('signature-crl.pem')];
    const judge = (name: string) =>
      spawnSync('openssl', ['verify', '-crl_check', ...lists, file(name)], { encoding: 'utf8' });
    expect(judge('signer.pem')).toMatchObject({ status: 0, stdout: expect.stringContaining('OK') });
    expect(judge('revoked.pem').stderr).toContain('certificate revoked');
    await expect(ca.revoke(serial)).rejects.toMatchObject({ code: 'ERR_JLIS_REVOKED' });
  });

  test('another process goes on with the same CA', async () => {
    const before = await der('signature-ca.pem');
    await SignatureCa.open((await Jlis.open(jlis.files.directory)).files);
    expect(await der('signature-ca.pem')).toEqual(before);
  });
});

describe('which serial numbers belong together', () => {
  let server: JlisServer;
  const nonce = createHash('sha256').update('nonce').digest('hex');

  beforeAll(async () => {
    server = await startJlisServer(jlis.files.directory);
  });
  afterAll(() => server.close());

  async function ask(question: object) {
    const response = await fetch(`${server.url}link`, {
      method: 'POST',
      body: JSON.stringify({ format: 'pinless-gate/serial-link-request/1', nonce, ...question }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    const signature = response.headers.get('pinless-gate-signature') ?? '';
    const signer = await pemOf('link-signer.pem');
    const signed = verify('sha256', body, signer, Buffer.from(signature, 'base64'));
    return {
      status: response.status,
      signed,
      answer: body.length > 0 ? JSON.parse(`${body}`) : {},
    };
  }

  const short = (serial: string) => serial.replace(/^(?:00)+/, '');

  test('a signature certificate and its card’s other one', async () => {
    const { status, signed, answer } = await ask({
      serial: short(signatureSerial),
      issuer: 'jpki-sign',
    });
    expect({ status, signed }).toEqual({ status: 200, signed: true });
    const own = certificate(card.certificatePem!);
    expect(answer).toMatchObject({
      nonce,
      asked: { serial: short(signatureSerial), issuer: 'jpki-sign' },
      linked: {
        serial: short(authenticationSerial),
        issuer: 'jpki-auth',
        certificate: Buffer.from(own).toString('base64'),
      },
    });
  });

  test('nobody knows the other certificate', async () => {
    const { signed, answer } = await ask({ serial: '05ffffff', issuer: 'jpki-sign' });
    expect({ signed, linked: answer.linked }).toEqual({ signed: true, linked: null });
  });

  test('old and new, through every renewal', async () => {
    const { serial } = await newCard(jlis);
    const { publicKeyPem } = await newRsaKey();
    const first = await jlis.renew(serial!, publicKeyPem);
    const second = await jlis.renew(first.serial, publicKeyPem);
    const { answer } = await ask({ serial: short(serial!), issuer: 'jpki-auth' });
    expect(answer.linked.serial).toBe(short(second.serial));
    const itself = await ask({ serial: short(second.serial), issuer: 'jpki-auth' });
    expect(itself.answer.linked.serial).toBe(short(second.serial));
  });

  test('a new number that is not told', async () => {
    const { serial } = await newCard(jlis);
    await jlis.renew(serial!, (await newRsaKey()).publicKeyPem, false);
    const { answer } = await ask({ serial: short(serial!), issuer: 'jpki-auth' });
    expect(answer.linked).toBeNull();
  });

  test.each([
    [{ serial: '01', issuer: 'others' }],
    [{ serial: 'ABC', issuer: 'jpki-auth' }],
    [{ serial: '01', issuer: 'jpki-auth', nonce: 'short' }],
  ])('no question: %j', async (question) => {
    expect(await ask(question)).toMatchObject({ status: 400, signed: false });
  });
});
