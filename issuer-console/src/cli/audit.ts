import { parseArgs } from 'node:util';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { readConsoleConfig } from '../config.ts';
import type { NotedPosition, ShownEntry } from '../domain/registry.ts';
import { withOffice } from './office.ts';
import { DEFAULT_CONFIG } from './usage.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  json: { type: 'boolean', default: false },
} as const;
const MAX_SHOWN = 10_000;

/** `issuer-console audit show`: what was changed, the newest last. */
export async function auditShowCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, last: { type: 'string', default: '50' } },
  });
  const limit = Number(values.last);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SHOWN) {
    throw new UsageError(`--last ${values.last}: 1 to ${MAX_SHOWN}`);
  }
  const config = await readConsoleConfig(values.config);
  const entries = await withOffice(config, io, (desk) => desk.auditEntries({ limit }));
  for (const entry of entries.reverse()) {
    io.out(values.json ? JSON.stringify(entry) : line(entry));
  }
  return EXIT_OK;
}

function line({ sequence, at, by, action, subjects, facts = {} }: ShownEntry): string {
  const more = Object.entries(facts).map(([name, value]) => `${name}=${value}`);
  const who = `${by.kind}:${by.id}`;
  return [sequence, new Date(at).toISOString(), who, action, ...subjects, ...more].join('  ');
}

/** `issuer-console audit verify`: exit code 1 where the chain is broken. */
export async function auditVerifyCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { ...OPTIONS, noted: { type: 'string' } },
  });
  const noted = values.noted === undefined ? undefined : parseNoted(values.noted);
  const config = await readConsoleConfig(values.config);
  const end = await withOffice(config, io, (desk) => desk.verifyAudit(noted));
  io.out(values.json ? JSON.stringify({ whole: true, end }) : `whole, ends with ${end}`);
  return EXIT_OK;
}

function parseNoted(text: string): NotedPosition {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) {
    throw new UsageError('--noted N:HEX, as audit verify printed it');
  }
  return { sequence: Number(sequence), hash };
}
