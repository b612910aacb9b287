import { readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { TranscriptFile } from '@pinless-gate/gate-firmware/card/transcript-file';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { describe, expect, test, vi } from 'vitest';
import { temporary, withCode } from '../fixture.ts';

const card = async () => [fromHex('9000')];
const now = () => 0;
const SELECT = fromHex('00a4020c020016');

describe('TranscriptFile', () => {
  test('holds one transcript after the other, for nobody but its owner', async () => {
    const path = join(temporary(), 'transcript');
    const file = new TranscriptFile(path, () => undefined);
    for (const outcome of ['admitted, journal entry 1', 'phone, journal entry 2']) {
      const tap = file.begin(card, 'Reader X 00', now);
      await tap.transmit([SELECT], 100);
      tap.end(outcome);
    }
    file.close();
    const text = readFileSync(path, 'utf8');
    expect(text.match(/^pinless-gate\/transcript\/1$/gm)).toHaveLength(2);
    expect(text).toMatch(/> 00A4020C Lc 2 0016\n< SW 9000 .*\n# admitted, journal entry 1\n\n/);
    expect(text).toMatch(/# phone, journal entry 2\n\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('stops before it fills the disk, says so once, and hinders no tap', async () => {
    const path = join(temporary(), 'transcript');
    const onStop = vi.fn();
    const file = new TranscriptFile(path, onStop);
    truncateSync(path, 16 * 1024 * 1024);
    for (let i = 0; i < 2; i++) {
      const tap = file.begin(card, 'Reader X 00', now);
      await expect(tap.transmit([SELECT], 100)).resolves.toHaveLength(1);
      tap.end('admitted');
    }
    expect(onStop.mock.calls).toEqual([[withCode('ERR_TRANSCRIPT_FULL')]]);
    file.close();
  });

  test('a file that cannot be written', () => {
    const path = join(temporary(), 'missing', 'transcript');
    expect(() => new TranscriptFile(path, () => undefined)).toThrow(
      withCode('ERR_TRANSCRIPT_FILE'),
    );
  });
});
