import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { csvToNdjson, refusalOf } from './csv.ts';
import { type ParsedLine, parseLine } from './line.ts';
import { FeedError, type FeedLines, feedChanged, readLineAt, readLines } from './ndjson.ts';

/** A line of the feed as people look for it. */
export interface FeedPlace {
  /** Its name, where the feed is a directory. */
  readonly file?: string | undefined;
  readonly line: number;
}

interface FeedFile {
  readonly path: string;
  readonly source: FileHandle;
  readonly size: number;
  readonly mtimeMs: number;
  /** NDJSON: the source itself, or what was made of it. */
  readonly rows: FileHandle;
  /** Of `rows`, in octets. */
  readonly length: number;
  /** Where the first octet stands in the feed as a whole. */
  readonly base: number;
  /** Of a CSV: the line that each row came from. */
  readonly origins?: Uint32Array | undefined;
  /** Number of the first row in the feed, once it was read. */
  firstRow: number;
}

/**
 * One file, or a directory of daily files in the order of their names. Rows are numbered through all of
 * them from 1; an offset counts octets through all of them.
 */
export class Feed {
  readonly #files: readonly FeedFile[];
  readonly #isDirectory: boolean;

  private constructor(files: readonly FeedFile[], isDirectory: boolean) {
    this.#files = files;
    this.#isDirectory = isDirectory;
  }

  /** `scratch`: where a CSV may be turned into NDJSON, in a file without a name. */
  static async open(path: string, scratch: string): Promise<Feed> {
    const isDirectory = (await stat(path)).isDirectory();
    const paths = isDirectory ? await dailyFiles(path) : [path];
    const files: FeedFile[] = [];
    try {
      for (const one of paths) files.push(await openFile(one, scratch, files.at(-1)));
    } catch (error) {
      await closeAll(files);
      throw error;
    }
    return new Feed(files, isDirectory);
  }

  /** In octets. */
  get length(): number {
    const last = this.#files.at(-1)!;
    return last.base + last.length;
  }

  /** As `readLines`, with `line` and `offset` counted through the whole feed. */
  async *rows(): AsyncGenerator<FeedLines> {
    let before = 0;
    for (const file of this.#files) {
      file.firstRow = before + 1;
      for await (const lines of readLines(file.rows)) {
        const counted = lines.behind(file.firstRow - 1, file.base);
        before = counted.lastLine;
        yield counted;
      }
    }
  }

  /** Reads a row again. */
  readAt(offset: number, length: number): Uint8Array {
    const file = this.#files.findLast(({ base }) => base <= offset)!;
    return readLineAt(file.rows, offset - file.base, length);
  }

  /** `row` tells which file it is of, and so how it reads. */
  parse(row: number, bytes: Uint8Array): ParsedLine {
    const { origins } = this.#fileOf(row);
    const refusal = origins && refusalOf(bytes);
    return refusal ? { problem: refusal } : parseLine(bytes);
  }

  /** Of a row that `rows` has given: rows of one file have the same. */
  fileNumber(row: number): number {
    return this.#files.findLastIndex(({ firstRow }) => firstRow <= row);
  }

  /** Of a row that `rows` has given. */
  placeOf(row: number): FeedPlace {
    const { path, firstRow, origins } = this.#fileOf(row);
    const line = row - firstRow + 1;
    return {
      file: this.#isDirectory ? basename(path) : undefined,
      line: origins ? origins[line - 1]! : line,
    };
  }

  /** `placeOf`, for a sentence. */
  where(row: number): string {
    const { file, line } = this.placeOf(row);
    return file === undefined ? `line ${line}` : `${file}:${line}`;
  }

  /** Throws unless every file is as it was when it was opened. */
  async checkUnchanged(): Promise<void> {
    for (const { source, size, mtimeMs } of this.#files) {
      const now = await source.stat();
      if (now.size !== size || now.mtimeMs !== mtimeMs) throw feedChanged();
    }
  }

  async close(): Promise<void> {
    await closeAll(this.#files);
  }

  #fileOf(row: number): FeedFile {
    return this.#files[this.fileNumber(row)]!;
  }
}

const NDJSON = /\.(ndjson|jsonl)$/i;
const CSV = /\.csv$/i;

/** Hidden files are none of the vendor's; anything else is told rather than passed over. */
async function dailyFiles(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
  const stranger = names.find((name) => !NDJSON.test(name) && !CSV.test(name));
  if (stranger !== undefined) {
    throw new FeedError('ERR_FEED_FILE', `${join(directory, stranger)}: not .ndjson or .csv`, {
      hint: 'a directory of daily files holds nothing else',
    });
  }
  if (names.length === 0) throw new FeedError('ERR_FEED_EMPTY', `${directory}: no files`);
  const later = names.findIndex((name, i) => i > 0 && compareNumbers(names[i - 1]!, name) > 0);
  if (later > 0) {
    const what = `${names[later - 1]} is read before ${names[later]}`;
    throw new FeedError('ERR_FEED_FILE', `${directory}: ${what}`, {
      hint: 'a later file holds: write numbers in names with as many digits everywhere (02, 10)',
    });
  }
  return names.map((name) => join(directory, name));
}

/** By the first number in which two names differ; 0 where something else comes first. */
function compareNumbers(one: string, other: string): number {
  const [left, right] = [one, other].map((name) => name.split(/(\d+)/));
  const at = left!.findIndex((part, i) => part !== right![i]);
  // Numbers stand in odd places.
  return at % 2 === 1 ? Number(left![at]) - Number(right![at] ?? 0) : 0;
}

async function openFile(path: string, scratch: string, before?: FeedFile): Promise<FeedFile> {
  // A pipe that nobody writes to would never open.
  const source = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size, mtimeMs } = await statFile(source, path);
    const made = CSV.test(path) ? await csvToNdjson(source, path, scratch) : undefined;
    return {
      path,
      source,
      size,
      mtimeMs,
      rows: made?.rows ?? source,
      length: made?.length ?? size,
      base: before ? before.base + before.length : 0,
      origins: made?.origins,
      firstRow: Number.POSITIVE_INFINITY,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function statFile(file: FileHandle, path: string) {
  const stat = await file.stat();
  if (!stat.isFile()) throw new FeedError('ERR_FEED_FILE', `${path}: not a regular file`);
  return { size: stat.size, mtimeMs: stat.mtimeMs };
}

async function closeAll(files: readonly FeedFile[]): Promise<void> {
  for (const { source, rows } of files) {
    await source.close();
    if (rows !== source) await rows.close();
  }
}
