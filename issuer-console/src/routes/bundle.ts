import { isBundleName, isContentName, LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { answerLatest } from '@pinless-gate/whitelist-builder/bundle/latest-watch';
import { type Context, Hono } from 'hono';
import type { BundleFiles, EventBundle } from '../domain/publication.ts';
import { NOT_FOUND, ProblemError } from './problem.ts';

type Files = Pick<BundleFiles, 'open' | 'latest'>;

export interface BundleRoutesDeps {
  readonly bundles: Files;
  readonly eventBundles: readonly (Pick<EventBundle, 'eventId'> & { readonly files: Files })[];
}

/** The list that stands alone, and under each event's id its own. */
export const bundleRoutes = ({ bundles, eventBundles }: BundleRoutesDeps): Hono => {
  const byEvent = new Map(eventBundles.map(({ eventId, files }) => [eventId, files]));
  return new Hono()
    .get('/bundle/:name', (c) => answerFile(c, bundles))
    .get('/bundle/:event/:name', (c) => answerFile(c, byEvent.get(c.req.param('event'))))
    .all('/bundle/:name', notThere)
    .all('/bundle/:event/:name', notThere);
};

const notThere = () => {
  throw new ProblemError(NOT_FOUND);
};

async function answerFile(c: Context, files: Files | undefined): Promise<Response> {
  const name = c.req.param('name') ?? '';
  // Nothing else reaches the disk.
  if (!files || !isBundleName(name)) throw new ProblemError(NOT_FOUND);
  const latest =
    name === LATEST_NAME && c.req.method === 'GET'
      ? await answerLatest(files.latest, {
          prefer: c.req.header('prefer'),
          ifNoneMatch: c.req.header('if-none-match'),
          signal: c.req.raw.signal,
        })
      : undefined;
  if (latest?.status === 304) return c.body(null, 304, latest.headers);
  const file = await files.open(name);
  if (!file) throw new ProblemError(NOT_FOUND);
  const headers = {
    ...latest?.headers,
    'content-type': name === LATEST_NAME ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'content-length': String(file.length),
    // Content is named by its hash; signatures may be added to, and `latest` moves.
    'cache-control': isContentName(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (c.req.method !== 'HEAD') return c.body(file.stream, 200, headers);
  await file.stream.cancel();
  return c.body(null, 200, headers);
}
