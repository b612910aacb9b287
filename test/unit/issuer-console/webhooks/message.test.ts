import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeAuditEntry } from '@pinless-gate/issuer-console/domain/audit';
import { WEBHOOK_TYPES } from '@pinless-gate/issuer-console/domain/webhook';
import {
  formatSecret,
  messageOf,
  signedHeaders,
  testMessage,
} from '@pinless-gate/issuer-console/domain/webhook-message';
import { GIVE_UP_MS, setbackOf } from '@pinless-gate/issuer-console/domain/webhook-retry';
import { describe, expect, test } from 'vitest';

describe('signedHeaders', () => {
  // github.com/standard-webhooks/standard-webhooks, libraries/javascript/src/index.test.ts, "sign function works".
  const key = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    type: 'x',
    body: '{"test": 2432232314}',
  };
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const secret = new Uint8Array(Buffer.from(key, 'base64'));

  test('are those of the convention', () => {
    expect(signedHeaders(message, [secret], 1_614_265_330_999)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': signature,
    });
    expect(formatSecret(secret)).toBe(`whsec_${key}`);
  });

  test('have a signature by each secret', () => {
    const both = signedHeaders(message, [new Uint8Array(32), secret], 1_614_265_330_000);
    const [first, second, ...more] = both['webhook-signature']!.split(' ');
    expect([second, more]).toEqual([signature, []]);
    expect(first).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(first).not.toBe(signature);
  });
});

describe('messageOf', () => {
  const at = Date.parse('2026-12-20T18:04:05.678+09:00');
  const entry = {
    sequence: 7,
    previous: new Uint8Array(32),
    at,
    by: { kind: 'operator' as const, id: 'a-person' },
    action: 'import.finished',
    subjects: ['i', 'e'],
    vendorId: 'v',
    facts: { state: 'done', accepted: 3 },
  };

  test('has type, id, time, subjects and facts, and not the author', () => {
    const { id, type, body } = messageOf(encodeAuditEntry(entry));
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(type).toBe('import.finished');
    expect(JSON.parse(body)).toEqual({
      type,
      id,
      at: '2026-12-20T09:04:05.678Z',
      data: { subjects: ['i', 'e'], facts: { state: 'done', accepted: 3 } },
    });
  });

  test('is the same for one entry, and another for another', () => {
    const raw = encodeAuditEntry(entry);
    expect(messageOf(raw)).toEqual(messageOf(raw.slice()));
    expect(messageOf(encodeAuditEntry({ ...entry, sequence: 8 })).id).not.toBe(messageOf(raw).id);
  });

  test('a test says so', () => {
    const { type, body } = testMessage('w', '0'.repeat(32), at);
    expect([type, JSON.parse(body).data]).toEqual(['webhook.test', { webhook: 'w' }]);
  });
});

describe('what is told', () => {
  const types = Object.keys(WEBHOOK_TYPES);
  const root = new URL('../../../../', import.meta.url);
  const sources = (
    readdirSync(new URL('issuer-console/src', root), { recursive: true }) as string[]
  )
    .filter((name) => name.endsWith('.ts') && name !== join('domain', 'webhook.ts'))
    .map((name) => readFileSync(new URL(`issuer-console/src/${name}`, root), 'utf8'))
    .join('\n');

  test('is noted somewhere', () => {
    // What becomes of an application is noted by its state.
    const byState = (type: string) => /^purchase\.(paid|cancelled)$/.test(type);
    expect(sources).toMatch(/`purchase\.\$\{state\}`/);
    const noted = (type: string) => byState(type) || sources.includes(`'${type}'`);
    expect(types.filter((type) => !noted(type))).toEqual([]);
  });

  test('stands in docs/webhooks.md', () => {
    const text = readFileSync(new URL('docs/webhooks.md', root), 'utf8');
    expect(types.filter((type) => !text.includes(`\`${type}\``))).toEqual([]);
  });
});

describe('setbackOf', () => {
  const at = 1_000_000;
  const failed = { at, durationMs: 10, status: 500, failure: undefined };
  const again = (attempts: number, chance = 0.5) =>
    setbackOf({ attempts, failedSince: at }, failed, at, chance);

  test.each([
    [0, 5000],
    [1, 10_000],
    [5, 160_000],
    [11, 7_200_000],
    [2000, 7_200_000],
  ])('after %i attempts: %i ms', (attempts, delay) => {
    expect(again(attempts)).toEqual({ again: at + delay });
    expect(again(attempts, 0)).toEqual({ again: at + 0.75 * delay });
    expect(again(attempts, 1)).toEqual({ again: at + 1.25 * delay });
  });

  test.each([
    ['three days after the first failure', GIVE_UP_MS, 500, { giveUp: true }],
    ['a millisecond before', GIVE_UP_MS - 1, 500, { again: expect.any(Number) }],
    ['the receiver is gone', 0, 410, { giveUp: true }],
    ['the receiver redirects', 0, 301, { again: expect.any(Number) }],
  ])('%s', (_, later, status, outcome) => {
    const attempt = { ...failed, status, at: at + later };
    expect(setbackOf({ attempts: 3, failedSince: at }, attempt, at + later, 0)).toEqual(outcome);
  });

  test('of the first failure there is none before', () => {
    const first = setbackOf({ attempts: 0, failedSince: undefined }, failed, at, 0.5);
    expect(first).toEqual({ again: at + 5000 });
  });
});
