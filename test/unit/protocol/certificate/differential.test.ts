import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { afterAll, expect, test } from 'vitest';
import { compareWithOpenssl } from '../../../differential/certificates.ts';

const MUTANTS = 600;
const folder = mkdtempSync(path.join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('whatever is accepted, openssl accepts too', () => {
  const { accepted, disagree } = compareWithOpenssl(MUTANTS, 20_261_220);
  // Many mutants differ only in a name, a serial number or a key's modulus, and are certificates.
  expect(accepted).toBeGreaterThan(MUTANTS / 20);
  expect(accepted).toBeLessThan(MUTANTS);
  expect(disagree).toEqual([]);
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
