import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll } from 'vitest';
import { makeVenue, type Venue } from './fixture.ts';

export interface Stand {
  readonly venue: Venue;
  readonly reader: SandboxReader;
  /** Of this file of tests, below the system's. */
  readonly directory: string;
}

/** What a file of tests needs whose gates read cards, until its last test has ended. */
export async function stand(): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), 'stand-'));
  afterAll(() => rm(directory, { recursive: true }));
  const [venue, reader] = await Promise.all([
    makeVenue(),
    untilLast(startReader({ directory: join(directory, 'reader') })),
  ]);
  return { venue, reader, directory };
}

/** Closed after the file's last test. */
export async function untilLast<T extends { close(): Promise<void> }>(
  starting: Promise<T>,
): Promise<T> {
  const started = await starting;
  afterAll(() => started.close());
  return started;
}
