import { UsageError } from '@pinless-gate/runtime/program';
import { readHsmConfig } from '../config.ts';
import { openKeyStore } from '../isolated.ts';
import type { KeyStore } from '../key-store.ts';

/** What every command takes. */
export const COMMON_OPTIONS = {
  config: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Opens the token that the file's `[hsm]` table names, for as long as `use` runs. */
export async function withKeyStore<T>(
  config: string | undefined,
  use: (store: KeyStore) => Promise<T>,
): Promise<T> {
  if (config === undefined) throw new UsageError('--config FILE is needed', 'hsm init makes one');
  const store = await openKeyStore(await readHsmConfig(config));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** 32 hex digits in lower case; dashes as in a UUID are allowed on input. */
export function parseEventId(text: string | undefined): string {
  if (text === undefined) throw new UsageError('--event ID is needed');
  return parseId(text, '--event', 'an event id');
}

export function parseId(text: string, option: string, what: string): string {
  const digits = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;
  if (!digits.test(text)) throw new UsageError(`${option}: ${what} is 32 hex digits`);
  return text.replaceAll('-', '').toLowerCase();
}

/** An instant with offset (`2026-12-20T18:00:00+09:00`) as Unix seconds. */
export function parseInstant(text: string, option: string): number {
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;
  const ms = instant.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(`${option}: a time is written as 2026-12-20T18:00:00+09:00`);
  }
  return ms / 1000;
}

/** From 1. */
export function parseGeneration(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--generation: a number from 1');
  return Number(text);
}
