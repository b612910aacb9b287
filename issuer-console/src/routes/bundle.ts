import { LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { Hono } from 'hono';
import type { BundleFiles } from '../domain/publication.ts';
import { NOT_FOUND, ProblemError } from './problem.ts';

/** Every name that a bundle has; nothing else reaches the disk. */
const NAME = /^(?:latest|[0-9a-f]{64}(?:\.signatures)?)$/;
const CONTENT_NAME = /^[0-9a-f]{64}$/;

export const bundleRoutes = (bundles: Pick<BundleFiles, 'open'>): Hono =>
  new Hono().get('/bundle/:name', async (c) => {
    const name = c.req.param('name');
    const file = NAME.test(name) ? await bundles.open(name) : undefined;
    if (!file) throw new ProblemError(NOT_FOUND);
    const headers = {
      'content-type':
        name === LATEST_NAME ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-length': String(file.length),
      // Content is named by its hash; signatures may be added to, and `latest` moves.
      'cache-control': CONTENT_NAME.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    if (c.req.method !== 'HEAD') return c.body(file.stream, 200, headers);
    await file.stream.cancel();
    return c.body(null, 200, headers);
  });
