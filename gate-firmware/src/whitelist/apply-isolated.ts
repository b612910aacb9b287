import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import type { ApplyList } from './apply.ts';
import type { ApplyCall, ApplyInit } from './apply-child.ts';
import { Whitelist } from './store.ts';

const START_MS = 15_000;
/** Thirty million entries over a slow link. */
const STAGE_MS = 6 * 3_600_000;

/** Lists are fetched, verified and built in a process of its own, which is there until `close`. */
export async function openIsolatedApply(
  init: ApplyInit,
): Promise<{ apply: ApplyList; close: () => Promise<void> }> {
  const isolated = await IsolatedProcess.start({
    name: 'list',
    entry: new URL('./apply-child.js', import.meta.url),
    init,
    startTimeoutMs: START_MS,
    maxPending: 1,
  });
  return {
    apply: async (expected, present) => {
      const whole = present?.damage ? undefined : present?.directory;
      const call: ApplyCall = { expected, present: whole };
      const target = await isolated.call<string | undefined>('stage', call, STAGE_MS);
      if (target === undefined) return undefined;
      return Whitelist.open(target, expected.publishers, { serve: true });
    },
    close: () => isolated.close(),
  };
}
