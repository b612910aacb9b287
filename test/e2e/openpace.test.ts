import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '@pinless-gate/hsm/cli/program';
import { encodeCvRequest, encodeCvRequestBody } from '@pinless-gate/protocol/cvc/request';
import { readCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { afterAll, describe, expect, test } from 'vitest';
import {
  cvca,
  dv,
  dvBody,
  issue,
  type Party,
  party,
  root,
  rsa,
  signed,
  terminalBody,
} from '../unit/protocol/cvc/authority.ts';
import { run } from '../unit/run.ts';

// What `cvc-create` of OpenPACE makes is read by us, and what we make is read by `cvc-print`.

const directory = mkdtempSync(join(tmpdir(), 'openpace-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string) => join(directory, name);
const AT = ['--at', '2026-12-20T12:00:00Z'];

function openpace(command: 'cvc-create' | 'cvc-print', ...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, argv, { cwd: directory, encoding: 'utf8' });
  const output = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${output}`);
  return output;
}

/** The key as `cvc-create` wants it. */
function keyFile(name: string, key: KeyObject): string {
  writeFileSync(file(name), key.export({ type: 'pkcs8', format: 'der' }));
  return file(name);
}

function newKey(name: string, curveOrBits: string | number): string {
  const { privateKey } =
    typeof curveOrBits === 'number'
      ? generateKeyPairSync('rsa', { modulusLength: curveOrBits })
      : generateKeyPairSync('ec', { namedCurve: curveOrBits });
  return keyFile(name, privateKey);
}

interface Foreign {
  readonly role: 'cvca' | 'dv_domestic' | 'terminal';
  readonly reference: string;
  readonly scheme: string;
  readonly key: string;
  readonly signatureLength: number;
  readonly issuer?: { readonly key: string; readonly path: string };
}

/** As often as needed: where r and s both begin with zero octets, OpenPACE leaves those out. */
function create(wanted: Foreign): { key: string; path: string } {
  const path = file(`${wanted.reference}.cvcert`);
  for (let tries = 0; tries < 50; tries++) {
    createOnce(wanted, path);
    const { length } = readCvCertificate(readFileSync(path)).signature;
    if (length === wanted.signatureLength) return { key: wanted.key, path };
  }
  throw new Error(`no signature of ${wanted.signatureLength} octets`);
}

function createOnce({ role, reference, scheme, key, issuer }: Foreign, path: string): void {
  openpace(
    'cvc-create',
    ...[`--role=${role}`, `--chr=${reference}`, `--scheme=${scheme}`, `--key=${key}`],
    ...['--type=at', '--issued=260101', '--expires=270101', `--out-cert=${path}`],
    `--sign-with=${issuer?.key ?? key}`,
    ...(issuer ? [`--sign-as=${issuer.path}`] : []),
  );
}

/** Three generations with keys of one kind; the lower two leave the domain parameters out. */
function createChain(
  name: string,
  scheme: string,
  curveOrBits: string | number,
  signatureLength: number,
) {
  const same = { scheme, signatureLength };
  const key = (level: number) => newKey(`${name}-${level}.pkcs8`, curveOrBits);
  const ca = create({ role: 'cvca', reference: 'JPCVCA00001', ...same, key: key(1) });
  const verifier = create({
    role: 'dv_domestic',
    reference: 'JPDV0000001',
    ...same,
    key: key(2),
    issuer: ca,
  });
  const terminal = create({
    role: 'terminal',
    reference: 'JPTERM00001',
    ...same,
    key: key(3),
    issuer: verifier,
  });
  return [ca.path, verifier.path, terminal.path] as const;
}

describe('made by cvc-create', () => {
  test.each<[string, string, string | number, number]>([
    ['ecdsa-sha256', 'ECDSA_SHA_256', 'P-256', 64],
    ['ecdsa-sha384', 'ECDSA_SHA_384', 'P-384', 96],
    ['ecdsa-sha512', 'ECDSA_SHA_512', 'P-521', 132],
    ['ecdsa-sha256', 'ECDSA_SHA_256', 'brainpoolP256r1', 64],
    ['ecdsa-sha384', 'ECDSA_SHA_384', 'brainpoolP384r1', 96],
    ['ecdsa-sha512', 'ECDSA_SHA_512', 'brainpoolP512r1', 128],
    ['rsa-sha256', 'RSA_v1_5_SHA_256', 2048, 256],
    ['rsa-sha512', 'RSA_v1_5_SHA_512', 2048, 256],
  ])('%s, %s, %s: shown and verified', async (algorithm, scheme, curveOrBits, length) => {
    const [ca, verifier, terminal] = createChain('chain', scheme, curveOrBits, length);
    const shown = await run(program, 'cvc', 'show', '--json', ca, verifier, terminal);
    expect(shown.code).toBe(0);
    expect(shown.out.map((line) => JSON.parse(line))).toMatchObject([
      { role: 'cvca', holderReference: 'JPCVCA00001', key: { algorithm } },
      { role: 'dv', holderReference: 'JPDV0000001', effective: '2026-01-01' },
      { role: 'terminal', authorityReference: 'JPDV0000001', expiry: '2027-01-01' },
    ]);
    const verified = await run(program, 'cvc', 'verify', '--anchor', ca, ...AT, verifier, terminal);
    expect(verified.out).toEqual([`${verifier}: ok`, `${terminal}: ok`]);
    expect(verified.code).toBe(0);
  });

  test.each<[string, string, string | number, number, object]>([
    ['ecdsa-sha1', 'ECDSA_SHA_1', 'P-256', 64, { curve: 'P-256', bits: 256 }],
    ['ecdsa-sha224', 'ECDSA_SHA_224', 'brainpoolP224r1', 56, { curve: 'unknown', bits: 224 }],
    ['rsa-sha1', 'RSA_v1_5_SHA_1', 2048, 256, { bits: 2048 }],
    ['pss-sha1', 'RSA_PSS_SHA_1', 2048, 256, { bits: 2048 }],
  ])(
    '%s: shown, but nothing is verified with it',
    async (algorithm, scheme, curveOrBits, signatureLength, key) => {
      const own = newKey('old.pkcs8', curveOrBits);
      const { path } = create({
        role: 'cvca',
        reference: 'JPCVCA00002',
        scheme,
        key: own,
        signatureLength,
      });
      const shown = await run(program, 'cvc', 'show', '--json', path);
      expect(JSON.parse(shown.out[0]!)).toMatchObject({
        ok: true,
        key: { algorithm, refused: 'algorithm', ...key },
      });
      const anchor = create({
        role: 'cvca',
        reference: 'JPCVCA00003',
        scheme: 'ECDSA_SHA_256',
        key: newKey('good.pkcs8', 'P-256'),
        signatureLength: 64,
      });
      const verified = await run(program, 'cvc', 'verify', '--anchor', anchor.path, ...AT, path);
      expect(verified).toMatchObject({ code: 1, out: [`${path}: algorithm`] });
    },
  );

  // We want a salt as long as the hash; OpenPACE takes the longest that fits, 222 octets here.
  test('PSS with another salt than ours is refused', async () => {
    const own = newKey('pss.pkcs8', 2048);
    const scheme = 'RSA_PSS_SHA_256';
    const { path } = create({
      role: 'cvca',
      reference: 'JPCVCA00004',
      scheme,
      key: own,
      signatureLength: 256,
    });
    const { code, err } = await run(program, 'cvc', 'verify', '--anchor', path, ...AT, path);
    expect(code).toBe(1);
    expect(err[0]).toContain('[ERR_CVC_SIGNATURE]');
  });

  test('a certificate for our request', async () => {
    const { path, holder } = ourRequest(cvca);
    const out = file('from-request.cvcert');
    const key = keyFile('request.pkcs8', cvca.privateKey);
    openpace(
      'cvc-create',
      ...['--role=cvca', '--type=at', '--issued=260101', '--expires=270101'],
      ...[`--csr=${path}`, `--sign-with=${key}`, '--scheme=ECDSA_SHA_256', `--out-cert=${out}`],
    );
    const shown = await run(program, 'cvc', 'show', '--json', out);
    expect(JSON.parse(shown.out[0]!)).toMatchObject({ holderReference: holder, role: 'cvca' });
    const verified = await run(program, 'cvc', 'verify', '--anchor', out, ...AT, out);
    expect(verified).toMatchObject({ code: 0, out: [`${out}: ok`] });
  });
});

const pointOf = ({ key: { key } }: Party) => (key as { point: Uint8Array }).point;

function ourRequest(one: Party, authorityReference?: string) {
  const holder = 'JPGATETERM00002';
  const body = encodeCvRequestBody({
    authorityReference,
    holderReference: holder,
    publicKey: one.key,
  });
  const path = file('request');
  writeFileSync(path, encodeCvRequest(body, signed(body, one)));
  return { path, holder };
}

describe('read by cvc-print', () => {
  /** `cvc-print` finds the issuer of a certificate by its file's name: the reference. */
  function print(name: string, encoded: Uint8Array, ...issuers: readonly [string, Uint8Array][]) {
    const trusted = file(`trusted-${name}`);
    mkdirSync(trusted);
    for (const [reference, certificate] of issuers) {
      writeFileSync(join(trusted, reference), certificate);
    }
    writeFileSync(file(name), encoded);
    return openpace('cvc-print', `--cvc-dir=${trusted}`, '-c', file(name));
  }
  const CVCA: [string, Uint8Array] = ['JPGATECVCA00001', root.encoded];

  test.each<[string, Party]>([
    ['P-256', cvca],
    ['P-384', party('ecdsa-sha384', 'P-384')],
    ['P-521', party('ecdsa-sha512', 'P-521')],
    ['brainpoolP256r1', party('ecdsa-sha256', 'brainpoolP256r1')],
    ['brainpoolP384r1', party('ecdsa-sha384', 'brainpoolP384r1')],
    ['brainpoolP512r1', party('ecdsa-sha512', 'brainpoolP512r1')],
    ['RSA', rsa],
  ])('a CVCA, %s', (name, one) => {
    const { encoded } = issue({ publicKey: one.key }, one);
    const output = print(`cvca-${name}`, encoded, ['JPGATECVCA00001', encoded]);
    expect(output).toMatch(/CHR: JPGATECVCA00001[\s\S]*\bcertificate verified/);
    expect(output).not.toMatch(/error|not verified/i);
  });

  const verifier = issue(dvBody, cvca).encoded;
  const bare = {
    algorithm: 'ecdsa-sha256',
    point: pointOf(party('ecdsa-sha256', 'P-256')),
  } as const;
  test.each<[string, Uint8Array, string]>([
    ['a verifier', verifier, 'CHR: JPGATEDV000001'],
    ['a terminal', issue({ ...terminalBody, publicKey: bare }, dv).encoded, 'CHR: JPGATETERM00001'],
    ['a terminal with an RSA key', issue(terminalBody, dv).encoded, 'CHR: JPGATETERM00001'],
  ])('%s', (name, encoded, line) => {
    const output = print(name.replaceAll(' ', '-'), encoded, CVCA, ['JPGATEDV000001', verifier]);
    expect(output).toContain(line);
    expect(output).toMatch(/\bcertificate verified/);
  });

  // OpenPACE lets domain parameters stand in certificates of a CVCA alone.
  test.each<[string, Uint8Array]>([
    ['a verifier with domain parameters', issue({ ...dvBody, publicKey: dv.key }, cvca).encoded],
    ['a verifier signed by another key', issue(dvBody, dv).encoded],
  ])('printed, but not verified: %s', (name, encoded) => {
    const output = print(name.replaceAll(' ', '-'), encoded, CVCA);
    expect(output).toContain('CHR: JPGATEDV000001');
    expect(output).toContain('certificate not verified');
  });

  test.each<[string, Party, string | undefined]>([
    ['P-256', cvca, undefined],
    [
      'brainpoolP512r1, for an authority',
      party('ecdsa-sha512', 'brainpoolP512r1'),
      'JPGATEDV000001',
    ],
    ['RSA', rsa, undefined],
  ])('a request, %s', async (_, one, authority) => {
    const { path, holder } = ourRequest(one, authority);
    const output = openpace('cvc-print', '-r', path);
    expect(output).toContain(`CHR: ${holder}`);
    expect(output).toContain(`CAR: ${authority ?? '<NULL>'}`);
    expect(output).toContain('certificate request verified');
    expect((await run(program, 'cvc', 'verify', path)).code).toBe(0);
  });
});
