import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { afterAll, expect, test } from 'vitest';
import { AT, anchors, ca, caKeys, user, withExtension } from './authority.ts';
import * as x from './issue.ts';

const MUTANTS = 600;
const folder = mkdtempSync(path.join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Numbers that are the same in every run. */
function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/** Changes octets of what is signed, then signs it again: only the reading can refuse it. */
function mutant(der: Uint8Array, random: Generator<number, never>): Uint8Array {
  const tbs = der.slice(4, der.length - x.SHA256_RSA.length - 261);
  const changes = 1 + Math.floor(random.next().value * 3);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random.next().value * tbs.length);
    const kind = random.next().value;
    const value = Math.floor(random.next().value * 256);
    tbs[at] = kind < 0.4 ? tbs[at]! ^ (1 << (value % 8)) : kind < 0.7 ? tbs[at]! + 1 : value;
  }
  return x.signed(tbs, x.SHA256_RSA, caKeys);
}

test('whatever is accepted, openssl accepts too', () => {
  const random = randomNumbers(20_261_220);
  const originals = [
    user(),
    user(withExtension(x.altNames(x.dns('a.example.jp'), x.email('a@example.jp')))),
    user(withExtension(x.extendedKeyUsage('1.3.6.1.5.5.7.3.2'))),
  ];
  const files: string[] = [];
  for (let i = 0; i < MUTANTS; i++) {
    const der = mutant(originals[i % originals.length]!, random);
    if (!verifyUserCertificate(der, anchors, AT, GENERIC_PROFILE).ok) continue;
    const file = path.join(folder, `${i}.pem`);
    writeFileSync(file, pem(der));
    files.push(file);
  }
  // Many mutants differ only in a name, a serial number or a key's modulus, and are certificates.
  expect(files.length).toBeGreaterThan(MUTANTS / 20);
  expect(files.length).toBeLessThan(MUTANTS);
  const anchor = path.join(folder, 'ca.pem');
  writeFileSync(anchor, pem(ca()));
  const at = String(Math.floor(AT / 1000));
  const answers = execFileSync('openssl', ['verify', '-CAfile', anchor, '-attime', at, ...files], {
    encoding: 'utf8',
  });
  expect(answers.trim().split('\n')).toEqual(files.map((file) => `${file}: OK`));
}, 30_000);

test('what openssl makes is accepted', () => {
  const run = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const extensions = [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign',
  ].flatMap((one) => ['-addext', one]);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes'];
  run(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'root.pem',
    '-sha384',
    '-subj',
    '/C=JP/O=Test CA',
    '-config',
    '/dev/null',
    ...extensions,
  );
  writeFileSync(
    path.join(folder, 'user.cnf'),
    'keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=clientAuth\n',
  );
  run(
    'req',
    '-new',
    ...key,
    '-keyout',
    'user.key',
    '-out',
    'user.csr',
    '-subj',
    '/CN=A',
    '-config',
    '/dev/null',
  );
  run(
    'x509',
    '-req',
    '-in',
    'user.csr',
    '-CA',
    'root.pem',
    '-CAkey',
    'ca.key',
    '-set_serial',
    '7',
    '-sha384',
    '-extfile',
    'user.cnf',
    '-out',
    'user.pem',
  );
  const [root, made] = ['root.pem', 'user.pem'].map((file) => {
    run('x509', '-in', file, '-outform', 'DER', '-out', `${file}.der`);
    return new Uint8Array(readFileSync(path.join(folder, `${file}.der`)));
  }) as [Uint8Array, Uint8Array];
  const verdict = verifyUserCertificate(made, trustAnchors([root]), Date.now(), GENERIC_PROFILE);
  expect(verdict).toMatchObject({ ok: true });
});
