import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileReceipts } from '@pinless-gate/gate-firmware/receipt/file-receipts';
import { nullPrinter, type PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { describe, expect, test } from 'vitest';

const bytes = new TextEncoder().encode('<svg/>');

describe('fileReceipts', () => {
  test('writes each job as a whole file, in a directory of its own making', async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'receipts-')), 'new');
    const printer = fileReceipts(directory);
    printer.print({ id: 'a-1', bytes });
    printer.print({ id: 'a-2', bytes });
    await printer.close();
    expect((await readdir(directory)).sort()).toEqual(['a-1.svg', 'a-2.svg']);
    expect(await readFile(join(directory, 'a-1.svg'), 'utf8')).toBe('<svg/>');
    expect(printer.state).toBe('ok');
  });

  test.each(['../evil', '.hidden', '', 'a/b', 'a\0b'])('refuses the id %j', async (id) => {
    const printer = fileReceipts(await mkdtemp(join(tmpdir(), 'receipts-')));
    const reports: PrintReport[] = [];
    printer.onReport((report) => reports.push(report));
    printer.print({ id, bytes });
    expect(reports).toEqual([{ id, outcome: 'not-printed', why: 'ERR_PRINTER_ID' }]);
  });

  test('a directory that cannot be is reported, not thrown', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'receipts-')), 'file');
    await writeFile(file, '');
    const printer = fileReceipts(file);
    const reports: PrintReport[] = [];
    printer.onReport((report) => reports.push(report));
    printer.print({ id: '1', bytes });
    await printer.close();
    expect(reports).toEqual([{ id: '1', outcome: 'not-printed', why: 'ERR_PRINTER_FILE' }]);
    expect(printer.state).toBe('offline');
  });
});

describe('nullPrinter', () => {
  test('says of every job that it is not on paper', () => {
    const printer = nullPrinter();
    const reports: PrintReport[] = [];
    printer.onReport((report) => reports.push(report));
    printer.print({ id: '1', bytes });
    expect(reports).toEqual([{ id: '1', outcome: 'not-printed', why: 'ERR_PRINTER_NONE' }]);
    expect(printer.state).toBe('none');
  });
});
