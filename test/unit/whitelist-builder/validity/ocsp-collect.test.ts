import { once } from 'node:events';
import { createServer } from 'node:http';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  type AskedCard,
  type Collecting,
  collectByOcsp,
} from '@pinless-gate/whitelist-builder/validity/ocsp-collect';
import { afterEach, describe, expect, test } from 'vitest';
import { issueResponderCertificate } from '../../../sandbox/jlis/certificate.ts';
import { answerOcsp, type OcspFault } from '../../../sandbox/jlis/ocsp.ts';
import { issuerOf, newCa, type TestCa } from '../fixture.ts';

const [first, second] = [await newCa(), await newCa()];
const now = Date.now();
const validity = { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + 3_600_000) };
const responderOf = async ({ key: ca }: TestCa) => ({
  ca,
  key: ca,
  certificate: await issueResponderCertificate(ca, ca.spki, validity),
});
const revoked = [{ serial: '0666', at: new Date(now).toISOString() }];

let closing: (() => void) | undefined;
afterEach(() => closing?.());

/** Answers for these generations, each by its own responder; `most` is how many asked at once. */
async function responding(cas: readonly TestCa[], fault?: OcspFault) {
  const responders = await Promise.all(cas.map(responderOf));
  const seen = { asked: 0, atOnce: 0, most: 0 };
  const server = createServer(async (request, response) => {
    seen.asked++;
    seen.most = Math.max(seen.most, ++seen.atOnce);
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = new Uint8Array(Buffer.concat(parts));
    const answers = await Promise.all(
      responders.map((one) => answerOcsp(body, one, revoked, { now, fault, otherCa: one.ca })),
    );
    // Unknown [2] where the certID is another generation's.
    const own = answers.find((one) => !Buffer.from(one).includes(Buffer.of(0x82, 0x00, 0x18)));
    response.writeHead(200, { 'content-type': 'application/ocsp-response' });
    seen.atOnce--;
    response.end(own ?? answers[0]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing = () => server.close().closeAllConnections();
  const { port } = server.address() as { port: number };
  return { seen, url: `http://127.0.0.1:${port}/` };
}

const collectingAt = (url: string, change: Partial<Collecting> = {}): Collecting => ({
  asking: { url },
  concurrency: 4,
  maxAgeS: 3600,
  unproven: 'leave-out',
  now: () => now,
  signal: new AbortController().signal,
  progress: () => {},
  ...change,
});
async function* cards(issuer: ReturnType<typeof issuerOf>, ...serials: string[]) {
  for (const serial of serials) {
    const card: AskedCard = { issuer, issuerName: issuer.nameDer, serial: fromHex(serial) };
    yield card;
  }
}

describe('collectByOcsp', () => {
  test('asks about each card once, so many at once', async () => {
    const { seen, url } = await responding([first]);
    const issuer = issuerOf(first);
    const serials = Array.from({ length: 40 }, (_, i) => (0x1000 + (i % 20)).toString(16));
    const found = await collectByOcsp(cards(issuer, ...serials, '0666'), collectingAt(url));
    expect(seen.asked).toBe(21);
    expect(seen.most).toBeLessThanOrEqual(4);
    expect(found.of({ issuer, serial: fromHex('1000') })).toMatchObject({ status: 'good' });
    expect(found.of({ issuer, serial: fromHex('0666') })).toEqual({ status: 'revoked' });
    expect(found.of({ issuer, serial: fromHex('0777') })).toEqual({ status: 'unknown' });
  });

  test.each([
    ['all generations answer', [first, second], undefined, 'good'],
    ['one generation does not answer', [first], undefined, 'unknown'],
    ['nobody knows the number', [first, second], 'unknown', 'unknown'],
  ] as const)('by serial number: %s', async (_, answering, fault, status) => {
    const { url } = await responding(answering, fault);
    const issuer = issuerOf(first, second);
    const found = await collectByOcsp(cards(issuer, '1000'), collectingAt(url));
    expect(found.of({ issuer, serial: fromHex('1000') }).status).toBe(status);
  });

  test('tries three times, then leaves out or fails', async () => {
    const { seen, url } = await responding([first], 'try-later');
    const issuer = issuerOf(first);
    const found = await collectByOcsp(cards(issuer, '1000'), collectingAt(url));
    expect(seen.asked).toBe(3);
    expect(found.finding({ issuer, serial: fromHex('1000') })).toEqual({
      answer: { status: 'unknown' },
      reason: 'status-try-later',
    });
    const many = Array.from({ length: 40 }, (_, i) => (0x1000 + i).toString(16));
    const failing = collectByOcsp(cards(issuer, ...many), collectingAt(url, { unproven: 'fail' }));
    await expect(failing).rejects.toMatchObject({ code: 'ERR_VALIDITY_UNREACHABLE' });
    // The first that fails ends it: nobody asks about the rest.
    expect(seen.asked).toBeLessThan(3 + 3 * 9);
  });

  test('ends when it is told to', async () => {
    const { url } = await responding([first]);
    const signal = AbortSignal.abort();
    const ended = collectByOcsp(cards(issuerOf(first), '1000'), collectingAt(url, { signal }));
    await expect(ended).rejects.toMatchObject({ code: 'ERR_INTERRUPTED' });
  });
});
