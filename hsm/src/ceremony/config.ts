import { readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';

/** The `[ceremony]` table, beside `[hsm]`: where approvals are gathered and what is done is written down. */
export const ceremonyTable = z.strictObject({
  directory: z.string().min(1).optional(),
  /** 0 takes dual control away, which `hsm status` says. */
  approvals: z
    .int()
    .max(5)
    .refine((count) => count === 0 || count >= 2, 'must be 0, or 2 to 5')
    .default(2),
});

/** Whether steps that matter want approval, and where. */
export type CeremonyConfig =
  | { readonly kind: 'absent'; readonly file: string }
  | { readonly kind: 'waived' }
  | { readonly kind: 'directory'; readonly directory: string; readonly approvals: number };

export async function readCeremonyConfig(path: string): Promise<CeremonyConfig> {
  const schema = z.looseObject({ ceremony: ceremonyTable.optional() });
  const { ceremony } = await readConfig(path, schema);
  if (ceremony?.approvals === 0) return { kind: 'waived' };
  if (ceremony?.directory === undefined) return { kind: 'absent', file: path };
  const { directory, approvals } = ceremony;
  return { kind: 'directory', directory: resolveFrom(path, directory), approvals };
}
