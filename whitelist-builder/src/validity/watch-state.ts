import { readFile } from 'node:fs/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { z } from 'zod';
import type { Known } from './watch.ts';

/** A state that cannot be read: without it everything would be told again. */
export class WatchStateError extends GateError {}

const FORMAT = 'pinless-gate/watch/1';
const value = z.string().regex(/^[0-9a-f]{32}$/);
const stateSchema = z.strictObject({
  format: z.literal(FORMAT),
  eventId: z.string().regex(/^[0-9a-f]{32}$/),
  known: z.record(value, z.string().regex(/^(?:revoked|renewed) [0-9a-f]{32}$/)),
});

/** What was told before; nothing where the file is not there yet. It holds conversion values, no serial number. */
export async function readWatchState(path: string, eventId: string): Promise<Known> {
  const text = await readIfThere(path);
  if (text === undefined) return new Map();
  const state = stateSchema.safeParse(parseJson(text));
  if (state.success && state.data.eventId === eventId) {
    return new Map(Object.entries(state.data.known));
  }
  const why = state.success ? 'of another event' : 'not what watch writes';
  throw new WatchStateError('ERR_WATCH_STATE', `${path}: ${why}`, {
    hint: 'name another file; what is new is then told from the beginning',
  });
}

export function writeWatchState(path: string, eventId: string, known: Known): Promise<void> {
  const state = { format: FORMAT, eventId, known: Object.fromEntries(known) };
  return writeFileDurably(path, `${JSON.stringify(state)}\n`, 0o600);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
