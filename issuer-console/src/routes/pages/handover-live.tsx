import { once } from 'node:events';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { requireHandover, type SealedHandover } from '../../domain/handover.ts';
import { arrivalOf, hasArrived, type StepView } from '../../domain/handover-times.ts';
import { Scope } from '../../domain/permission.ts';
import type { PublicationDesk } from '../../domain/publication-desk.ts';
import { Steps } from '../../views/handover.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import type { HandoverApiDeps } from '../api/handover-lists.ts';
import { ProblemError } from '../problem.ts';
import { idOf, type PageDeps, viewOf } from './page.ts';

export interface HandoverLiveDeps extends PageDeps, HandoverApiDeps {
  readonly publicationDesk: Pick<PublicationDesk, 'watch'>;
}

const HEARTBEAT_MS = 15_000;
/** Then the browser asks again, and whether it still may is looked at. */
const LONGEST_MS = 120_000;
const RETRY_MS = 15_000;
const MAX_WATCHERS = 50;

/** The seconds of a handover as they become known: server-sent events, as those of the board. */
export const handoverLive = (deps: HandoverLiveDeps) => {
  let watchers = 0;
  return new Hono<VisitorEnv>().get('/handovers/:id/live', allow('purchase.read'), async (c) => {
    const scope = Scope.of(actorOn(c));
    const handover = await requireHandover(deps.handovers, scope, idOf(c));
    if (watchers >= MAX_WATCHERS) throw new ProblemError(FULL);
    const view = viewOf(c, deps.views);
    watchers++;
    return streamSSE(c, async (stream) => {
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, AbortSignal.timeout(LONGEST_MS)]);
      stream.onAbort(() => over.abort());
      const beat = setInterval(() => {
        void stream.writeSSE({ event: 'alive', data: '' });
      }, HEARTBEAT_MS);
      try {
        await stream.writeSSE({ event: 'alive', data: '', retry: RETRY_MS });
        for await (const steps of stepsOf(deps, { scope, handover, signal })) {
          const data = String(<Steps view={view} steps={steps} />);
          await stream.writeSSE({ event: 'steps', data });
        }
        // Nothing more is to come; a line that ends would only be opened again.
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        clearInterval(beat);
        watchers--;
      }
    });
  });
};

interface Watching {
  readonly scope: Scope;
  readonly handover: SealedHandover;
  readonly signal: AbortSignal;
}

/** As they are, and after each change until the last list has arrived. */
async function* stepsOf(
  { listArrivals, publicationDesk }: HandoverLiveDeps,
  { scope, handover, signal }: Watching,
): AsyncGenerator<StepView[]> {
  const now = () => Promise.all(handover.steps.map((step) => arrivalOf(listArrivals, scope, step)));
  const last = handover.steps.at(-1)?.publicationId;
  if (last === undefined) return;
  for await (const _ of publicationDesk.watch(scope, last, signal)) {
    const steps = await now();
    yield steps;
    if (steps.every(hasArrived)) return;
  }
}

const FULL = {
  status: 503,
  code: 'ERR_LIVE_FULL',
  title: 'too many pages are live at once',
} as const;
