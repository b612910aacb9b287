import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { BundleError } from '@pinless-gate/protocol/bundle';

/** Where bundles come from: a directory, a USB stick, any web server. Nothing it gives is believed. */
export interface BundleSource {
  /** For messages: never holds credentials. */
  readonly name: string;
  /** Reads a whole file; one octet more than `maxLength` is ERR_BUNDLE_TOO_LONG. `signal` ends it early. */
  read(file: string, maxLength: number, signal?: AbortSignal): Promise<Uint8Array>;
}

export function directorySource(directory: string): BundleSource {
  return {
    name: directory,
    async read(name, maxLength) {
      const file = await open(join(directory, name)).catch((cause: NodeJS.ErrnoException) => {
        throw missing(name, `${cause.code}`, cause);
      });
      try {
        const { size } = await file.stat();
        if (size > maxLength) throw tooLong(name, maxLength);
        const buffer = Buffer.alloc(size);
        const { bytesRead } = await file.read(buffer, 0, size, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

/** `base` ends in a slash. The whole of one file must arrive within `timeoutMs`. */
export function httpSource(base: URL, timeoutMs: number): BundleSource {
  return {
    name: `${base.origin}${base.pathname}`,
    async read(name, maxLength, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(new URL(name, base), {
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
          redirect: 'error',
        });
        if (!response.ok || !response.body) throw missing(name, `HTTP ${response.status}`);
        return await readBody(response.body, name, maxLength);
      } catch (cause) {
        if (cause instanceof BundleError) throw cause;
        const why =
          cause instanceof Error ? ((cause.cause as Error)?.message ?? cause.message) : '';
        throw missing(name, why, cause);
      }
    },
  };
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  name: string,
  maxLength: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > maxLength) throw tooLong(name, maxLength);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function missing(name: string, why: string, cause?: unknown): BundleError {
  return new BundleError('ERR_BUNDLE_MISSING', `file "${name}" cannot be read: ${why}`, { cause });
}

function tooLong(name: string, maxLength: number): BundleError {
  return new BundleError('ERR_BUNDLE_TOO_LONG', `file "${name}" is over ${maxLength} octets`);
}
