import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Feed } from '@pinless-gate/whitelist-builder/purchase/feed';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../fixture.ts';

const HEADER =
  'purchaseId,status,holder.serial,holder.issuer,enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate';
const ROW = 'P-1,paid,0705d990,jpki-auth,E-1,pin,2026-11-01T09:00:00+09:00,T-1,B';

interface Found {
  readonly line: number;
  readonly purchase?: unknown;
  readonly problem?: unknown;
}

async function read(content: string | Uint8Array): Promise<Found[]> {
  const directory = await newDirectory();
  const path = join(directory, 'feed.csv');
  await writeFile(path, content);
  const feed = await Feed.open(path, directory);
  const found: Found[] = [];
  try {
    for await (const rows of feed.rows()) {
      for (const { line, bytes } of rows) {
        const { purchase, problem } = feed.parse(line, bytes!);
        found.push({ line: feed.placeOf(line).line, ...(problem ? { problem } : { purchase }) });
      }
    }
    expect(await readdir(directory)).toEqual(['feed.csv']);
  } finally {
    await feed.close();
  }
  return found;
}

const csv = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('a CSV feed', () => {
  test('a row is a purchase of one ticket', async () => {
    expect(await read(csv(HEADER, ROW))).toEqual([
      {
        line: 2,
        purchase: {
          purchaseId: 'P-1',
          status: 'paid',
          holder: { serial: '0705d990', issuer: 'jpki-auth' },
          enrolment: { evidenceId: 'E-1', method: 'pin', at: '2026-11-01T09:00:00+09:00' },
          tickets: [{ ticketNo: 'T-1', seat: { gate: 'B' } }],
        },
      },
    ]);
  });

  test('bought for others only: the first companion takes over the one own ticket', async () => {
    const header = `${HEADER},companion.serial,companion.issuer`;
    const [found] = await read(
      csv(header, `${ROW},aa,jpki-auth`, `${ROW.replace('T-1', 'T-2')},bb,jpki-auth`),
    );
    expect(found!.purchase).toMatchObject({
      tickets: [{ ticketNo: 'T-1', seat: { gate: 'B' } }],
      companions: [
        { ticketNo: 'T-1', holder: { serial: 'aa' } },
        { ticketNo: 'T-2', holder: { serial: 'bb' }, seat: { gate: 'B' } },
      ],
    });
  });

  test('every column there is', async () => {
    const columns = `${HEADER},seat.block,seat.row,seat.number,zone,category,admission.from,admission.until,entries,reentry,with,language`;
    const more =
      ',112,7,15,z,child,2026-12-20T15:00:00+09:00,2026-12-20T21:00:00+09:00,2,true,T-1,en';
    const [found] = await read(csv(columns, ROW + more));
    expect(found!.purchase).toMatchObject({
      language: 'en',
      tickets: [
        {
          ticketNo: 'T-1',
          seat: { gate: 'B', block: '112', row: '7', number: '15' },
          zone: 'z',
          category: 'child',
          admission: { from: '2026-12-20T15:00:00+09:00', until: '2026-12-20T21:00:00+09:00' },
          entries: 2,
          reentry: true,
          with: 'T-1',
        },
      ],
    });
  });

  test('rows of one purchase stand together, and may leave out what is the same', async () => {
    const found = await read(csv(HEADER, ROW, 'P-1,,,,,,,T-2,A', ROW.replace('P-1', 'P-2')));
    expect(found.map(({ line }) => line)).toEqual([2, 4]);
    expect(found[0]!.purchase).toMatchObject({
      tickets: [{ ticketNo: 'T-1' }, { ticketNo: 'T-2', seat: { gate: 'A' } }],
    });
  });

  test('a companion has a card of their own', async () => {
    const columns = `${HEADER},companion.serial,companion.issuer`;
    const [found] = await read(csv(columns, `${ROW},,`, 'P-1,,,,,,,T-2,,0705d991,jpki-auth'));
    expect(found!.purchase).toMatchObject({
      tickets: [{ ticketNo: 'T-1' }],
      companions: [{ ticketNo: 'T-2', holder: { serial: '0705d991', issuer: 'jpki-auth' } }],
    });
  });

  test.each([
    ['a byte order mark', `\ufeff${csv(HEADER, ROW)}`],
    ['CRLF', csv(HEADER, ROW).replaceAll('\n', '\r\n')],
    ['CR', csv(HEADER, ROW).replaceAll('\n', '\r')],
    ['no end of the last line', `${HEADER}\n${ROW}`],
    ['empty lines', csv(HEADER, '', ROW, '')],
    ['quotes', csv(HEADER, ROW.replace('P-1', '"P-1"'))],
    ['columns that are not ours', csv(`${HEADER},x_name`, `${ROW},"Yamada, Taro"`)],
  ])('%s', async (_, content) => {
    const [found, ...more] = await read(content);
    expect(found!.purchase).toMatchObject({ purchaseId: 'P-1', tickets: [{ ticketNo: 'T-1' }] });
    expect(JSON.stringify(found)).not.toContain('Yamada');
    expect(more).toEqual([]);
  });

  test('lines are counted through quoted line ends', async () => {
    const columns = `${HEADER},x_note`;
    const [first, second] = await read(
      csv(columns, `${ROW},"a\nb\r\n""c"""`, `${ROW.replace('P-1', 'P-2').replace('T-1', 'T-2')},`),
    );
    expect([first!.line, second!.line]).toEqual([2, 5]);
  });

  test.each([
    ['too few columns', 'P-2,paid', { field: '', reason: '2 columns, the header has 9' }],
    ['too many columns', `${ROW},`, { field: '', reason: '10 columns, the header has 9' }],
    ['an empty id', ROW.replace('P-1', ''), { field: 'purchaseId', reason: expect.anything() }],
    ['a bad status', ROW.replace('paid', 'sold'), { field: 'status', reason: expect.anything() }],
    [
      'a gate left out',
      ROW.replace(/B$/, ''),
      { field: 'tickets[0].seat', reason: expect.anything() },
    ],
  ])('a bad row: %s', async (_, row, problem) => {
    expect(await read(csv(HEADER, row))).toEqual([{ line: 2, problem }]);
  });

  test.each([
    ['entries', 'two', 'must be a whole number'],
    ['reentry', 'yes', 'must be true or false'],
  ])('%s that are "%s"', async (column, cell, reason) => {
    const found = await read(csv(`${HEADER},${column}`, `${ROW},${cell}`));
    expect(found).toEqual([{ line: 2, problem: { field: column, reason } }]);
  });

  test('rows of one purchase that differ', async () => {
    const found = await read(
      csv(HEADER, ROW, ROW.replace('paid', 'pending').replace('T-1', 'T-2')),
    );
    const reason = 'differs between rows of one purchase';
    expect(found).toEqual([{ line: 2, problem: { field: 'status', reason } }]);
  });

  test('a file that begins as a refusal of ours would is only a bad header', async () => {
    await expect(read('!{}\n')).rejects.toMatchObject({ code: 'ERR_FEED_HEADER' });
  });

  test.each([
    ['an unknown column', csv(`${HEADER},name`, `${ROW},Yamada`), 'ERR_FEED_HEADER'],
    ['a column twice', csv(`${HEADER},status`, `${ROW},paid`), 'ERR_FEED_HEADER'],
    ['a column that is missing', csv('purchaseId,status', 'P-1,paid'), 'ERR_FEED_HEADER'],
    ['nothing', '', 'ERR_FEED_EMPTY'],
    ['a quote that does not end', csv(HEADER, `"${ROW}`), 'ERR_FEED_CSV'],
    ['a quote inside a cell', csv(HEADER, ROW.replace('P-1', 'P"1')), 'ERR_FEED_CSV'],
    ['something after a quote', csv(HEADER, ROW.replace('P-1', '"P"1')), 'ERR_FEED_CSV'],
    ['a row without end', csv(HEADER, `"${'x'.repeat(1_100_000)}",`), 'ERR_FEED_CSV'],
    ['UTF-16', Buffer.from(`\ufeff${csv(HEADER, ROW)}`, 'utf16le'), 'ERR_FEED_ENCODING'],
    ['octets that are no text', Buffer.from([0x61, 0xff, 0xfd, 0x0a]), 'ERR_FEED_ENCODING'],
  ])('the whole file is refused: %s', async (_, content, code) => {
    const failure = await read(content).catch((error) => error);
    expect(failure).toMatchObject({ code });
    expect(failure.message).not.toMatch(/Yamada|0705d990/);
  });

  test('Shift_JIS is told by name', async () => {
    // 席 in Shift_JIS (JIS X 0208 32-42)
    const content = Buffer.concat([
      Buffer.from(csv(HEADER)),
      Buffer.from(ROW.replace(/B$/, '')),
      Buffer.from([0x90, 0xc8, 0x0a]),
    ]);
    await expect(read(content)).rejects.toMatchObject({
      code: 'ERR_FEED_ENCODING',
      message: expect.stringContaining('Shift_JIS'),
      hint: expect.stringContaining('CSV UTF-8'),
    });
  });
});

describe('a directory of daily files', () => {
  async function directoryOf(files: Readonly<Record<string, string>>) {
    const directory = join(await newDirectory(), 'feed');
    await mkdir(directory);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(directory, name), content);
    }
    return directory;
  }

  test('in the order of their names; rows know their file and line', async () => {
    const directory = await directoryOf({
      '2026-12-02.csv': csv(HEADER, ROW),
      '2026-12-01.ndjson': 'a\nb\n',
      '.hidden': 'x',
      '2026-12-03.jsonl': 'c',
    });
    const feed = await Feed.open(directory, await newDirectory());
    const places: string[] = [];
    const texts: string[] = [];
    for await (const rows of feed.rows()) {
      for (const { line, offset, bytes } of rows) {
        places.push(`${feed.where(line)} ${feed.fileNumber(line)}`);
        texts.push(Buffer.from(feed.readAt(offset, bytes!.length)).toString());
      }
    }
    expect(places).toEqual([
      '2026-12-01.ndjson:1 0',
      '2026-12-01.ndjson:2 0',
      '2026-12-02.csv:2 1',
      '2026-12-03.jsonl:1 2',
    ]);
    expect(texts).toEqual(['a', 'b', expect.stringContaining('"P-1"'), 'c']);
    await feed.close();
  });

  test.each([
    ['empty', {}, 'ERR_FEED_EMPTY'],
    ['with something else in it', { 'a.ndjson': '', 'b.xlsx': '' }, 'ERR_FEED_FILE'],
    ['of numbers out of order', { '10.csv': '', '2.csv': '' }, 'ERR_FEED_FILE'],
    ['of dates out of order', { 'd-12-10.csv': '', 'd-12-9.csv': '' }, 'ERR_FEED_FILE'],
  ])('%s', async (_, files, code) => {
    await expect(Feed.open(await directoryOf(files), await newDirectory())).rejects.toMatchObject({
      code,
    });
  });

  test('a file that changes meanwhile', async () => {
    const directory = await directoryOf({ 'a.ndjson': 'a\n', 'b.csv': csv(HEADER, ROW) });
    const feed = await Feed.open(directory, await newDirectory());
    await feed.checkUnchanged();
    const file = await open(join(directory, 'b.csv'), 'a');
    await file.write('x');
    await file.close();
    await expect(feed.checkUnchanged()).rejects.toMatchObject({ code: 'ERR_FEED_CHANGED' });
    await feed.close();
  });
});
