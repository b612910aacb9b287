import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { FormatError, GateError } from '@pinless-gate/protocol/errors';
import {
  decodeDestruction,
  type ReceivedDestruction,
} from '@pinless-gate/protocol/key-destruction';
import { decodeEnvelope, type ReceivedEnvelope } from '@pinless-gate/protocol/key-envelope';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';

const ENVELOPE = '.envelope';
const DESTROYED = '.destroyed';

/**
 * What a gate keeps beside its module: the envelopes that its keys came in, which say until when each may be used, and
 * the records of destruction. All of it signed and none of it secret: a key id in it is what manifests name.
 */
export class KeyDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** By generation. A file that is no envelope is an error that names it: nothing here is passed over. */
  async envelopes(): Promise<ReceivedEnvelope[]> {
    const received: ReceivedEnvelope[] = [];
    for (const name of await this.#names(ENVELOPE)) {
      received.push(decodeEnvelope(await this.#read(name)));
    }
    return received.sort((a, b) => a.envelope.generation - b.envelope.generation);
  }

  /** Changes when an envelope came or went. */
  async state(): Promise<string> {
    const names = await this.#names(ENVELOPE);
    const files = names.map(
      async (name) => `${name} ${(await stat(join(this.path, name))).mtimeMs}`,
    );
    return (await Promise.all(files)).join('\n');
  }

  async keepEnvelope(label: string, bytes: Uint8Array): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o750 });
    await writeFileDurably(this.#file(label, ENVELOPE), bytes);
  }

  async dropEnvelope(label: string): Promise<void> {
    await rm(this.#file(label, ENVELOPE), { force: true });
  }

  /** The record of this event's destruction, if there is one. Whose it is has not been verified. */
  async destruction(eventId: Uint8Array): Promise<ReceivedDestruction | undefined> {
    const name = `event-${toHex(eventId)}${DESTROYED}`;
    const names = await this.#names(DESTROYED);
    return names.includes(name) ? decodeDestruction(await this.#read(name)) : undefined;
  }

  async keepDestruction(eventId: Uint8Array, bytes: Uint8Array): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o750 });
    await writeFileDurably(this.#file(`event-${toHex(eventId)}`, DESTROYED), bytes);
  }

  #file(stem: string, suffix: string): string {
    return join(this.path, `${stem}${suffix}`);
  }

  async #names(suffix: string): Promise<string[]> {
    try {
      const names = await readdir(this.path);
      return names.filter((name) => name.endsWith(suffix) && !name.startsWith('.')).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async #read(name: string): Promise<Uint8Array> {
    return readFile(join(this.path, name));
  }
}

/** Reads a document from a file; what is wrong with it is said of the file. */
export async function readDocument<T>(path: string, decode: (bytes: Uint8Array) => T): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new GateError('ERR_HSM_FILE', `${path}: cannot be read (${code})`, { cause });
  }
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
