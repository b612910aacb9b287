import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { SignedIn } from './accounts.ts';
import { ask } from './browsing.ts';
import type { TestConsole } from './fixture.ts';

/** An event for the purchases of the builder's fixture. */
export const eventOf = (id: string, vendorId: string) => ({
  id,
  vendorId,
  name: '冬の音楽祭 2026',
  startsAt: '2026-12-20T18:00:00+09:00',
  admission: { from: '2026-12-20T15:00:00+09:00', until: '2026-12-20T21:00:00+09:00' },
  gates: ['A', 'B'],
  issuers: ['jpki-auth'],
});

export async function newEvent(
  started: TestConsole,
  vendorId: string,
  by: SignedIn,
): Promise<string> {
  const id = randomBytes(16).toString('hex');
  const response = await ask(started, by, 'POST', '/api/v1/events', eventOf(id, vendorId));
  expect(response.status).toBe(201);
  return id;
}

/** An upload by the API, by session or key. */
export function upload(
  { app }: TestConsole,
  by: Pick<SignedIn, 'cookie' | 'formToken'> | { readonly key: string },
  eventId: string,
  body: string | ReadableStream<Uint8Array>,
  type = 'application/x-ndjson',
): Promise<Response> {
  const own: Record<string, string> =
    'key' in by
      ? { authorization: `Bearer ${by.key}` }
      : { cookie: by.cookie, 'form-token': by.formToken, 'sec-fetch-site': 'same-origin' };
  const init = {
    method: 'POST',
    headers: { 'content-type': type, ...own },
    body,
    duplex: 'half' as const,
  };
  return Promise.resolve(app.request(`/api/v1/events/${eventId}/imports`, init));
}

export interface Outcome {
  readonly id: string;
  readonly state: string;
  readonly progress: number;
  readonly accepted: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly failure?: string;
}

/** What an import has become once it has ended. */
export async function ended(
  started: TestConsole,
  by: Parameters<typeof upload>[1],
  importId: string,
): Promise<Outcome> {
  const read = async () =>
    (await (await ask(started, by, 'GET', `/api/v1/imports/${importId}`)).json()) as Outcome;
  return vi.waitUntil(
    async () => {
      const outcome = await read();
      return outcome.state === 'running' ? undefined : outcome;
    },
    { timeout: 60_000 },
  );
}

/** Uploads and waits; the import's id. */
export async function imported(
  started: TestConsole,
  by: Parameters<typeof upload>[1],
  eventId: string,
  body: string,
  type?: string,
): Promise<string> {
  const response = await upload(started, by, eventId, body, type);
  expect([response.status, type]).toEqual([202, type]);
  const { id } = (await response.json()) as { id: string };
  expect(response.headers.get('location')).toBe(`/api/v1/imports/${id}`);
  await ended(started, by, id);
  return id;
}
