import { type FileHandle, open } from 'node:fs/promises';

/** What a command is to judge. That a file cannot be read is an answer about it, not the command's end. */
export type InputFile =
  | { readonly bytes: Uint8Array }
  | { readonly reason: 'unreadable' | 'too-long' };

/** Reads at most `maxLength` octets, whatever the path leads to. */
export async function readInputFile(path: string, maxLength: number): Promise<InputFile> {
  try {
    const file = await open(path);
    try {
      const bytes = await readUpTo(file, maxLength + 1);
      return bytes.length > maxLength ? { reason: 'too-long' } : { bytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error)) return { reason: 'unreadable' };
    throw error;
  }
}

/** Devices and pipes tell no size, and a file may grow: what ends the reading is its end, or the limit. */
async function readUpTo(file: FileHandle, limit: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  let bytes = new Uint8Array(Math.min(limit, Math.max(size + 1, FIRST_CAPACITY)));
  for (let length = 0; ; ) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === limit) return bytes.subarray(0, length);
    if (length < bytes.length) continue;
    const larger = new Uint8Array(Math.min(limit, 2 * length));
    larger.set(bytes);
    bytes = larger;
  }
}

const FIRST_CAPACITY = 64 * 1024;

function isSystemError(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}

/** A path that stays on its line: what is no printable character is shown as `?`. */
export function shownPath(path: string): string {
  return path.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}
