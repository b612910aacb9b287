import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';

/** A configuration that cannot be used. The message names file, line and key. */
export class ConfigError extends GateError {}

/**
 * Reads a TOML file and checks it. Schemas should be `z.strictObject`s, so that an unknown key is an
 * error that names the key and its line.
 */
export async function readConfig<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError('ERR_CONFIG_FILE', `${path}: cannot be read (${code})`, { cause });
  }
  return parseConfig(text, schema, path);
}

export function parseConfig<T>(text: string, schema: z.ZodType<T>, path: string): T {
  let table: unknown;
  try {
    table = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [why] = cause.message.split('\n');
    throw new ConfigError('ERR_CONFIG_SYNTAX', `${path}:${cause.line}: ${why}`, { cause });
  }
  const result = schema.safeParse(table);
  if (result.success) return result.data;
  // A misspelt key is missing under its right name too: what is there and unknown says more.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const keys = [...issue.path.map(String), ...(unknown === undefined ? [] : [unknown])];
  const why = unknown === undefined ? issue.message.toLowerCase() : 'unknown key';
  const key = keys.join('.') || 'file';
  throw new ConfigError('ERR_CONFIG_KEY', `${path}:${lineOfKey(text, keys)}: ${key}: ${why}`);
}

/** `file:line: key`, for what is found to be wrong after the file was read. */
export async function placeOf(path: string, ...keys: readonly string[]): Promise<string> {
  return `${path}:${lineOfKey(await readFile(path, 'utf8'), keys)}: ${keys.join('.')}`;
}

/** A path in a configuration file is relative to that file. */
export function resolveFrom(configPath: string, path: string): string {
  return resolve(dirname(configPath), path);
}

/** The line, from 1, on which the key stands, or where its table begins; good enough to jump to. */
function lineOfKey(text: string, keys: readonly string[]): number {
  const lines = text.split('\n');
  const quoted = (key: string) => key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  let from = 0;
  let found = 1;
  for (const [depth, key] of keys.entries()) {
    const header = new RegExp(
      `^\\s*\\[+\\s*"?${keys
        .slice(0, depth + 1)
        .map(quoted)
        .join('"?\\s*\\.\\s*"?')}"?\\s*\\]`,
    );
    const member = new RegExp(`^\\s*"?${quoted(key)}"?\\s*[=.]`);
    const inTable = lines.findIndex(
      (line, i) => i >= from && (header.test(line) || member.test(line)),
    );
    if (inTable < 0) break;
    found = inTable + 1;
    from = inTable;
  }
  return found;
}
