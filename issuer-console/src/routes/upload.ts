import { FeedError } from '@pinless-gate/whitelist-builder/purchase/ndjson';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ImportFormat } from '../domain/purchase.ts';
import { bodyTooLarge, INCOMPLETE, ProblemError } from './problem.ts';

/** Purchases are long: their routes have a limit and types of their own. */
const UPLOADS = /^\/(api\/v1\/)?events\/[0-9a-f]{32}\/imports$/;

/** What a ceremony brings is short of that, and longer than other forms. */
const KEY_FILES = /^\/(?:keys\/(?:institution|events\/[0-9a-f]{32})|api\/v1\/keys)\/files$/;
export const MAX_KEY_FILES_LENGTH = 6 * 1024 * 1024;

/** Streamed to the disk. */
export const MAX_UPLOAD_LENGTH = 512 * 1024 * 1024;
/** Of a form, which is read into memory as a whole. */
export const MAX_FORM_UPLOAD_LENGTH = 16 * 1024 * 1024;
export const MULTIPART_TYPE = 'multipart/form-data';

const FORMAT_OF: Readonly<Record<string, ImportFormat>> = {
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/json': 'json',
};
export const UPLOAD_TYPES = Object.keys(FORMAT_OF);

const isKeyUpload = (c: Context) => c.req.method === 'POST' && KEY_FILES.test(c.req.path);
const isUpload = (c: Context) => isUploadTo(c.req.method, c.req.path);
const isApiUpload = (c: Context) => isUpload(c) && c.req.path.startsWith('/api/');

/** By the request line alone. */
export function isUploadTo(method: string | undefined, target: string): boolean {
  return method === 'POST' && UPLOADS.test(target.split('?')[0]!);
}

/** What an upload may be besides what every request may be. */
export function isUploadType(c: Context, type: string | undefined): boolean {
  if (isKeyUpload(c)) return type === MULTIPART_TYPE && !c.req.path.startsWith('/api/');
  if (type === undefined || !isUpload(c)) return false;
  return isApiUpload(c) ? Object.hasOwn(FORMAT_OF, type) : type === MULTIPART_TYPE;
}

/** Whom an upload is counted for. */
export const uploader = (c: Context): string | undefined =>
  isUpload(c) ? c.get('actor')?.id : undefined;

/** At most `maxSize`, except for uploads. */
export function limitBodies(maxSize: number): MiddlewareHandler {
  const small = bodyLimit({ maxSize, onError: bodyTooLarge(maxSize) });
  const form = bodyLimit({
    maxSize: MAX_FORM_UPLOAD_LENGTH,
    onError: bodyTooLarge(MAX_FORM_UPLOAD_LENGTH),
  });
  const keyFiles = bodyLimit({
    maxSize: MAX_KEY_FILES_LENGTH,
    onError: bodyTooLarge(MAX_KEY_FILES_LENGTH),
  });
  return (c, next) => {
    // Without a body by definition: to look for one would cost more than the rest of the middleware.
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    if (isApiUpload(c)) return next();
    if (isKeyUpload(c)) return keyFiles(c, next);
    return isUpload(c) ? form(c, next) : small(c, next);
  };
}

export function formatOf(c: Context): ImportFormat {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  return FORMAT_OF[type] ?? 'ndjson';
}

/** The body as it comes. Throws a problem where there is more than is taken. */
export async function* uploadOf(c: Context): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of received(c.req.raw.body)) {
    length += chunk.length;
    if (length > MAX_UPLOAD_LENGTH) bodyTooLarge(MAX_UPLOAD_LENGTH)();
    yield chunk;
  }
}

async function* received(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch (cause) {
    // Of a connection that broke off there is nothing else to read.
    throw new ProblemError(INCOMPLETE, { cause });
  }
}

/** A file that cannot be read as a whole is the sender's; the reader's own message would name a path. */
export async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
    throw new ProblemError({
      status: 422,
      code: error.code,
      title: 'the file cannot be read',
      detail: error.hint,
    });
  }
}
