import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { createStaffApp } from '@pinless-gate/gate-firmware/staff/app';
import { Operators } from '@pinless-gate/gate-firmware/staff/operators';
import { hashPin } from '@pinless-gate/gate-firmware/staff/pin';
import { Sessions } from '@pinless-gate/gate-firmware/staff/sessions';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CODE, Desk } from '../unit/gate-firmware/staff/rig.ts';
import { launchBrowser, openPage, overflows, type Size, shoot, violations } from './pages.ts';

const PIN = '314159-x';
let browser: Browser;
let pin: string;

beforeAll(async () => {
  [browser, pin] = await Promise.all([launchBrowser(), hashPin(PIN)]);
}, 60_000);
afterAll(() => browser?.close());

async function startDesk(): Promise<{ desk: Desk; url: URL }> {
  const desk = new Desk();
  const app = createStaffApp({
    board: desk.board,
    acts: desk.acts,
    operators: new Operators({
      read: async () => [{ id: 'sato', role: 'lead', pin, disabled: false }],
      monotonic: () => 0,
      onRefused: () => undefined,
    }),
    sessions: new Sessions(() => 0, 60_000),
    proofs: ['driving-licence', 'passport'],
  });
  const server: ServerType = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  onTestFinished(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { desk, url: new URL(`http://127.0.0.1:${port}/staff`) };
}

async function signIn(page: Page): Promise<void> {
  await page.locator('[name=operator]').fill('sato');
  await page.locator('[name=pin]').fill(PIN);
  await page.keyboard.press('Enter');
  await page.locator('header').waitFor();
}

test.each([
  ['phone', 'ja-JP'],
  ['phone', 'en-GB'],
  ['tablet', 'ja-JP'],
] as [Size, string][])(
  '%s, %s: complete, readable, and without any script',
  async (size, locale) => {
    const { desk, url } = await startDesk();
    desk.refused(['T-1'], 'already-admitted', 'M1-11');
    desk.refused(['T-2'], 'wrong-gate');
    void desk.look.wait({ code: 'P4-10', why: 'face-check', language: 'ja' });
    const page = await openPage(browser, url, size, { locale });
    const seen = async (name: string) => {
      expect(await violations(page)).toEqual([]);
      expect(await overflows(page)).toBe(false);
      await shoot(page, `staff-${name}-${size}-${locale}`);
    };
    await seen('sign-in');
    await signIn(page);
    await page.locator('summary').first().click();
    await seen('board');
    expect(await page.locator('script').count()).toBe(0);
    desk.look.answer(false);
    await page.context().close();
  },
);

test('a refused tap is let in by keyboard alone, with scripts off', async () => {
  const { desk, url } = await startDesk();
  desk.refused(['T-1'], 'too-early');
  const page = await openPage(browser, url, 'phone', { locale: 'en-GB', javaScriptEnabled: false });
  await signIn(page);
  await page.locator('form[method=get] [name=code]').focus();
  await page.keyboard.type('k7-42');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Code ${CODE}` }).waitFor();
  await page.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ticket checked');
  await page.keyboard.press('Enter');
  await page.locator('[role=status]').waitFor();
  expect(desk.act()).toMatchObject({ act: 'override', code: CODE, reason: 'ticket checked' });
  expect(desk.letIn).toHaveLength(1);
  await page.context().close();
});
