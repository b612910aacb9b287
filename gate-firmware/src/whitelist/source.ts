import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  LATEST_NAME,
  MAX_LATEST_LENGTH,
  parseLatest,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';

/** Where bundles come from: a directory, a USB stick, any web server. Nothing it gives is believed. */
export interface BundleSource {
  /** For messages: never holds credentials. */
  readonly name: string;
  /** What was fetched is worth keeping until the list stands. */
  readonly far?: boolean;
  /** Reads a whole file; one octet more than `maxLength` is ERR_BUNDLE_TOO_LONG. `signal` ends it early. */
  read(file: string, maxLength: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Resolves with true when `latest` has another content than at the last read, with false where nobody can wait. */
  changed?(signal: AbortSignal): Promise<boolean>;
}

/** A directory or a URL that ends in a slash: what crosses to another process. */
export type SourceName = { readonly directory: string } | { readonly url: string };

/** The whole of one file must arrive within this time. */
const HTTP_TIMEOUT_MS = 30_000;
/** Servers that can (RFC 7240 4.3) answer a question for `latest` when there is a newer one, or after so long. */
const WAIT_S = 55;
const WAIT_MARGIN_MS = 5000;

export function openSource(source: SourceName): BundleSource {
  return 'url' in source
    ? httpSource(new URL(source.url), HTTP_TIMEOUT_MS)
    : directorySource(source.directory);
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
  let latest: Uint8Array | undefined;
  return {
    name: `${base.origin}${base.pathname}`,
    far: true,
    async read(name, maxLength, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(new URL(name, base), {
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
          redirect: 'error',
        });
        if (!response.ok || !response.body) throw missing(name, `HTTP ${response.status}`);
        const bytes = await readBody(response.body, name, maxLength);
        if (name === LATEST_NAME) latest = bytes;
        return bytes;
      } catch (cause) {
        if (cause instanceof BundleError) throw cause;
        const why =
          cause instanceof Error ? ((cause.cause as Error)?.message ?? cause.message) : '';
        throw missing(name, why, cause);
      }
    },
    changed: (signal) => (latest ? waitForAnother(base, latest, signal) : Promise.resolve(false)),
  };
}

async function waitForAnother(
  base: URL,
  latest: Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const known = contentName(parseLatest(latest));
    for (;;) {
      const timeout = AbortSignal.timeout(1000 * WAIT_S + WAIT_MARGIN_MS);
      const response = await fetch(new URL(LATEST_NAME, base), {
        headers: { prefer: `wait=${WAIT_S}`, 'if-none-match': `"${known}"` },
        signal: AbortSignal.any([signal, timeout]),
        redirect: 'error',
      });
      const waited = response.headers.has('preference-applied');
      if (response.status === 304 && waited) continue;
      if (response.status !== 200 || !response.body) return false;
      const bytes = await readBody(response.body, LATEST_NAME, MAX_LATEST_LENGTH);
      return waited && !equal(bytes, latest);
    }
  } catch (error) {
    // What keeps it from waiting keeps it from reading too: the next look is not far, and says why.
    if (error instanceof BundleError || error instanceof TypeError) return false;
    if (error instanceof DOMException) return false;
    throw error;
  }
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
