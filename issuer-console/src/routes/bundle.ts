import { isBundleName, isContentName, LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { answerLatest } from '@pinless-gate/whitelist-builder/bundle/latest-watch';
import { Hono } from 'hono';
import type { BundleFiles } from '../domain/publication.ts';
import { NOT_FOUND, ProblemError } from './problem.ts';

export const bundleRoutes = (bundles: Pick<BundleFiles, 'open' | 'latest'>): Hono =>
  new Hono()
    .get('/bundle/:name', async (c) => {
      const name = c.req.param('name');
      const latest =
        name === LATEST_NAME && c.req.method === 'GET'
          ? await answerLatest(bundles.latest, {
              prefer: c.req.header('prefer'),
              ifNoneMatch: c.req.header('if-none-match'),
              signal: c.req.raw.signal,
            })
          : undefined;
      if (latest?.status === 304) return c.body(null, 304, latest.headers);
      // Nothing else reaches the disk.
      const file = isBundleName(name) ? await bundles.open(name) : undefined;
      if (!file) throw new ProblemError(NOT_FOUND);
      const headers = {
        ...latest?.headers,
        'content-type':
          name === LATEST_NAME ? 'text/plain; charset=utf-8' : 'application/octet-stream',
        'content-length': String(file.length),
        // Content is named by its hash; signatures may be added to, and `latest` moves.
        'cache-control': isContentName(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      };
      if (c.req.method !== 'HEAD') return c.body(file.stream, 200, headers);
      await file.stream.cancel();
      return c.body(null, 200, headers);
    })
    .all('/bundle/:name', () => {
      throw new ProblemError(NOT_FOUND);
    });
