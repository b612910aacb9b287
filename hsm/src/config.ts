import { readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';

/** The `[hsm]` table of any configuration file. */
export const hsmTable = z.strictObject({
  module: z.string().min(1),
  token_label: z.string().min(1).max(32),
  token_serial: z.string().min(1).max(16).optional(),
  pin_file: z.string().min(1),
  /** Several gates may use the token at once: a module that several machines reach, or a demonstration. */
  shared: z.boolean().optional(),
  /** Signatures under way at once. */
  sessions: z.int().min(1).max(64).optional(),
  /** For the module's process; a value that begins with `./` is a path relative to the file. */
  environment: z.record(z.string(), z.string()).optional(),
});

export type HsmTable = z.infer<typeof hsmTable>;

/** Which token, and how to open it. Paths are absolute. The PIN itself is read by the module's process only. */
export interface HsmConfig {
  readonly module: string;
  readonly tokenLabel: string;
  readonly tokenSerial?: string | undefined;
  readonly pinFile: string;
  /** Typed by a person for this one login: the file is not read. */
  readonly pin?: string | undefined;
  readonly shared?: boolean | undefined;
  readonly sessions?: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

export function resolveHsmConfig(configPath: string, table: HsmTable): HsmConfig {
  const environment = Object.entries(table.environment ?? {}).map(([name, value]) => [
    name,
    value.startsWith('./') ? resolveFrom(configPath, value) : value,
  ]);
  return {
    module: resolveFrom(configPath, table.module),
    tokenLabel: table.token_label,
    tokenSerial: table.token_serial,
    pinFile: resolveFrom(configPath, table.pin_file),
    shared: table.shared,
    sessions: table.sessions,
    environment: Object.fromEntries(environment),
  };
}

/** Any TOML file with an `[hsm]` table; its other tables are somebody else's. */
export async function readHsmConfig(path: string): Promise<HsmConfig> {
  const { hsm } = await readConfig(path, z.looseObject({ hsm: hsmTable }));
  return resolveHsmConfig(path, hsm);
}
