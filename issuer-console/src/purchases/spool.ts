import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Feed } from '@pinless-gate/whitelist-builder/purchase/feed';
import { FeedError } from '@pinless-gate/whitelist-builder/purchase/ndjson';
import type { ImportFormat } from '../domain/purchase.ts';
import { linesOfArray } from './json-array.ts';

/** The builder's reader seeks: an upload is a file first, which has no name any more when this returns. */
export async function spool(body: AsyncIterable<Uint8Array>, format: ImportFormat): Promise<Feed> {
  const directory = await mkdtemp(join(tmpdir(), 'console-import-'));
  try {
    const path = join(directory, format === 'csv' ? 'feed.csv' : 'feed.ndjson');
    await write(path, format === 'json' ? linesOfArray(body) : body);
    return await Feed.open(path, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let length = 0;
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      length += chunk.length;
    }
    if (length === 0) throw new FeedError('ERR_FEED_EMPTY', 'nothing was sent');
  } finally {
    await file.close();
  }
}
