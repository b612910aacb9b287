import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signatureVerifyCommand } from '@pinless-gate/gate-firmware/cli/signature';
import { toHex } from '@pinless-gate/protocol/bytes';
import { afterAll, describe, expect, test } from 'vitest';
import { pssKeys } from '../../protocol/pss-keys.ts';
import { run } from '../../run.ts';

const directory = mkdtempSync(join(tmpdir(), 'vectors-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'vectors.json');

const command = (...argv: readonly string[]) =>
  run(
    { name: 'gate', usage: '', commands: { 'signature verify': signatureVerifyCommand } },
    'signature',
    'verify',
    ...argv,
  );
async function verify(file: unknown, ...argv: readonly string[]) {
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
  return command('--vectors', path, ...argv);
}
/** The object of `--json`. */
async function report(...testGroups: readonly object[]) {
  const { out, code } = await verify({ testGroups }, '--json');
  return { code, ...JSON.parse(out.join('')) };
}

const message = Buffer.from('what is signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = (key: KeyObject) => toHex(key.export({ type: 'spki', format: 'der' }));
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' });
const vector = (sig: Uint8Array, result: string, tcId = 1) => ({
  tcId,
  comment: 'why',
  flags: [],
  msg: toHex(message),
  sig: toHex(sig),
  result,
});

const signature = sign('sha256', message, rsa.privateKey);
const wrong = signature.with(-1, signature.at(-1)! ^ 1);
const PKCS1 = { type: 'RsassaPkcs1Verify', sha: 'SHA-256', publicKeyDer: der(rsa.publicKey) };
const good = [vector(signature, 'valid')];

describe('gate signature verify', () => {
  test('one line a case, then the sum', async () => {
    const file = {
      testGroups: [
        {
          ...PKCS1,
          tests: [
            vector(signature, 'valid', 1),
            vector(wrong, 'invalid', 2),
            vector(wrong, 'acceptable', 3),
            vector(signature, 'acceptable', 4),
            vector(signature, 'invalid', 5),
            vector(wrong, 'valid', 6),
          ],
        },
        { ...PKCS1, sha: 'SHA-1', tests: [vector(signature, 'valid', 7)] },
      ],
    };
    expect(await verify(file)).toEqual({
      code: 1,
      out: [
        '1: pass, valid',
        '2: pass, invalid',
        '3: pass, invalid',
        '4: pass, valid',
        '5: fail, expected invalid, got valid: why',
        '6: fail, expected valid, got invalid: why',
        '7: unsupported',
        '6 cases: 4 agree, 2 disagree; 1 unsupported',
      ],
      err: [],
    });
    const json = await verify(file, '--json');
    expect(json.code).toBe(1);
    expect(json.out.map((line) => JSON.parse(line))).toEqual([
      {
        cases: 6,
        agree: 4,
        unsupported: 1,
        disagree: [
          { tcId: 5, comment: 'why', expected: 'invalid', got: 'valid' },
          { tcId: 6, comment: 'why', expected: 'valid', got: 'invalid' },
        ],
      },
    ]);
  });

  const asn = toHex(rsa.publicKey.export({ type: 'pkcs1', format: 'der' }));
  const { n, e } = rsa.publicKey.export({ format: 'jwk' });
  const octets = (text: string) => toHex(Buffer.from(text, 'base64url'));
  const [modulus, publicExponent] = [`00${octets(n!)}`, octets(e!)];
  const { publicKeyDer, ...noKey } = PKCS1;
  test.each<[string, object]>([
    ['publicKeyDer', { publicKeyDer }],
    ['publicKeyPem', { publicKeyPem: pem(rsa.publicKey) }],
    ['publicKeyAsn', { publicKeyAsn: asn }],
    ['publicKey', { publicKey: { modulus, publicExponent } }],
    ['keyDer', { keyDer: publicKeyDer }],
    ['keyPem', { keyPem: pem(rsa.publicKey) }],
    ['keyAsn', { keyAsn: asn }],
    ['n and e', { n: modulus, e: publicExponent }],
  ])('an RSA key as %s', async (_, key) => {
    expect(await report({ ...noKey, ...key, tests: good })).toMatchObject({ cases: 1, agree: 1 });
  });

  const { x, y } = p256.publicKey.export({ format: 'jwk' });
  const point = `04${octets(x!)}${octets(y!)}`;
  const ecdsa = [vector(sign('sha256', message, p256.privateKey), 'valid')];
  const ECDSA = { type: 'EcdsaVerify', sha: 'SHA-256' };
  test.each<[string, object]>([
    ['publicKeyDer', { publicKeyDer: der(p256.publicKey) }],
    ['publicKeyPem', { publicKeyPem: pem(p256.publicKey) }],
    ['publicKey', { publicKey: { curve: 'secp256r1', uncompressed: point } }],
    ['key', { key: { curve: 'P-256', uncompressed: point } }],
  ])('a key on a curve as %s', async (_, key) => {
    expect(await report({ ...ECDSA, ...key, tests: ecdsa })).toMatchObject({ cases: 1, agree: 1 });
  });

  test.each([
    ['P-256', 'SHA-256'],
    ['P-256', 'SHA-512'],
    ['P-384', 'SHA-384'],
    ['P-521', 'SHA-512'],
    ['brainpoolP256r1', 'SHA-256'],
    ['brainpoolP384r1', 'SHA-384'],
    ['brainpoolP512r1', 'SHA-512'],
  ])('ECDSA on %s with %s, DER and r‖s', async (namedCurve, sha) => {
    const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const hash = sha.replace('-', '').toLowerCase();
    const plain = sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
    const form = { sha, publicKeyDer: der(publicKey) };
    const inDer = [vector(sign(hash, message, key), 'valid'), vector(plain, 'invalid')];
    const inPlain = [vector(plain, 'valid'), vector(sign(hash, message, key), 'invalid')];
    expect(
      await report(
        { ...form, type: 'EcdsaVerify', tests: inDer },
        { ...form, type: 'EcdsaP1363Verify', tests: inPlain },
      ),
    ).toEqual({ code: 0, cases: 4, agree: 4, unsupported: 0, disagree: [] });
  });

  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const pss = (saltLength: number) =>
    sign('sha256', message, { key: rsa.privateKey, padding, saltLength });
  const PSS = { ...PKCS1, type: 'RsassaPssVerify', mgf: 'MGF1', mgfSha: 'SHA-256' };
  test.each<[string, object, Uint8Array, string]>([
    ['the salt of sLen', { sLen: 20 }, pss(20), 'valid'],
    ['no salt', { sLen: 0 }, pss(0), 'valid'],
    ['another salt', { sLen: 20 }, pss(32), 'invalid'],
    ['another hash for MGF1', { sLen: 32, mgfSha: 'SHA-1' }, pss(32), 'invalid'],
    ['neither sLen nor mgfSha', { mgfSha: undefined }, pss(32), 'valid'],
  ])('PSS: %s', async (_, change, sig, result) => {
    const group = { ...PSS, ...change, tests: [vector(sig, result)] };
    expect(await report(group)).toMatchObject({ code: 0, cases: 1, agree: 1 });
  });

  test('PSS over MGF1 with SHA-1, the key given as id-RSASSA-PSS too', async () => {
    const keys = pssKeys('sha256', 'sha1', 20);
    const spki = der(keys.publicKey);
    const rsaKey = spki.slice(spki.indexOf('3082010a'));
    const sig = sign('sha256', message, keys.privateKey);
    const group = { ...PSS, mgfSha: 'SHA-1', sLen: 20, publicKeyDer: spki, publicKeyAsn: rsaKey };
    expect(await report({ ...group, tests: [vector(sig, 'valid')] })).toMatchObject({ agree: 1 });
  });

  test.each([
    ['rsassa_pkcs1_verify_schema.json', PKCS1, good],
    ['rsassa_pss_verify_schema_v1.json', PSS, [vector(pss(32), 'valid')]],
    ['ecdsa_verify_schema_v1.json', { ...ECDSA, publicKeyDer: der(p256.publicKey) }, ecdsa],
  ])(
    'a group without a type is of the kind of %s',
    async (schema, { type: _, ...group }, tests) => {
      const { code } = await verify({ schema, testGroups: [{ ...group, tests }] });
      expect(code).toBe(0);
    },
  );

  const foreign = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  test.each<[string, object]>([
    ['another algorithm', { type: 'EddsaVerify' }],
    ['no type and no schema', { type: undefined }],
    ['a hash that is not verified', { sha: 'SHA-1' }],
    ['SHA-3', { sha: 'SHA3-256' }],
    ['no hash', { sha: undefined }],
    ['another mask generation', { ...PSS, mgf: 'SHAKE128' }],
    ['another hash in it', { ...PSS, mgfSha: 'SHA-512/256' }],
    ['another curve', { ...ECDSA, publicKeyDer: der(foreign.publicKey) }],
    [
      'another curve by its name',
      { ...ECDSA, publicKeyDer: undefined, publicKey: { curve: 'secp256k1', uncompressed: '04' } },
    ],
    [
      'a member of every object for a curve',
      { ...ECDSA, publicKeyDer: undefined, publicKey: { curve: 'toString', uncompressed: '04' } },
    ],
    ['no key', { publicKeyDer: undefined }],
    [
      'a modulus of 16,384 bits',
      {
        publicKeyDer: undefined,
        publicKey: { modulus: `00${'c5'.repeat(2048)}`, publicExponent: '010001' },
      },
    ],
    ['an RSA key for ECDSA', { ...ECDSA }],
    ['a key on a curve for RSA', { publicKeyDer: der(p256.publicKey) }],
  ])('unsupported, and nothing agrees: %s', async (_, change) => {
    const group = { ...PKCS1, ...change, tests: [vector(signature, 'invalid')] };
    expect(await report(group)).toEqual({
      code: 1,
      cases: 0,
      agree: 0,
      unsupported: 1,
      disagree: [],
    });
  });

  test.each<[string, object]>([
    [
      'a point off the curve',
      {
        ...ECDSA,
        publicKeyDer: undefined,
        publicKey: {
          curve: 'secp256r1',
          uncompressed: `${point.slice(0, -1)}${point.endsWith('0') ? 1 : 0}`,
        },
      },
    ],
    [
      'an even modulus',
      {
        publicKeyDer: undefined,
        publicKey: { modulus: `${modulus.slice(0, -2)}00`, publicExponent },
      },
    ],
    ['octets that are no key', { publicKeyDer: '3000' }],
    [
      'an exponent above the modulus',
      {
        publicKeyDer: undefined,
        publicKey: { modulus: 'c5'.repeat(32), publicExponent: 'c7'.repeat(32) },
      },
    ],
  ])('a key that is none verifies nothing: %s', async (_, change) => {
    const tests = [vector(signature, 'invalid', 1), vector(signature, 'valid', 2)];
    expect(await report({ ...PKCS1, ...change, tests })).toMatchObject({
      code: 1,
      cases: 2,
      agree: 1,
      disagree: [{ tcId: 2 }],
    });
  });

  test('unsupported groups beside checked ones do no harm', async () => {
    const other = { ...PKCS1, sha: 'SHA-224', tests: good };
    expect(await report({ ...PKCS1, tests: good }, other)).toMatchObject({
      code: 0,
      cases: 1,
      unsupported: 1,
    });
  });

  test('nothing checked is told', async () => {
    const { code, err } = await verify({ testGroups: [] });
    expect(code).toBe(1);
    expect(err[0]).toContain('[ERR_VECTORS_UNSUPPORTED]');
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'ERR_VECTORS_JSON'],
    ['no groups', {}, 'ERR_VECTORS_FORMAT'],
    ['an array', [], 'ERR_VECTORS_FORMAT'],
    ['a group without tests', { testGroups: [{}] }, 'ERR_VECTORS_FORMAT'],
    [
      'half an octet',
      { testGroups: [{ ...PKCS1, tests: [{ ...good[0], sig: 'abc' }] }] },
      'ERR_VECTORS_FORMAT',
    ],
    [
      'another result',
      { testGroups: [{ ...PKCS1, tests: [{ ...good[0], result: 'fine' }] }] },
      'ERR_VECTORS_FORMAT',
    ],
    ['a negative salt', { testGroups: [{ ...PSS, sLen: -1, tests: good }] }, 'ERR_VECTORS_FORMAT'],
  ])('refused: %s', async (_, file, expected) => {
    const { code, out, err } = await verify(file);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err[0]).toContain(path);
    expect(err[0]).toContain(`[${expected}]`);
  });

  test('refused: no such file', async () => {
    const { code, err } = await command('--vectors', join(directory, 'missing'));
    expect(code).toBe(1);
    expect(err[0]).toContain('[ENOENT]');
  });

  test.each([
    ['no file', [], '--vectors FILE.json is missing'],
    ['a file without its option', [path], 'Unexpected argument'],
  ])('wrong usage: %s', async (_, argv, text) => {
    const { code, err } = await command(...argv);
    expect(code).toBe(2);
    expect(err[0]).toContain(text);
  });
});
