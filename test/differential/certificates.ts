import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { Random } from '../fuzz/random.ts';
import {
  AT,
  anchors,
  ca,
  caKeys,
  user,
  withExtension,
} from '../unit/protocol/certificate/authority.ts';
import * as x from '../unit/protocol/certificate/issue.ts';

/** One-sided: whatever we accept, `openssl verify` must accept too. */
export interface Comparison {
  readonly mutants: number;
  readonly accepted: number;
  /** DER, in hex, of what openssl refused, with its words. */
  readonly disagree: readonly { readonly der: string; readonly why: string }[];
}

/** Files in one call of openssl. */
const BATCH = 500;

/** `onProgress` is told how many mutants were looked at. */
export function compareWithOpenssl(
  count: number,
  seed: number,
  onProgress: (done: number) => void = () => undefined,
): Comparison {
  const random = new Random(seed);
  const originals = [
    user(),
    user(withExtension(x.altNames(x.dns('a.example.jp'), x.email('a@example.jp')))),
    user(withExtension(x.extendedKeyUsage('1.3.6.1.5.5.7.3.2'))),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'differential-'));
  try {
    const disagree: { der: string; why: string }[] = [];
    let accepted = 0;
    for (let done = 0; done < count; done += BATCH) {
      const mutants = Array.from({ length: Math.min(BATCH, count - done) }, (_, i) =>
        mutant(originals[i % originals.length]!, random),
      );
      const good = mutants.filter(
        (der) => verifyUserCertificate(der, anchors, AT, GENERIC_PROFILE).ok,
      );
      accepted += good.length;
      disagree.push(...refusedByOpenssl(folder, good));
      onProgress(done + mutants.length);
    }
    return { mutants: count, accepted, disagree };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Changes octets of what is signed, then signs it again: only the reading can refuse it. */
function mutant(der: Uint8Array, random: Random): Uint8Array {
  const tbs = der.slice(4, der.length - x.SHA256_RSA.length - 261);
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(tbs.length);
    const kind = random.below(10);
    const value = random.below(256);
    tbs[at] = kind < 4 ? tbs[at]! ^ (1 << (value % 8)) : kind < 7 ? tbs[at]! + 1 : value;
  }
  return x.signed(tbs, x.SHA256_RSA, caKeys);
}

function refusedByOpenssl(folder: string, ders: readonly Uint8Array[]) {
  if (ders.length === 0) return [];
  const anchor = join(folder, 'ca.pem');
  writeFileSync(anchor, pem(ca()));
  const files = ders.map((der, i) => {
    const file = join(folder, `${i}.pem`);
    writeFileSync(file, pem(der));
    return file;
  });
  const at = String(Math.floor(AT / 1000));
  const said = openssl(['verify', '-CAfile', anchor, '-attime', at, ...files]);
  const good = new Set(said.split('\n'));
  return files.flatMap((file, i) =>
    good.has(`${file}: OK`)
      ? []
      : [{ der: Buffer.from(ders[i]!).toString('hex'), why: linesAbout(said, file) }],
  );
}

/** Everything that it says, whether it ends well or not. */
function openssl(argv: readonly string[]): string {
  try {
    return execFileSync('openssl', argv, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr, status } = error as { stdout: string; stderr: string; status?: number };
    if (typeof status !== 'number') throw error;
    return `${stdout}${stderr}`;
  }
}

const linesAbout = (said: string, file: string): string =>
  said
    .split('\n')
    .filter((line) => line.includes(file))
    .join('; ');

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
