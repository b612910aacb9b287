import { GateError } from '@pinless-gate/protocol/errors';

const MAX_LENGTH = 256;
const ENTER = new Set(['\r', '\n']);
const ERASE = new Set(['\b', '\x7f']);
const INTERRUPT = '\x03';
const END_OF_INPUT = '\x04';

/** Prompts on standard error and reads a line from the terminal without showing it. */
export function readSecret(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void) => {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const take = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (ENTER.has(key)) return end(() => resolve(typed.join('')));
        if (key === INTERRUPT || key === END_OF_INPUT) {
          return end(() => reject(new GateError('ERR_INTERRUPTED', 'nothing was typed')));
        }
        if (ERASE.has(key)) typed = typed.slice(0, -1);
        else if (typed.length < MAX_LENGTH) typed.push(key);
      }
    };
    // Unseen before the prompt is: what is typed too early is not shown either.
    stdin.setRawMode(true);
    stderr.write(prompt);
    stdin.on('data', take);
  });
}
