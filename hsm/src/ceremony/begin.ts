import { randomBytes } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditLog } from './audit-log.ts';
import { CeremonyError } from './error.ts';
import { LOG_FILE, LogFile } from './log-file.ts';
import type { OperatorEntry } from './operators.ts';

export interface NewCeremony {
  readonly directory: string;
  readonly operators: readonly OperatorEntry[];
  /** How many of them have to approve a step. */
  readonly approvals: number;
  readonly now?: () => number;
}

/** The first line of an audit log, in a directory that has none. */
export async function beginCeremony({
  directory,
  operators,
  approvals,
  now = Date.now,
}: NewCeremony): Promise<AuditLog> {
  if (operators.length < approvals || approvals < 2) {
    const message = `${operators.length} operators, of whom ${approvals} have to approve`;
    throw new CeremonyError('ERR_CEREMONY_OPERATORS', message, {
      hint: 'two at least have to approve; with three operators one may lose a token',
    });
  }
  await mkdir(directory, { recursive: true, mode: 0o750 });
  await refuseExisting(directory);
  const nonce = randomBytes(16).toString('hex');
  const format = 'pinless-gate/ceremony/1' as const;
  const begin = { kind: 'begin' as const, format, nonce, approvals, operators: [...operators] };
  return (await LogFile.create(directory, begin, now)).log;
}

async function refuseExisting(directory: string): Promise<void> {
  try {
    await access(join(directory, LOG_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  throw new CeremonyError('ERR_CEREMONY_EXISTS', `${directory}: a ceremony has begun here`, {
    hint: 'its log is never replaced: choose another directory',
  });
}
