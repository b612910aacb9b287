import { enrolmentStore } from '@pinless-gate/issuer-console/store/enrolment';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  decodeEnrolled,
  decodeEnrolmentOffer,
  encodeEnrolmentRequest,
  encodeEnrolmentStatement,
  MAX_ENROLMENT_LENGTH,
} from '@pinless-gate/protocol/enrolment';
import { formatEnrolmentToken, parseEnrolmentToken } from '@pinless-gate/protocol/enrolment-token';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { challengeOf, invite, NewGate, officeOf, post } from '../enrolling.ts';
import { CONSOLE_ID, NOW, PUBLISHER, startConsole, type TestConsole } from '../fixture.ts';

const EVENT = '2be552203c4c0f4f0703b037dfbd00e5';
const HOUR_MS = 3_600_000;
let started: TestConsole;
let gate: NewGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  // A quiet hour: whatever the last test used up of the rate limits is there again.
  started.now = Math.max(started.now, NOW) + HOUR_MS;
  gate = new NewGate();
});

const send = (init: RequestInit) => started.app.request('/api/enrolment', init);
const enrol = async (token: string, one = gate) =>
  send(one.request(token, await challengeOf(started)));
const records = () => enrolmentStore(started.database.db).records();

async function told(response: Response): Promise<[number, unknown]> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return [response.status, ((await response.json()) as { code: string }).code];
}

const answerOf = async (response: Response) => {
  expect(response.status).toBe(200);
  return decodeEnrolled(new Uint8Array(await response.arrayBuffer()));
};

describe('POST /api/enrolment', () => {
  test('a gate with a token is enrolled, and told whom to believe', async () => {
    const { token, gateId } = await invite(started, { eventIds: [EVENT] });
    expect(await answerOf(await enrol(token))).toEqual({
      consoleId: fromHex(CONSOLE_ID),
      gateId: fromHex(gateId),
      gateName: '北ゲート 1',
      eventIds: [fromHex(EVENT)],
      publishers: [PUBLISHER.gate.deviceKey],
      threshold: 1,
      enrolledAt: started.now,
    });
    const [record] = await records();
    expect(record).toMatchObject({
      id: gateId,
      eventIds: [EVENT],
      addedAt: started.now,
      stated: { software: '0.1.0', capabilities: ['rsa-oaep-sha1+aes-256-kwp'] },
    });
    expect(record?.expiresAt).toBeUndefined();
  });

  test('the token stands nowhere: not in the database, not in the log', async () => {
    const { token } = await invite(started);
    await enrol(token);
    await enrol(token, new NewGate());
    const { rows } = (await started.database.db.execute(
      `select (select string_agg(i::text, ' ') from invitations i)
           || (select string_agg(g::text, ' ') from gates g) as all`,
    )) as unknown as { rows: { all: string }[] };
    const { secret } = parseEnrolmentToken(token);
    const everything = rows[0]!.all + started.logged.join();
    expect(everything).toContain('北ゲート 1');
    expect(everything).not.toContain(Buffer.from(secret).toString('hex'));
    expect(everything).not.toContain(token.slice(0, 11));
  });

  test('the same gate whose answer was lost gets it again, even after the token expired', async () => {
    const { token } = await invite(started);
    const first = await answerOf(await enrol(token));
    started.now += 2 * HOUR_MS;
    expect(await answerOf(await enrol(token))).toEqual(first);
    expect(await records()).toHaveLength(1);
  });

  test('of two gates that come with one token at once, one is enrolled', async () => {
    const { token } = await invite(started);
    const gates = [new NewGate(), new NewGate(), new NewGate()];
    const responses = await Promise.all(gates.map((one) => enrol(token, one)));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
    expect(await records()).toHaveLength(1);
  });
});

describe('POST /api/enrolment, refused', () => {
  test('a token that was used by another', async () => {
    const { token } = await invite(started);
    await enrol(token);
    expect(await told(await enrol(token, new NewGate()))).toEqual([403, 'ERR_ENROLMENT_USED']);
  });

  test('a token that has expired, to the millisecond', async () => {
    const { token } = await invite(started, { validMs: HOUR_MS });
    started.now += HOUR_MS;
    expect(await told(await enrol(token))).toEqual([403, 'ERR_ENROLMENT_EXPIRED']);
    started.now -= 1;
    expect((await enrol(token)).status).toBe(200);
  });

  test('a token that was withdrawn', async () => {
    const { token, gateId } = await invite(started);
    expect(await officeOf(started).revoke(gateId)).toBe('withdrawn');
    expect(await told(await enrol(token))).toEqual([403, 'ERR_ENROLMENT_WITHDRAWN']);
  });

  test('a gate that was revoked comes back', async () => {
    const { token, gateId } = await invite(started);
    await enrol(token);
    await officeOf(started).revoke(gateId);
    expect(await told(await enrol(token))).toEqual([403, 'ERR_GATE_REVOKED']);
    expect(await told(await enrol(token, new NewGate()))).toEqual([403, 'ERR_ENROLMENT_USED']);
  });

  test('a device key of another gate; of a revoked one it may be used again', async () => {
    const first = await invite(started);
    await enrol(first.token);
    const second = await invite(started);
    expect(await told(await enrol(second.token))).toEqual([403, 'ERR_ENROLMENT_KEY_KNOWN']);
    await officeOf(started).revoke(first.gateId);
    expect((await enrol(second.token)).status).toBe(200);
  });

  test('guesses all get one answer, and say nothing of the tokens there are', async () => {
    const { token } = await invite(started);
    const guess = (secret: Uint8Array) => {
      const { consoleTag } = parseEnrolmentToken(token);
      return enrol(formatEnrolmentToken({ consoleTag, secret }));
    };
    const near = parseEnrolmentToken(token).secret.map((octet, i) =>
      i === 19 ? octet ^ 1 : octet,
    );
    const [one, other] = await Promise.all([guess(new Uint8Array(20)), guess(near)]);
    expect(await one!.text()).toBe(await other!.text());
    expect(one!.status).toBe(403);
  });

  test('a token of another console is told by itself, and no store is asked', async () => {
    const foreign = formatEnrolmentToken({
      consoleTag: new Uint8Array(5).fill(0xee),
      secret: new Uint8Array(20),
    });
    const response = await send(gate.request(foreign, new Uint8Array(32)));
    expect(await told(response)).toEqual([403, 'ERR_ENROLMENT_FOREIGN']);
  });

  test.each([
    ['never offered', async () => new Uint8Array(32)],
    ['taken before', async () => taken()],
    ['older than two minutes', async () => late()],
  ])('a challenge that was %s', async (_, challenge) => {
    const { token } = await invite(started);
    const response = await send(gate.request(token, await challenge()));
    expect(await told(response)).toEqual([409, 'ERR_ENROLMENT_CHALLENGE']);
    expect((await enrol(token)).status).toBe(200);
  });
  async function taken() {
    const challenge = await challengeOf(started);
    const { token } = await invite(started);
    await send(new NewGate().request(token, challenge));
    return challenge;
  }
  async function late() {
    const challenge = await challengeOf(started);
    started.now += 120_000;
    return challenge;
  }

  test.each([
    ['another console', { consoleId: new Uint8Array(16) }],
    ['another token', { tokenHash: new Uint8Array(32) }],
  ])('a statement that was made for %s', async (_, more) => {
    const { token } = await invite(started);
    const response = await send(gate.request(token, await challengeOf(started), more));
    expect(await told(response)).toEqual([400, 'ERR_ENROLMENT_STATEMENT']);
  });

  test('a statement that its device key did not sign', async () => {
    const { token } = await invite(started);
    const statement = encodeEnrolmentStatement(gate.statement(await challengeOf(started)));
    const signature = new NewGate().sign(statement);
    const response = await send(post(encodeEnrolmentRequest({ token, statement, signature })));
    expect(await told(response)).toEqual([400, 'ERR_ENROLMENT_PROOF']);
    expect(await records()).toMatchObject([{ stated: undefined }]);
  });

  test.each<[string, RequestInit, number, string]>([
    ['no type', { method: 'POST', body: 'x' }, 415, 'ERR_HTTP_CONTENT_TYPE'],
    ['noise', post(Buffer.from('hello')), 400, 'ERR_CBOR'],
    ['too much', post(new Uint8Array(MAX_ENROLMENT_LENGTH + 1)), 413, 'ERR_HTTP_TOO_LARGE'],
  ])('%s', async (_, init, status, code) => {
    expect(await told(await send(init))).toEqual([status, code]);
  });
});

describe('rates', () => {
  test('after twenty refusals nothing more is judged until time has passed', async () => {
    const { token } = await invite(started);
    for (let i = 0; i < 20; i++) expect((await send(post(Buffer.from('x')))).status).toBe(400);
    const busy = await enrol(token);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '3']);
    started.now += 3000;
    expect((await enrol(token)).status).toBe(200);
  });

  test('enrolments that succeed use up nothing', async () => {
    for (let i = 0; i < 25; i++) {
      const { token } = await invite(started, { name: `G${i}` });
      expect((await enrol(token, new NewGate())).status).toBe(200);
    }
  });

  test('sixty offers at once, and old ones are forgotten', async () => {
    for (let i = 0; i < 60; i++) await challengeOf(started);
    const response = await started.app.request('/api/enrolment/offer', { method: 'POST' });
    expect(await told(response)).toEqual([429, 'ERR_HTTP_RATE']);
    started.now += HOUR_MS;
    await challengeOf(started);
    const { rows } = (await started.database.db.execute(
      'select count(*)::int as n from enrolment_challenges',
    )) as unknown as { rows: { n: number }[] };
    expect(rows[0]!.n).toBe(1);
  });

  test('an offer names the console, and no two challenges are alike', async () => {
    const response = await started.app.request('/api/enrolment/offer', { method: 'POST' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const offer = decodeEnrolmentOffer(new Uint8Array(await response.arrayBuffer()));
    expect(offer.consoleId).toEqual(fromHex(CONSOLE_ID));
    expect(await challengeOf(started)).not.toEqual(offer.challenge);
  });
});
