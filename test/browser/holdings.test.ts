import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  challengeOf,
  envelopeFor,
  invite,
  NewGate,
  officeOf,
} from '../unit/issuer-console/enrolling.ts';
import {
  GATE_A,
  NOW,
  startConsole,
  type TestConsole,
  TestGate,
} from '../unit/issuer-console/fixture.ts';
import {
  launchBrowser,
  openPage,
  overflows,
  overflowsSpaced,
  SIZES,
  type Size,
  shoot,
  violations,
} from './pages.ts';

const HOUR_MS = 3_600_000;
let started: TestConsole;
let server: Listening;
let browser: Browser;

beforeAll(async () => {
  [started, browser] = await Promise.all([startConsole(), launchBrowser()]);
  server = await listen(started.app, '127.0.0.1', 0);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await started?.close();
});
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
});

const open = (size: Size, language: string) =>
  openPage(browser, new URL(`/gates?lang=${language}`, server.url), size, {
    cookie: started.cookie,
  });

/** Every standing of a gate and every state of a key at once. */
async function everything(): Promise<void> {
  const office = officeOf(started);
  await started.enrol(new TestGate(GATE_A, '受付 <b>1</b>'));
  const gates: string[] = [];
  for (let i = 1; i <= 7; i++) {
    const { token, gateId } = await invite(started, { name: `北ゲート ${i}` });
    const one = new NewGate();
    const challenge = await challengeOf(started);
    const capabilities = i === 2 ? [] : ['rsa-oaep-sha1+aes-256-kwp'];
    const response = await started.app.request(
      '/api/enrolment',
      one.request(token, challenge, { capabilities }),
    );
    expect(response.status).toBe(200);
    gates.push(gateId);
  }
  await invite(started, { name: '南ゲート 1', validMs: 60_000 });
  const { gateId: withdrawn } = await invite(started, { name: '南ゲート 2' });
  await invite(started, { name: '南ゲート 3' });
  await office.revoke(withdrawn);
  const at = NOW / 1000;
  const over = { validFrom: at - 900, validUntil: at - 60 };
  const [waiting, delivered, taken, expired, destroyed, revoked, silent] = gates as string[];
  // Put while every window was open still.
  started.now = NOW - 120_000;
  await office.putKeys([
    envelopeFor(revoked!),
    envelopeFor(silent!),
    envelopeFor(taken!),
    envelopeFor(expired!, over),
    envelopeFor(destroyed!, over),
  ]);
  started.now = NOW + HOUR_MS;
  await office.putKeys([envelopeFor(waiting!), envelopeFor(delivered!, { generation: 2 })]);
  const note = (column: string, gate: string) =>
    started.database.db.execute(
      `update key_envelopes set ${column} = to_timestamp(${at + 60}) where gate_id = '${gate}'`,
    );
  await note('fetched_at', delivered!);
  await note('taken_at', taken!);
  await note('destroyed_at', destroyed!);
  await office.revoke(revoked!);
}

describe.each(Object.keys(SIZES) as Size[])('gates and keys, %s', (size) => {
  test.each(['ja', 'en'])('with everything that there can be, %s', async (language) => {
    await everything();
    const page = await open(size, language);
    const gates = page.locator('section').first().locator('tbody tr');
    expect(await gates.count()).toBe(11);
    const states = await page.locator('section').nth(1).locator('tbody tr').all();
    const classes = await Promise.all(states.map((row) => row.getAttribute('class')));
    expect(classes.sort()).toEqual([
      'key-delivered',
      'key-destroyed',
      'key-expired',
      'key-no-answer',
      'key-no-answer',
      'key-taken',
      'key-waiting',
    ]);
    expect(await page.locator('.owing').textContent()).toContain('1');
    expect(await page.locator('section b').count()).toBe(0);
    expect(await overflows(page)).toBe(false);
    expect(await violations(page)).toEqual([]);
    await shoot(page, `gates-${size}-${language}`);
    expect(await overflowsSpaced(page)).toBe(false);
    await page.context().close();
  });
});

test('before anything happened, and without JavaScript', async () => {
  const url = new URL('/gates?lang=ja', server.url);
  const options = { javaScriptEnabled: false, cookie: started.cookie };
  const page = await openPage(browser, url, 'phone', options);
  expect(await page.locator('.quiet').count()).toBe(2);
  await page.context().close();
  const scripted = await open('phone', 'ja');
  expect(await violations(scripted)).toEqual([]);
  await shoot(scripted, 'gates-empty');
  await scripted.context().close();
});

test('from page to page and from language to language by keyboard alone', async () => {
  const page = await open('desktop', 'en');
  await page.getByRole('link', { name: '日本語' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('html[lang="ja"]').waitFor();
  expect(await page.title()).toContain('ゲートと鍵');
  await page.getByRole('link', { name: '入場のようす' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#live').waitFor();
  await page.context().close();
});
