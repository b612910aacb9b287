import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '@pinless-gate/hsm/cli/program';
import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  encodeCvAuthentication,
  encodeCvAuthenticationBody,
  encodeCvRequest,
  encodeCvRequestBody,
} from '@pinless-gate/protocol/cvc/request';
import type { CvCertificateBody } from '@pinless-gate/protocol/cvc/tr03110';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import {
  institutionKeyId,
  intermediateKeyId,
  issueJpkiCvc,
  terminalCaKeyId,
} from '@pinless-gate/test/sandbox/jlis/terminal-ca';
import { afterAll, describe, expect, test } from 'vitest';
import {
  cvca,
  day,
  dv,
  dvBody,
  dvCertificate,
  issue,
  type Party,
  party,
  root,
  rsa,
  signed,
  terminal,
  terminalBody,
  terminalCertificate,
} from '../../protocol/cvc/authority.ts';
import { run } from '../../run.ts';

const directory = mkdtempSync(join(tmpdir(), 'cvc-'));
afterAll(() => rmSync(directory, { recursive: true }));
function file(name: string, content: Uint8Array | string) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
const missing = join(directory, 'missing');
const show = (...argv: readonly string[]) => run(program, 'cvc', 'show', ...argv);
const verify = (...argv: readonly string[]) => run(program, 'cvc', 'verify', ...argv);

// Two anchors, a chain, and one more key for everything that goes wrong.
const CVCA = file('cvca.cvcert', root.encoded);
const DV = file('dv.cvcert', dvCertificate.encoded);
const TERMINAL = file('terminal.cvcert', terminalCertificate.encoded);
const AT = ['--at', '2026-12-20T12:00:00Z'];
const anchored = ['--anchor', CVCA, ...AT];

const [caKeys, betweenKeys, ownKeys] = [rsa, party('rsa-sha256', 2048), party('rsa-sha256', 2048)];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const pem = ({ key }: Party) =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.key.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
const issuerKey = (keyId: string, { privateKey }: Party) => ({
  keyId,
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
});
const jpki = (issuer: [string, Party], subject: [string, Party]) =>
  issueJpkiCvc(issuerKey(...issuer), { keyId: subject[0], publicKeyPem: pem(subject[1]) });
const [CA_ID, BETWEEN_ID, OWN_ID] = [terminalCaKeyId(), intermediateKeyId(), institutionKeyId(1)];
const between = jpki([CA_ID, caKeys], [BETWEEN_ID, betweenKeys]);
const own = jpki([BETWEEN_ID, betweenKeys], [OWN_ID, ownKeys]);
const JPKI_CA = file('ca.json', JSON.stringify({ keyId: CA_ID, publicKeyPem: pem(caKeys), x: 1 }));
const BETWEEN = file('between.cvc', between);
const OWN = file('own.cvc', own);

const { point } = terminal.key.key as { point: Uint8Array };
function request(change: object = {}, signer = terminal): Uint8Array {
  const body = encodeCvRequestBody({
    holderReference: 'JPGATETERM00002',
    publicKey: terminal.key,
    ...change,
  });
  return encodeCvRequest(body, signed(body, signer));
}
function authentication(inner: Uint8Array, reference: string, signer: Party): Uint8Array {
  const covered = encodeCvAuthenticationBody(inner, reference);
  return encodeCvAuthentication(covered, signed(covered, signer));
}
const bare = {
  authorityReference: 'JPGATEDV000001',
  publicKey: { algorithm: 'ecdsa-sha256', point },
};
const REQUEST = file('request', request());
const issued = (change: Partial<CvCertificateBody>, signer: Party) => issue(change, signer).encoded;

describe('hsm cvc show', () => {
  test('what a person reads', async () => {
    const { code, out } = await show(TERMINAL);
    expect(code).toBe(0);
    expect(out[0]).toBe(`${TERMINAL}: certificate of TR-03110`);
    expect(out.slice(1).map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
      '|key|rsa-sha256, RSA of 2048 bits',
      '|CAR|JPGATEDV000001',
      '|CHR|JPGATETERM00001',
      `|key SHA-256|${sha256(rsa.key.key.spki)}`,
      '|role|terminal',
      '|type|authentication terminal',
      '|rights|0000000001',
      '|effective|2026-01-01',
      '|expiry|2026-12-31',
      '|signature|64 octets',
    ]);
  });

  const sha1 = toHex(root.encoded).replace('04007f00070202020203', '04007f00070202020201');
  const curve = toHex(root.encoded).replace('8120ffffffff00000001', '8120ffffffff00000003');
  test.each<[string, Uint8Array, string, string]>([
    ['JPKI', own, 'certificate of JPKI', 'rsa-sha256, RSA of 2048 bits'],
    ['a request', request(), 'request of TR-03110', 'ecdsa-sha256, P-256'],
    [
      'a request with an outer signature',
      authentication(request(bare), 'JPGATETERM00001', rsa),
      'request of TR-03110 with an outer signature',
      "ecdsa-sha256, on the curve of the CA's key",
    ],
    [
      'SHA-1',
      fromHex(sha1),
      'certificate of TR-03110',
      'ecdsa-sha1, P-256; nothing is verified with it (algorithm)',
    ],
    [
      'another curve',
      fromHex(curve),
      'certificate of TR-03110',
      'ecdsa-sha256, on an unknown curve; nothing is verified with it (curve)',
    ],
  ])('what a person reads of the key: %s', async (_, content, heading, key) => {
    const path = file('one', content);
    const { out } = await show(path);
    expect(out[0]).toBe(`${path}: ${heading}`);
    expect(out[1]).toBe(`  key              ${key}`);
    expect(out.join('\n')).not.toContain('undefined');
  });

  test('what a person reads of a key that has no known form', async () => {
    const oid = encodeTlv(6, fromHex('04007f00070202020203'));
    const body = encodeTlv(
      0x7f4e,
      encodeTlv(0x5f29, Uint8Array.of(0)),
      encodeTlv(0x7f49, oid, encodeTlv(0x88)),
      encodeTlv(0x5f20, Buffer.from('JP0001')),
    );
    const path = file('one', encodeTlv(0x7f21, body, encodeTlv(0x5f37, Uint8Array.of(1))));
    expect((await show(path)).out[1]).toBe(
      '  key              ecdsa-sha256, of an unknown form; nothing is verified with it (malformed)',
    );
  });

  const EC = { algorithm: 'ecdsa-sha256', kind: 'ec' };
  test.each<[string, Uint8Array | string, object]>([
    [
      'a verifier',
      dvCertificate.encoded,
      { kind: 'certificate', role: 'dv', key: { ...EC, curve: 'inherited' } },
    ],
    ['hexadecimal', `${toHex(root.encoded)}\n`, { kind: 'certificate', role: 'cvca' }],
    [
      'a JPKI certificate',
      own,
      { kind: 'jpki', issuerKeyId: BETWEEN_ID, subjectKeyId: OWN_ID, signatureLength: 256 },
    ],
    [
      'a request',
      request(),
      { kind: 'request', holderReference: 'JPGATETERM00002', key: { ...EC, curve: 'P-256' } },
    ],
    [
      'a request with an outer signature',
      authentication(request(bare), 'JPGATETERM00001', rsa),
      {
        kind: 'authentication',
        authorityReference: 'JPGATEDV000001',
        outerAuthorityReference: 'JPGATETERM00001',
        outerSignatureLength: 256,
      },
    ],
    [
      'an algorithm that nothing is verified with',
      fromHex(toHex(root.encoded).replace('04007f00070202020203', '04007f00070202020201')),
      { key: { algorithm: 'ecdsa-sha1', kind: 'ec', curve: 'P-256', refused: 'algorithm' } },
    ],
    [
      'another terminal type',
      issued({ authorization: { oid: fromHex('2a03'), rights: Uint8Array.of(0) } }, cvca),
      { type: '1.2.3', role: 'terminal' },
    ],
  ])('--json: %s', async (_, content, expected) => {
    const path = file('one', content);
    const { code, out } = await show('--json', path);
    expect(code).toBe(0);
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0]!)).toMatchObject({ file: path, ok: true, ...expected });
  });

  test.each<[string, Uint8Array | string, string]>([
    ['empty', '', 'malformed'],
    ['text', 'CV certificate', 'malformed'],
    ['half an octet', toHex(root.encoded).slice(1), 'malformed'],
    ['cut short', root.encoded.subarray(0, -1), 'malformed'],
    ['an octet too many', concat(root.encoded, Uint8Array.of(0)), 'malformed'],
    ['an X.509 certificate', fromHex('3003020100'), 'malformed'],
    ['7F21 with something else', fromHex('7f2103020100'), 'malformed'],
    ['over 64 KiB', new Uint8Array(65_537), 'too-long'],
    ['JPKI with another key id', own.with(13, 0), 'malformed'],
  ])('refused, and the next is shown: %s', async (_, content, reason) => {
    const path = file('one', content);
    const { code, out } = await show('--json', path, missing, CVCA);
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      { file: path, ok: false, reason },
      { file: missing, ok: false, reason: 'unreadable' },
      { file: CVCA, ok: true },
    ]);
    expect((await show(path)).out).toEqual([`${path}: ${reason}`]);
  });
});

describe('hsm cvc verify', () => {
  test('both layouts at once, each file under those before it', async () => {
    const anchors = ['--anchor', CVCA, '--anchor', JPKI_CA, ...AT];
    const { code, out, err } = await verify(...anchors, DV, BETWEEN, TERMINAL, OWN, CVCA);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toEqual([DV, BETWEEN, TERMINAL, OWN, CVCA].map((path) => `${path}: ok`));
  });

  test('a JPKI certificate as anchor', async () => {
    expect((await verify('--anchor', BETWEEN, OWN)).out).toEqual([`${OWN}: ok`]);
  });

  test('of anchors with one name, the one that signed', async () => {
    const other = file('other', issued({ publicKey: dv.key }, dv));
    for (const anchors of [
      [other, CVCA],
      [CVCA, other],
    ]) {
      const { code } = await verify(...anchors.flatMap((path) => ['--anchor', path]), ...AT, DV);
      expect(code).toBe(0);
    }
  });

  test.each(['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1', 'P-384'])(
    '%s, inherited down to the terminal',
    async (curve) => {
      const algorithm = curve === 'brainpoolP256r1' ? 'ecdsa-sha256' : 'ecdsa-sha512';
      const [ca, verifier, gate] = [1, 2, 3].map(() => party(algorithm, curve)) as [
        Party,
        Party,
        Party,
      ];
      const pointOf = ({ key }: Party) =>
        ({ algorithm, point: (key.key as { point: Uint8Array }).point }) as const;
      const paths = [
        file('c', issued({ publicKey: ca.key }, ca)),
        file('d', issued({ ...dvBody, publicKey: pointOf(verifier) }, ca)),
        file('t', issued({ ...terminalBody, publicKey: pointOf(gate) }, verifier)),
      ] as const;
      const { code, out } = await verify('--anchor', paths[0], ...AT, paths[1], paths[2]);
      expect({ code, out }).toEqual({ code: 0, out: [`${paths[1]}: ok`, `${paths[2]}: ok`] });
    },
  );

  test.each(['rsa-sha256', 'rsa-sha512', 'pss-sha256', 'pss-sha512'] as const)(
    '%s',
    async (algorithm) => {
      const ca = party(algorithm, 2048);
      const anchor = file('c', issued({ publicKey: ca.key }, ca));
      const path = file('d', issued({ ...dvBody, publicKey: dv.key }, ca));
      expect((await verify('--anchor', anchor, ...AT, path)).out).toEqual([`${path}: ok`]);
    },
  );

  const weak = party('rsa-sha256', 1024);
  test.each<[string, Uint8Array, string]>([
    ['signed by another key', issued(dvBody, terminal), 'signature'],
    ['of an issuer that comes later', terminalCertificate.encoded, 'issuer'],
    ['expired', issued({ ...dvBody, expiry: day('2026-12-19') }, cvca), 'expired'],
    [
      'not yet effective',
      issued({ ...dvBody, effective: day('2026-12-21') }, cvca),
      'not-yet-effective',
    ],
    [
      'a terminal under the CVCA',
      issued({ ...terminalBody, authorityReference: 'JPGATECVCA00001' }, cvca),
      'role',
    ],
    ['a weak key', issued({ ...dvBody, publicKey: weak.key }, cvca), 'key-weak'],
    ['a JPKI certificate of nobody', between, 'issuer'],
    [
      'SHA-1',
      fromHex(toHex(dvCertificate.encoded).replace('04007f00070202020203', '04007f00070202020201')),
      'algorithm',
    ],
    [
      'SHA-224',
      fromHex(toHex(dvCertificate.encoded).replace('04007f00070202020203', '04007f00070202020202')),
      'algorithm',
    ],
    [
      'another curve',
      fromHex(toHex(root.encoded).replace('8120ffffffff00000001', '8120ffffffff00000003')),
      'curve',
    ],
    [
      'a point off the curve',
      issued(
        {
          ...dvBody,
          publicKey: { algorithm: 'ecdsa-sha256', point: point.with(9, point[9]! ^ 1) },
        },
        cvca,
      ),
      'key',
    ],
    ['no certificate', Uint8Array.of(0x7f), 'malformed'],
  ])('refused, and the next is verified: %s', async (_, content, reason) => {
    const path = file('one', content);
    const { code, out } = await verify(...anchored, '--json', path, missing, DV);
    expect(code).toBe(1);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { file: path, ok: false, reason },
      { file: missing, ok: false, reason: 'unreadable' },
      { file: DV, ok: true, kind: 'certificate' },
    ]);
  });

  test('what is refused proves nothing after it', async () => {
    const { out } = await verify('--anchor', CVCA, '--at', '2027-02-01T00:00:00Z', DV, TERMINAL);
    expect(out).toEqual([`${DV}: anchor-expired`, `${TERMINAL}: issuer`]);
  });

  test.each([
    ['first second of the effective day', '2026-01-01T00:00:00Z', 'ok'],
    ['the second before', '2025-12-31T23:59:59Z', 'anchor-not-yet-effective'],
    ['last second of the expiry day', '2026-12-31T23:59:59Z', 'ok'],
    ['Unix seconds', String(day('2027-01-01')), 'anchor-expired'],
  ])('--at: %s', async (_, at, outcome) => {
    expect((await verify('--anchor', CVCA, '--at', at, DV)).out).toEqual([`${DV}: ${outcome}`]);
  });

  test.each<[string, Uint8Array, string]>([
    ['another CA', jpki([CA_ID, ownKeys], [BETWEEN_ID, betweenKeys]), 'signature'],
    ['another key id', jpki([OWN_ID, caKeys], [BETWEEN_ID, betweenKeys]), 'issuer'],
    ['a flipped bit', between.with(-1, between.at(-1)! ^ 1), 'signature'],
  ])('JPKI, refused: %s', async (_, content, reason) => {
    const path = file('one', content);
    const { code, out } = await verify('--anchor', JPKI_CA, path, OWN);
    expect({ code, out }).toEqual({ code: 1, out: [`${path}: ${reason}`, `${OWN}: issuer`] });
  });
});

describe('hsm cvc verify, requests', () => {
  test('its own key is enough, without an anchor', async () => {
    expect(await verify(REQUEST)).toEqual({
      code: 0,
      out: [`${REQUEST}: ok (request, its own key)`],
      err: [],
    });
    expect((await verify('--json', REQUEST)).out.map((line) => JSON.parse(line))).toEqual([
      { file: REQUEST, ok: true, kind: 'request' },
    ]);
  });

  test('domain parameters of a certificate before it', async () => {
    const path = file('one', request(bare));
    expect((await verify(...anchored, DV, path)).code).toBe(0);
    expect((await verify(...anchored, path)).out).toEqual([`${path}: issuer`]);
    expect((await verify(path)).out).toEqual([`${path}: issuer`]);
  });

  test('an outer signature of the key that it names', async () => {
    const path = file('one', authentication(request(), 'JPGATETERM00001', rsa));
    const { code, out } = await verify(...anchored, '--json', DV, TERMINAL, path);
    expect(code).toBe(0);
    expect(JSON.parse(out[2]!)).toEqual({
      file: path,
      ok: true,
      kind: 'request',
      vouchedBy: 'JPGATETERM00001',
    });
    expect((await verify(...anchored, DV, TERMINAL, path)).out[2]).toBe(
      `${path}: ok (request, by JPGATETERM00001)`,
    );
  });

  test.each<[string, Uint8Array, string]>([
    ['another inner signature', request({}, dv), 'signature'],
    ['a bare point that names nobody', request({ publicKey: bare.publicKey }), 'domain'],
    ['another outer signature', authentication(request(), 'JPGATETERM00001', dv), 'signature'],
    ['an outer signature of nobody', authentication(request(), 'JPGATETERM00009', rsa), 'issuer'],
    [
      'a good outer one over a bad inner one',
      authentication(request({}, dv), 'JPGATETERM00001', rsa),
      'signature',
    ],
    [
      'an outer RSA key for a bare point',
      authentication(request(bare), 'JPGATETERM00001', rsa),
      'domain',
    ],
  ])('refused: %s', async (_, content, reason) => {
    const path = file('one', content);
    const { code, out } = await verify(...anchored, DV, TERMINAL, path);
    expect({ code, last: out[2] }).toEqual({ code: 1, last: `${path}: ${reason}` });
  });
});

describe('hsm cvc, usage and anchors', () => {
  test.each<[string, readonly string[], string]>([
    ['show without a file', ['show'], 'which CV certificates?'],
    ['verify without a file', ['verify', '--anchor', CVCA], 'which CV certificates?'],
    ['verify without an anchor', ['verify', DV], '--anchor is missing'],
    [
      'a request and a certificate without an anchor',
      ['verify', REQUEST, DV],
      '--anchor is missing',
    ],
    [
      'a time without a zone',
      ['verify', '--anchor', CVCA, '--at', '2026-12-20T12:00', DV],
      '--at is neither',
    ],
    ['an unknown option', ['show', '--anchor', CVCA, DV], "Unknown option '--anchor'"],
    ['cvc alone', [], 'unknown command "cvc"'],
  ])('wrong usage: %s', async (_, argv, message) => {
    const { code, out, err } = await run(program, 'cvc', ...argv);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err[0]).toContain(message);
  });

  const json = (value: object) => JSON.stringify(value);
  const CA = { keyId: CA_ID, publicKeyPem: pem(caKeys) };
  test.each<[string, Uint8Array | string, string]>([
    ['a verifier', issued({ ...dvBody, publicKey: dv.key }, cvca), 'ERR_CVC_ISSUER'],
    ['a CVCA that another key signed', issued({}, dv), 'ERR_CVC_SIGNATURE'],
    [
      'self-signed, but a terminal',
      issued({ authorization: { oid: fromHex('2a03'), rights: Uint8Array.of(0) } }, cvca),
      'ERR_CVC_ROLE',
    ],
    [
      'SHA-1',
      fromHex(toHex(root.encoded).replace('04007f00070202020203', '04007f00070202020201')),
      'ERR_CVC_ALGORITHM',
    ],
    ['a request', request(), 'ERR_CVC_ANCHOR'],
    ['empty', '', 'ERR_CVC_ANCHOR'],
    ['no JSON', '{', 'ERR_CVC_ANCHOR'],
    ['too long', ' '.repeat(65_537), 'ERR_CVC_ANCHOR'],
    ['JSON without a key', json({ keyId: CA_ID }), 'ERR_CVC_ANCHOR'],
    ['a key id of 31 digits', json({ ...CA, keyId: CA_ID.slice(1) }), 'ERR_CVC_ANCHOR'],
    ['a key id of another form', json({ ...CA, keyId: '00'.repeat(16) }), 'ERR_CVC_ANCHOR'],
    ['a key on a curve', json({ ...CA, publicKeyPem: pem(cvca) }), 'ERR_CVC_ANCHOR'],
    ['a key that is none', json({ ...CA, publicKeyPem: 'x' }), 'ERR_TLV_TRUNCATED'],
  ])('an anchor that is none ends the command: %s', async (_, content, expected) => {
    const path = file('anchor', content);
    const { code, out, err } = await verify('--anchor', path, DV);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err[0]).toContain(path);
    expect(err[0]).toContain(`[${expected}]`);
  });

  test('an anchor that is not there', async () => {
    const { code, err } = await verify('--anchor', missing, DV);
    expect(code).toBe(1);
    expect(err[0]).toContain('[ENOENT]');
  });
});
