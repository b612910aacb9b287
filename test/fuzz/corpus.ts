import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';

/** Inputs are kept as hexadecimal digits, one a file, beside the sources and not beside what is built. */
const FOLDER = join(import.meta.dirname, '..', '..', 'fuzz');

export interface KeptInput {
  readonly name: string;
  readonly octets: Uint8Array;
}

export const readSeeds = (target: string): KeptInput[] => readFolder(join('seeds', target));
/** What broke an invariant once; replayed for ever by the unit tests. */
export const readFound = (target: string): KeptInput[] => readFolder(join('found', target));

/** Certificate of the CA that signed the seeds of `certificate` and `crl`. */
export const readAuthority = (): Uint8Array => readInput(join(FOLDER, 'seeds', 'ca.hex'));

/** Certificate of the CA that the seeds of `ocsp` are about. */
export const readOcspAuthority = (): Uint8Array => readInput(join(FOLDER, 'seeds', 'ocsp-ca.hex'));
/** SubjectPublicKeyInfo of the CA above the seeds of `surface`. */
export const readSurfaceAuthority = (): Uint8Array =>
  readInput(join(FOLDER, 'seeds', 'surface-ca.hex'));

export function writeSeed(target: string, name: string, octets: Uint8Array): void {
  write(join(FOLDER, 'seeds', target), name, octets);
}

/** Gives the path. */
export function writeFound(target: string, octets: Uint8Array): string {
  const name = createHash('sha256').update(octets).digest('hex').slice(0, 12);
  return write(join(FOLDER, 'found', target), name, octets);
}

function write(folder: string, name: string, octets: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.hex`);
  writeFileSync(path, `${toHex(octets).replace(/.{96}/g, '$&\n')}\n`);
  return path;
}

function readFolder(path: string): KeptInput[] {
  const folder = join(FOLDER, path);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.hex'));
  return files.sort().map((name) => ({ name, octets: readInput(join(folder, name)) }));
}

function readInput(path: string): Uint8Array {
  return fromHex(readFileSync(path, 'utf8').replaceAll(/\s/g, ''));
}
