import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { temporary } from '../fixture.ts';

/** On a disk that is full, for real: a file system of its own, gone with the process. */
const FULL = `
  import { rmSync, writeFileSync } from 'node:fs';
  import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
  const journal = Journal.open(process.argv[1], new Uint8Array(16));
  const fill = process.argv[1] + '.fill';
  writeFileSync(fill, new Uint8Array(2 ** 20));
  const note = { kind: 'fault', at: 1, monotonicMs: 2, detail: 'x'.repeat(2000) };
  const codes = [];
  let written = 0;
  for (let i = 0; i < 4 && written < 5000; ) {
    try { journal.append(note); written++; } catch (error) { codes.push([error.code, error.message, written]); i++; rmSync(fill, { force: true }); }
  }
  const readable = journal.read(1, 10000).length;
  let upload; try { journal.uploaded = 1; } catch (error) { upload = error.code; }
  console.log(JSON.stringify({ codes, written, sequence: journal.sequence, readable, upload }));
  await journal.close();`;
const AGAIN = `
  import { writeFileSync } from 'node:fs';
  import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
  writeFileSync(process.argv[1] + '.fill', new Uint8Array(2 ** 20));
  const open = (directory) => Journal.open(directory, new Uint8Array(16));
  const journal = open(process.argv[1]);
  let another; try { open(process.argv[1] + '2'); } catch (error) { another = error.code; }
  console.log(JSON.stringify({ sequence: journal.sequence, another }));
  await journal.close();`;

describe('a disk that is full', () => {
  test('the first write that fails ends the journal, even when there is room again', async () => {
    const directory = temporary();
    const node = `node --input-type=module --eval`;
    const script = `mount -t tmpfs -o size=4m tmpfs "$D" && ${node} "$FULL" "$D/j" && ${node} "$AGAIN" "$D/j"`;
    const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', script], {
      cwd: import.meta.dirname,
      env: { ...process.env, D: directory, FULL, AGAIN },
    });
    const [full, again] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(full.written).toBeGreaterThan(50);
    expect(full.codes).toHaveLength(4);
    for (const [code, message, written] of full.codes) {
      expect(written).toBe(full.written);
      expect(code).toBe('ERR_JOURNAL_BROKEN');
      expect(message).toMatch(/^cannot append: no space left on the disk/);
    }
    expect(full.upload).toBe('ERR_JOURNAL_BROKEN');
    expect([full.sequence, full.readable]).toEqual([full.written, full.written]);
    expect(again).toEqual({ sequence: full.written, another: 'ERR_STORAGE_FULL' });
  }, 20_000);
});
