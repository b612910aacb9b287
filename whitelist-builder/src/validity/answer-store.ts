import { createHmac, timingSafeEqual } from 'node:crypto';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { toHex } from '@pinless-gate/protocol/bytes';

/** A certificate that a responder called good. Unix seconds. */
export interface KeptAnswer {
  /** 16 octets: the card's conversion value. */
  readonly conversionValue: Uint8Array;
  readonly thisUpdate: number;
  readonly goodUntil: number;
}

const TAG_LENGTH = 16;
const RECORD_LENGTH = 16 + 6 + 6 + TAG_LENGTH;

/**
 * Answers that are still fresh, so that a check that was broken off goes on where it was: one record each, appended
 * as it comes. No serial number stands there, and each record has a tag under a key that only the HSM gives, so
 * nobody writes himself in. What is cut short or has another tag is forgotten.
 */
export class AnswerStore {
  readonly #file: FileHandle;
  readonly #key: Uint8Array;
  readonly #kept: Map<string, KeptAnswer>;

  private constructor(file: FileHandle, key: Uint8Array, kept: Map<string, KeptAnswer>) {
    this.#file = file;
    this.#key = key;
    this.#kept = kept;
  }

  /** Drops what is no longer good at `now` (Unix seconds). */
  static async open(path: string, key: Uint8Array, now: number): Promise<AnswerStore> {
    const kept = new Map<string, KeptAnswer>();
    const fresh: Buffer[] = [];
    const octets = await readIfThere(path);
    for (let at = 0; at + RECORD_LENGTH <= octets.length; at += RECORD_LENGTH) {
      const record = octets.subarray(at, at + RECORD_LENGTH);
      const answer = decode(record, key);
      if (!answer || answer.goodUntil < now) continue;
      kept.set(toHex(answer.conversionValue), answer);
      fresh.push(record);
    }
    const beside = `${path}.new`;
    const file = await open(beside, 'w', 0o600);
    await file.writeFile(Buffer.concat(fresh));
    await rename(beside, path);
    return new AnswerStore(file, key, kept);
  }

  find(conversionValue: Uint8Array): KeptAnswer | undefined {
    return this.#kept.get(toHex(conversionValue));
  }

  async add(answer: KeptAnswer): Promise<void> {
    await this.#file.write(encode(answer, this.#key));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function encode({ conversionValue, thisUpdate, goodUntil }: KeptAnswer, key: Uint8Array): Buffer {
  const record = Buffer.alloc(RECORD_LENGTH);
  record.set(conversionValue);
  record.writeUIntBE(thisUpdate, 16, 6);
  record.writeUIntBE(goodUntil, 22, 6);
  record.set(tagOf(record, key), 28);
  return record;
}

function decode(record: Buffer, key: Uint8Array): KeptAnswer | undefined {
  if (!timingSafeEqual(tagOf(record, key), record.subarray(28))) return undefined;
  return {
    conversionValue: record.subarray(0, 16),
    thisUpdate: record.readUIntBE(16, 6),
    goodUntil: record.readUIntBE(22, 6),
  };
}

function tagOf(record: Buffer, key: Uint8Array): Buffer {
  const mac = createHmac('sha256', key).update(record.subarray(0, 28)).digest();
  return mac.subarray(0, TAG_LENGTH);
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
