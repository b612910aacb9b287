import { parseOperatorId, ROLES } from '@pinless-gate/protocol/journal/act';
import { readConfig } from '@pinless-gate/runtime/config';
import { replaceFile } from '@pinless-gate/runtime/durable-file';
import { z } from 'zod';
import { isPinHash } from './pin.ts';

/** Roles that a person may have. */
export const PERSON_ROLES = ROLES.filter((role) => role !== 'device');

const operatorTable = z.strictObject({
  id: z.string().refine((id) => /^[a-z0-9][a-z0-9._-]{0,31}$/.test(id), 'not an operator id'),
  role: z.enum(['staff', 'lead', 'auditor']),
  pin: z.string().refine(isPinHash, 'not a hash of gate staff add'),
  disabled: z.boolean().default(false),
});

const operatorsTable = z.strictObject({
  operator: z
    .array(operatorTable)
    .default([])
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'one id twice'),
});

export type OperatorRow = z.infer<typeof operatorTable>;

/** Rejects with a `ConfigError` that names key and line; a file that is not there holds nobody. */
export async function readOperators(file: string): Promise<readonly OperatorRow[]> {
  try {
    return (await readConfig(file, operatorsTable)).operator;
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ENOENT') return [];
    throw error;
  }
}

/** Whole or not at all, for its owner alone. */
export async function writeOperators(file: string, rows: readonly OperatorRow[]): Promise<void> {
  const tables = rows.map(({ id, role, pin, disabled }) =>
    [
      '[[operator]]',
      `id = "${parseOperatorId(id)}"`,
      `role = "${role}"`,
      `pin = "${pin}"`,
      `disabled = ${disabled}`,
      '',
    ].join('\n'),
  );
  const head =
    '# Kept by `gate staff add` and `gate staff disable`; PINs are salted scrypt hashes.\n\n';
  await replaceFile(file, head + tables.join('\n'), 0o600);
}
