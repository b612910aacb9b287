import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A directory that goes away with the test file. */
export function forFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gate-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
