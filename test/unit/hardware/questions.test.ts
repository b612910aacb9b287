import { Readable } from 'node:stream';
import { Questions } from '@pinless-gate/test/hardware/questions';
import { describe, expect, test } from 'vitest';
import { quietIo } from './fixture.ts';

const ask = (answer: string) => new Questions(Readable.from([answer]), quietIo()).confirm('send?');

describe('Questions.confirm', () => {
  test.each(['y\n', 'Y\n', 'yes\n', ' yes \n', 'y'])('takes %j for yes', async (answer) => {
    await expect(ask(answer)).resolves.toBe(true);
  });

  test.each(['n\n', '\n', 'yep\n', 'no\ny\n', 'はい\n', ''])('takes %j for no', async (answer) => {
    await expect(ask(answer)).resolves.toBe(false);
  });

  test('takes one line for each question, and the end for no', async () => {
    const io = quietIo();
    const questions = new Questions(Readable.from(['y\nn\ny\n']), io);
    const answers = [];
    for (const what of ['a?', 'b?', 'c?', 'd?']) answers.push(await questions.confirm(what));
    expect(answers).toEqual([true, false, true, false]);
    expect(io.lines).toEqual(['a? [y/N]', 'b? [y/N]', 'c? [y/N]', 'd? [y/N]']);
  });

  test('takes an interrupt for no', async () => {
    const abort = new AbortController();
    const waiting = new Readable({ read: () => undefined });
    const questions = new Questions(waiting, { ...quietIo(), signal: abort.signal });
    const answer = questions.confirm('send?');
    abort.abort();
    await expect(answer).resolves.toBe(false);
  });
});
