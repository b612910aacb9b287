import { passkeysOf } from '@pinless-gate/issuer-console/credentials/passkey';
import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { freePort } from '@pinless-gate/test/sandbox/free-port';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVendor, PASSWORD, signedIn } from '../unit/issuer-console/accounts.ts';
import { codeOf } from '../unit/issuer-console/authenticator.ts';
import { startConsole, type TestConsole, TestGate } from '../unit/issuer-console/fixture.ts';
import { feedOf, purchase } from '../unit/whitelist-builder/fixture.ts';
import { launchBrowser, openPage, overflows, type Size, shoot, violations } from './pages.ts';

let started: TestConsole;
let server: Listening;
let browser: Browser;
let url: string;
/** Of the import and the webhook that tests here make. */
let importPath = '/events';
let webhookPath = '/webhooks';
const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
const WAIT = { timeout: 30_000 };
const EVENT_PAGES = () => [
  ...['/events', `/events/${EVENT_ID}`, importPath],
  `/events/${EVENT_ID}/purchases?state=paid`,
];

beforeAll(async () => {
  // Known before it listens: a passkey is made for one origin.
  const port = await freePort();
  url = `http://localhost:${port}/`;
  const origin = new URL(url);
  const accounts = { passkeys: passkeysOf(origin) };
  [started, browser] = await Promise.all([startConsole({ origin, accounts }), launchBrowser()]);
  server = await listen(started.app, '127.0.0.1', port);
  started.now = Date.now();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await started?.close();
});

const open = (path: string, size: Size = 'desktop', more: object = {}) =>
  openPage(browser, new URL(path, url), size, more);

async function submitSignIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Name to sign in with').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('an account, from the first password to a second factor', () => {
  test('without JavaScript: password, authenticator, sign-out, code', async () => {
    const adding = await open('/operators?lang=en', 'desktop', { cookie: started.cookie });
    await adding.getByLabel('Name to sign in with').fill('hanako');
    await adding.getByLabel('Role').last().selectOption('venue-manager');
    await adding.getByRole('button', { name: 'Add an operator' }).click();
    const given = await adding.locator('.secret').textContent();
    await adding.context().close();

    const page = await open('/?lang=en', 'phone', { javaScriptEnabled: false });
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await submitSignIn(page, 'hanako', 'not this one at all');
    expect(await page.getByRole('alert').textContent()).toContain('do not fit');
    await submitSignIn(page, 'hanako', given!);
    await page.getByLabel('Present password').fill(given!);
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.locator('#taps').waitFor();

    await page.getByRole('link', { name: 'hanako' }).click();
    await page.getByRole('button', { name: 'Add an authenticator' }).click();
    const secret = await page.locator('.secret').textContent();
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret!, started.now));
    await page.getByRole('button', { name: 'Add it' }).click();
    expect(await page.locator('.secret').count()).toBe(10);
    await page.getByRole('link', { name: 'I have noted it' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();

    started.now += 30_000;
    await submitSignIn(page, 'hanako', PASSWORD);
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret!, started.now));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('#taps').waitFor();
    await page.context().close();
  });

  test('a passkey alone: made by the browser, then signed in with', async () => {
    await signedIn(started.stores, { name: 'taro', role: 'auditor' });
    const page = await open('/sign-in?lang=en');
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await submitSignIn(page, 'taro', PASSWORD);
    await page.getByRole('link', { name: 'taro' }).click();
    await page.getByLabel('What you call it').fill('security key');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('security key').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('link', { name: 'taro' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    const [last] = await started.stores.audit.entries(Scope.everything, {
      before: undefined,
      limit: 1,
    });
    expect(last!.entry.facts).toEqual({ how: 'passkey' });
    await page.context().close();
  });
});

test('purchases imported without JavaScript: event, file, rejects', async () => {
  await newVendor(started.stores, 'shop');
  const page = await open('/events?lang=en', 'phone', {
    cookie: started.cookie,
    javaScriptEnabled: false,
  });
  expect(await page.getByText('There is no event yet').count()).toBe(1);
  const fields = {
    'Id of the event': EVENT_ID,
    'Name of the event': '冬の音楽祭 2026',
    'Starts at': '2026-12-20T18:00:00+09:00',
    'Admission from': '2026-12-20T15:00:00+09:00',
    'Admission until': '2026-12-20T21:00:00+09:00',
    Gates: 'A, B',
    'Issuers of cards': 'jpki-auth',
  };
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  await page.getByRole('button', { name: 'Add an event' }).click();
  await page.getByRole('link', { name: '冬の音楽祭 2026' }).click();
  const file = (name: string, text: string) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(text),
  });
  const send = async (name: string, text: string) => {
    await page.getByLabel('File').setInputFiles(file(name, text));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
  };
  await send('purchases.xlsx', 'PK');
  expect(await page.getByRole('alert').textContent()).toContain('.csv');
  await page.getByRole('link', { name: '冬の音楽祭 2026' }).click();
  await send('purchases.ndjson', `${feedOf(purchase(1))}{\n`);
  await page.getByRole('link', { name: '冬の音楽祭 2026' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/imports\/[0-9a-f]{32}$/);
  importPath = new URL(page.url()).pathname;
  await expect
    .poll(async () => {
      await page.reload();
      return page.getByRole('status').textContent();
    }, WAIT)
    .toBe('done');
  expect(await page.getByText('the whole line').count()).toBe(1);
  expect(await page.getByText('new: 1').count()).toBe(1);
  await page.context().close();
});

test('a webhook without JavaScript: added, tried, changed, sent again', async () => {
  await newVendor(started.stores, 'shop with a program');
  const options = { cookie: started.cookie, javaScriptEnabled: false };
  const page = await open('/webhooks?lang=en', 'phone', options);
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const address = 'https://hooks.example.jp:8443/console/a-path-that-is-long-enough-to-be-too-wide';
  await page.getByLabel('Address').fill(address);
  await page.getByLabel('feed.exported').uncheck();
  await press('Add a webhook');
  expect(await page.locator('.secret').textContent()).toMatch(/^whsec_/);
  await page.getByRole('link', { name: 'I have noted it' }).click();
  webhookPath = new URL(page.url()).pathname;
  expect(await page.getByLabel('feed.exported').isChecked()).toBe(false);
  await press('Send a test');
  expect(await page.getByText('answered 200').count()).toBe(1);
  await page.getByLabel('feed.exported').check();
  await press('Save');
  expect(await page.getByLabel('feed.exported').isChecked()).toBe(true);
  await press('Give another secret');
  await page.getByRole('link', { name: 'I have noted it' }).click();
  expect(await page.getByText('the secret before signs too').count()).toBe(1);
  await press('Turn off');
  expect(await page.getByRole('status').textContent()).toContain('off:');
  await page.context().close();
});

const SHOWN: [Size, string][] = [
  ['desktop', 'en'],
  ['phone', 'ja'],
];

describe('every page', () => {
  test.each(SHOWN)('%s, %s: nothing for axe, nothing beyond the edge', async (size, language) => {
    await fill();
    for (const path of [
      '/vendors',
      '/operators',
      '/api-keys',
      '/audit',
      '/account',
      '/gates',
      '/webhooks',
      webhookPath,
      ...EVENT_PAGES(),
    ]) {
      const asked = `${path}${path.includes('?') ? '&' : '?'}lang=${language}`;
      const page = await open(asked, size, { cookie: started.cookie });
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect([path, await violations(page)]).toEqual([path, []]);
      expect([path, await overflows(page)]).toEqual([path, false]);
      await shoot(page, `accounts${path.replaceAll(/[/?=]/g, '-')}-${size}-${language}`);
      await page.context().close();
    }
    const page = await open(`/sign-in?lang=${language}&refused=ERR_SIGN_IN`, size);
    expect(await violations(page)).toEqual([]);
    await shoot(page, `accounts-sign-in-${size}-${language}`);
    await page.context().close();
  });
});

let filled = false;
async function fill(): Promise<void> {
  if (filled) return;
  filled = true;
  const vendorId = await newVendor(started.stores, '横浜チケット <b>株式会社</b>');
  await signedIn(started.stores, {
    name: 'a-very-long-name@tickets.example.jp',
    role: 'vendor',
    vendorId,
  });
  await started.enrol(new TestGate('9'.repeat(32), '北ゲート 1'));
  const page = await open('/api-keys?lang=en', 'desktop', { cookie: started.cookie });
  await page.getByLabel('What you call it').fill('shop');
  await page.getByRole('button', { name: 'Make an API key' }).click();
  await page.getByRole('link', { name: 'I have noted it' }).click();
  await page.getByRole('button', { name: 'Rotate shop' }).click();
  await page.locator('.secret').waitFor();
  await page.context().close();
}
