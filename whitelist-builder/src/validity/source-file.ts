import { GateError } from '@pinless-gate/protocol/errors';
import { readInputFile } from '@pinless-gate/runtime/input-file';

/** Something to read that is not there, or too long. */
export class SourceError extends GateError {}

const FETCH_TIMEOUT_MS = 60_000;

/** A file, or what an http or https address gives; at most `maxLength` octets. Redirects are not followed. */
export async function readSource(where: string, maxLength: number): Promise<Uint8Array> {
  if (/^https?:\/\//.test(where)) return fetchSource(where, maxLength);
  const input = await readInputFile(where, maxLength);
  if ('bytes' in input) return input.bytes;
  throw new SourceError('ERR_SOURCE_FILE', `${where}: ${input.reason}`);
}

async function fetchSource(url: string, maxLength: number): Promise<Uint8Array> {
  try {
    const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'error', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new SourceError('ERR_SOURCE_HTTP', `${url}: HTTP ${response.status}`);
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > maxLength) {
        throw new SourceError('ERR_SOURCE_LENGTH', `${url}: over ${maxLength} octets`);
      }
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (cause) {
    if (cause instanceof GateError || !(cause instanceof Error)) throw cause;
    throw new SourceError('ERR_SOURCE_UNREACHABLE', `${url}: not reached`, { cause });
  }
}
