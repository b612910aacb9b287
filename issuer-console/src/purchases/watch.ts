import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '../domain/permission.ts';
import { type Import, type ImportStore, standingAt } from '../domain/purchase.ts';

export interface ImportWatchDeps {
  readonly imports: ImportStore;
  readonly now: () => number;
}

/** Another console may be the one that imports: the database is asked. */
const LOOK_MS = 500;

/** As it is, then each time it has gone on, until it has ended or `signal` says so. */
export async function* watchImport(
  { imports, now }: ImportWatchDeps,
  scope: Scope,
  { id }: Pick<Import, 'id'>,
  signal: AbortSignal,
): AsyncGenerator<Import> {
  for (let seen: Import | undefined; !signal.aborted; ) {
    const kept = await imports.find(scope, id);
    const found = kept && standingAt(kept, now());
    if (!found) return;
    if (found.state !== seen?.state || found.updatedAt !== seen.updatedAt) yield found;
    if (found.state !== 'running') return;
    seen = found;
    // Of a signal that comes meanwhile the loop hears.
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
