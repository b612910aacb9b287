import { startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import { describe, expect, onTestFinished, test } from 'vitest';

async function turnstile() {
  const one = await startTurnstile();
  onTestFinished(() => one.close());
  const post = async (body: string, url = one.url) =>
    (await fetch(url, { method: 'POST', body })).status;
  return { ...one, post };
}

describe('startTurnstile', () => {
  test('opens for an id, once', async () => {
    const { post, openings } = await turnstile();
    expect(await post('{"id":"a","at":1}')).toBe(200);
    expect(await post('{"id":"a","at":2}')).toBe(200);
    expect(await post('{"id":"b","at":3}')).toBe(200);
    expect(openings.map(({ id, askedAt }) => [id, askedAt])).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    expect(openings[0]!.openedAt).toBeGreaterThan(1e12);
  });

  test('lists its openings', async () => {
    const { post, url, openings } = await turnstile();
    await post('{"id":"a","at":1}');
    const response = await fetch(new URL('/openings', url));
    expect(await response.json()).toEqual(openings);
  });

  test.each([
    ['', 400],
    ['{', 400],
    ['null', 400],
    ['{"id":"a"}', 400],
    ['{"id":"","at":1}', 400],
    ['{"id":1,"at":1}', 400],
    [JSON.stringify({ id: 'a'.repeat(2000), at: 1 }), 413],
  ])('an order %# answers %i', async (body, status) => {
    const { post, openings } = await turnstile();
    expect(await post(body)).toBe(status);
    expect(openings).toEqual([]);
  });

  test('elsewhere is 404', async () => {
    const { post, url } = await turnstile();
    expect(await post('{"id":"a","at":1}', new URL('/other', url).href)).toBe(404);
    expect((await fetch(url)).status).toBe(404);
  });

  test('out of order opens for nobody', async () => {
    const { post, openings, fail } = await turnstile();
    fail(503);
    expect(await post('{"id":"a","at":1}')).toBe(503);
    expect(openings).toEqual([]);
    fail(undefined);
    expect(await post('{"id":"a","at":1}')).toBe(200);
  });
});
