import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { type CsvRow, purchaseOf, readHeader, readRow } from './csv-columns.ts';
import type { LineProblem } from './line.ts';
import { FeedError, MAX_LINE_LENGTH } from './ndjson.ts';

/** A CSV as NDJSON: a row for every purchase, and for every row that is no part of one. */
export interface ConvertedCsv {
  /** Has no name: it goes away when it is closed, or when the program ends. */
  readonly rows: FileHandle;
  readonly length: number;
  /** The line of the CSV that each row began with. */
  readonly origins: Uint32Array;
}

const WRITE_LENGTH = 256 * 1024;

/** Rows of one purchase stand together. Throws a `FeedError` where the file as a whole cannot be read. */
export async function csvToNdjson(
  source: FileHandle,
  path: string,
  scratch: string,
): Promise<ConvertedCsv> {
  const rows = await openNameless(scratch);
  try {
    const writer = new RowWriter(rows);
    let columns: string[] | undefined;
    const group = new PurchaseRows((line, text) => writer.add(line, text));
    for await (const { line, cells } of readCells(source, path)) {
      if (!columns) {
        const header = readHeader(cells);
        if ('field' in header) throw headerError(path, header);
        columns = header;
        continue;
      }
      group.add(line, readRow(columns, cells));
      await writer.drain();
    }
    if (!columns) throw new FeedError('ERR_FEED_EMPTY', `${path}: no header row`);
    group.end();
    return { rows, ...(await writer.end()) };
  } catch (error) {
    await rows.close();
    throw error;
  }
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `.csv-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

/** Gathers the rows of one purchase; gives a line for each, and a refusal for what is none. */
class PurchaseRows {
  readonly #emit: (line: number, text: string) => void;
  #rows: CsvRow[] = [];
  #line = 0;

  constructor(emit: (line: number, text: string) => void) {
    this.#emit = emit;
  }

  add(line: number, row: CsvRow | LineProblem): void {
    if ('field' in row) {
      this.end();
      this.#emit(line, encodeRefusal(row));
      return;
    }
    const id = row.get('purchaseId');
    if (id === undefined || id !== this.#rows[0]?.get('purchaseId')) this.end();
    if (this.#rows.length === 0) this.#line = line;
    this.#rows.push(row);
  }

  end(): void {
    if (this.#rows.length === 0) return;
    const purchase = purchaseOf(this.#rows);
    const refused = 'field' in purchase;
    this.#emit(
      this.#line,
      refused ? encodeRefusal(purchase as LineProblem) : JSON.stringify(purchase),
    );
    this.#rows = [];
  }
}

class RowWriter {
  readonly #file: FileHandle;
  #origins = new Uint32Array(1024);
  #count = 0;
  #waiting: string[] = [];
  #waitingLength = 0;
  #length = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  add(line: number, text: string): void {
    if (this.#count === this.#origins.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#origins);
      this.#origins = larger;
    }
    this.#origins[this.#count++] = line;
    this.#waiting.push(text, '\n');
    this.#waitingLength += text.length + 1;
  }

  async drain(): Promise<void> {
    if (this.#waitingLength >= WRITE_LENGTH) await this.#write();
  }

  async end(): Promise<{ length: number; origins: Uint32Array }> {
    await this.#write();
    return { length: this.#length, origins: this.#origins.subarray(0, this.#count) };
  }

  async #write(): Promise<void> {
    const octets = Buffer.from(this.#waiting.join(''));
    await this.#file.appendFile(octets);
    this.#length += octets.length;
    this.#waiting = [];
    this.#waitingLength = 0;
  }
}

interface CsvRecord {
  /** Where it begins: a quoted cell may go over several lines. */
  readonly line: number;
  readonly cells: string[];
}

async function* readCells(source: FileHandle, path: string): AsyncGenerator<CsvRecord> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_LINE_LENGTH,
  });
  const checked = Readable.from(utf8Only(chunksOf(source), path));
  checked.on('error', (error) => parser.destroy(error));
  try {
    let line = 1;
    let counted = 0; // line ends of two octets inside of cells: the parser counts them twice
    for await (const { record, info } of checked.pipe(parser) as AsyncIterable<Parsed>) {
      yield { line, cells: record };
      for (const cell of record) counted += cell.split('\r\n').length - 1;
      line = info.lines + 1 - counted;
    }
  } catch (error) {
    throw inWords(error, path);
  } finally {
    checked.destroy();
  }
}

const CHUNK_LENGTH = 64 * 1024;

/** A stream of the file would close it in the end. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(CHUNK_LENGTH),
      0,
      CHUNK_LENGTH,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

interface Parsed {
  readonly record: string[];
  readonly info: Info;
}

/** Passes on what is UTF-8; says in words what else it is. */
async function* utf8Only(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let first: Buffer | undefined;
  for await (const chunk of chunks) {
    first ??= chunk;
    if (/^(\xff\xfe|\xfe\xff)/.test(first.toString('latin1', 0, 2))) {
      throw wrongEncoding(path, 'UTF-16');
    }
    if (!decodes(decoder, chunk)) {
      const japanese = decodes(new TextDecoder('shift_jis', { fatal: true }), chunk);
      throw wrongEncoding(path, japanese ? 'Shift_JIS' : undefined);
    }
    yield chunk;
  }
}

function decodes(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: true });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function wrongEncoding(path: string, is: string | undefined): FeedError {
  const what = is === undefined ? 'not UTF-8' : `${is}, not UTF-8`;
  return new FeedError('ERR_FEED_ENCODING', `${path}: the file is ${what}`, {
    hint: 'save it again as "CSV UTF-8" in the program that wrote it',
  });
}

function headerError(path: string, { field, reason }: LineProblem): FeedError {
  return new FeedError('ERR_FEED_HEADER', `${path}:1: ${field}: ${reason}`, {
    hint: 'the columns are listed in docs/whitelist.md; what is not ours begins with x_',
  });
}

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted cell does not end',
  CSV_INVALID_CLOSING_QUOTE: 'something follows a closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside of a cell that is not quoted',
  CSV_MAX_RECORD_SIZE: `a row is longer than ${MAX_LINE_LENGTH} octets`,
};

/** The parser's own message quotes the file. After a misplaced quote no row is certain: the build stops. */
function inWords(error: unknown, path: string): unknown {
  const { code, lines } = error as CsvError & { readonly lines?: number };
  const reason = REASONS[code];
  if (reason === undefined) return error;
  const where = lines === undefined ? path : `${path}:${lines}`;
  return new FeedError('ERR_FEED_CSV', `${where}: ${reason}`, {
    hint: 'cells with commas, quotes or line ends are quoted; a quote inside is doubled',
  });
}

const EXCLAMATION = 0x21; // no JSON begins with it

/** A row of a CSV that could not become JSON: why, in its place. */
function encodeRefusal(problem: LineProblem): string {
  return `!${JSON.stringify(problem)}`;
}

export function refusalOf(bytes: Uint8Array): LineProblem | undefined {
  if (bytes[0] !== EXCLAMATION) return undefined;
  return JSON.parse(Buffer.from(bytes).toString('utf8', 1)) as LineProblem;
}
