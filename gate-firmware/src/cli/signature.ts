import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  type Command,
  EXIT_OK,
  EXIT_REFUSED,
  type Io,
  UsageError,
} from '@pinless-gate/runtime/program';
import { type CaseResult, checkVectors, parseVectors } from './vectors.ts';

/** `cases` were checked: those of `unsupported` kinds are not among them. */
export interface SignatureReport {
  readonly cases: number;
  readonly agree: number;
  readonly unsupported: number;
  readonly disagree: readonly CaseResult[];
}

/** `gate signature verify`: exit code 0 if at least one case was checked and none came out otherwise. */
export const signatureVerifyCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { vectors: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const { vectors, json } = values;
  if (vectors === undefined) throw new UsageError('--vectors FILE.json is missing');
  const results = [...checkVectors(await readVectors(vectors))];
  const report = reportOn(results);
  const { cases, agree, disagree, unsupported } = report;
  if (json) io.out(JSON.stringify(report));
  else {
    for (const result of results) io.out(line(result));
    io.out(
      `${cases} cases: ${agree} agree, ${disagree.length} disagree; ${unsupported} unsupported`,
    );
  }
  if (cases === 0) noneChecked(vectors, io);
  return cases > 0 && disagree.length === 0 ? EXIT_OK : EXIT_REFUSED;
};

async function readVectors(path: string) {
  const text = await readFile(path, 'utf8');
  try {
    return parseVectors(text);
  } catch (cause) {
    if (!(cause instanceof GateError)) throw cause;
    throw new GateError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}

function reportOn(results: readonly CaseResult[]): SignatureReport {
  const checked = results.filter(({ got }) => got !== undefined);
  const disagree = checked.filter((result) => !agrees(result));
  return {
    cases: checked.length,
    agree: checked.length - disagree.length,
    unsupported: results.length - checked.length,
    disagree,
  };
}

/** An acceptable signature may be taken or not. */
function agrees({ expected, got }: CaseResult): boolean {
  return expected === 'acceptable' || expected === got;
}

function line(result: CaseResult): string {
  const { tcId, expected, got, comment } = result;
  if (got === undefined) return `${tcId}: unsupported`;
  if (agrees(result)) return `${tcId}: pass, ${got}`;
  return `${tcId}: fail, expected ${expected}, got ${got}${comment && `: ${comment}`}`;
}

function noneChecked(path: string, io: Io): void {
  io.err(`gate signature verify: ${path}: no case was checked [ERR_VECTORS_UNSUPPORTED]`);
  io.err('  RSASSA-PKCS1-v1_5, RSASSA-PSS and ECDSA with SHA-256, SHA-384 or SHA-512 are');
}
