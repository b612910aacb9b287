import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { LoopStart } from './apply-loop.ts';

/** Runs a loop and kills it so long after its first word. Returns the last version that it told. */
export async function runAndKill(entry: URL, start: LoopStart, afterMs: number): Promise<number> {
  const child = fork(entry, { serialization: 'advanced' });
  let told = 0;
  child.on('message', (version: number) => {
    told = version;
  });
  child.send(start);
  const closed = once(child, 'close');
  await Promise.race([once(child, 'message'), closed.then(endedByItself)]);
  await setTimeout(afterMs);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') endedByItself();
  return told;
}

function endedByItself(): never {
  throw new Error('the process that was to be killed ended by itself');
}
