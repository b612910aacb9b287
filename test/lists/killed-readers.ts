import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openReadOnly } from '@pinless-gate/gate-firmware/storage/lmdb';
import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { bundleOf, openListGate } from './gate.ts';
import { markedEntries, markOf, Press } from './press.ts';

const ENTRIES = 100;
const AT_ONCE = 4;

export interface ReaderReport {
  readonly killed: number;
}

/**
 * Kills processes that read a gate's copy: LMDB keeps their places in its table of readers, 126 of them (faults.md
 * W13). Throws where the gate cannot read, or another reader cannot, or the next list cannot be applied.
 */
export async function killReaders(
  root: string,
  { times }: { times: number },
): Promise<ReaderReport> {
  const press = new Press();
  for (const version of [1, 2]) {
    const entries = markedEntries(ENTRIES, version);
    press.print(join(root, 'bundles', String(version)), { version, entries, bucketBits: 1 });
  }
  const { journal, parts } = openListGate(root, press.trust);
  const { lists } = await openLists(parts(bundleOf(root, 1)));
  try {
    await update(parts(bundleOf(root, 1)), lists);
    const { directory } = lists.current!;
    for (let killed = 0; killed < times; killed += AT_ONCE) {
      const some = Math.min(AT_ONCE, times - killed);
      await Promise.all(Array.from({ length: some }, () => killReader(directory)));
    }
    const { conversionValue } = markedEntries(1, 0)[0]!;
    const another = await openReadOnly(directory);
    const answers = [lists.current!.find(conversionValue), another.get(conversionValue)];
    await another.close();
    const next = await update(parts(bundleOf(root, 2)), lists);
    const marks = [...answers, next?.find(conversionValue)].map(
      (sealed) => sealed && markOf(sealed),
    );
    if (marks.join() !== '1,1,2') throw new Error(`answers of versions ${marks.join()}`);
    return { killed: times };
  } finally {
    await lists.close();
    await journal.close();
  }
}

async function killReader(directory: string): Promise<void> {
  const child = fork(new URL('./reader.js', import.meta.url), [directory]);
  const closed = once(child, 'close');
  const [said] = await Promise.race([once(child, 'message'), closed]);
  if (said !== 'reading') throw new Error('a reader cannot read');
  child.kill('SIGKILL');
  await closed;
}
