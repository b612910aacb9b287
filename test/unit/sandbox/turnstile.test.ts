import { pageOf } from '@pinless-gate/test/sandbox/cli/devices';
import { startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import type { TurnstileSenses } from '@pinless-gate/test/sandbox/turnstile-state';
import { describe, expect, onTestFinished, test } from 'vitest';

async function turnstile(senses: TurnstileSenses = {}) {
  const one = await startTurnstile(senses);
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

  test('lets through as many as it was opened for, and whoever squeezes in behind', async () => {
    const sensed: string[] = [];
    const one = await turnstile({ onPassage: (direction) => sensed.push(direction) });
    expect(one.act('pass')).toBe(false);
    await one.post('{"id":"a","at":1,"direction":"in","people":3}');
    expect([one.act('pass'), one.act('tailgate'), one.act('leave')]).toEqual([true, true, false]);
    expect(one.act('turn-back')).toBe(true);
    expect(one.act('pass')).toBe(false);
    expect(sensed).toEqual(['in', 'in', 'in']);
    const response = await fetch(new URL('/state', one.url));
    expect(await response.json()).toMatchObject({
      free: { in: 0, out: 0 },
      passed: { in: 3, out: 0 },
      tailgated: 1,
      turnedBack: 1,
    });
  });

  test('held, or in alarm, it lets everybody through', async () => {
    const alarms: boolean[] = [];
    const one = await turnstile({ onEvacuation: (active) => alarms.push(active) });
    const act = (name: string) => one.post(JSON.stringify({ act: name }), `${pageOf(one)}act`);
    expect(await act('leave')).toBe(409);
    await one.post('{"hold":true,"at":1}');
    expect(await act('leave')).toBe(200);
    await one.post('{"hold":false,"at":1}');
    expect(await act('alarm')).toBe(200);
    expect(await act('leave')).toBe(200);
    expect(await act('quiet')).toBe(200);
    expect(await act('leave')).toBe(409);
    expect(await act('jump')).toBe(400);
    expect(alarms).toEqual([true, false]);
  });

  test('has a page, told live', async () => {
    const one = await turnstile();
    const page = await (await fetch(pageOf(one))).text();
    expect(page).toContain('<title>Sandbox turnstile</title>');
    const reader = (await fetch(`${pageOf(one)}events`)).body!.getReader();
    const next = async () => Buffer.from((await reader.read()).value!).toString();
    expect(await next()).toContain('"openings":0');
    await one.post('{"id":"a","at":1}');
    expect(await next()).toContain('"free":{"in":1,"out":0}');
    await reader.cancel();
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
