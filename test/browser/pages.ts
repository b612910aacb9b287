import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const SCREENSHOTS = process.env.SCREENSHOTS;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const SIZES = {
  desktop: { width: 1280, height: 900 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 375, height: 812 },
} as const;

export type Size = keyof typeof SIZES;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface PageOptions extends BrowserContextOptions {
  /** `name=value`: whoever is signed in. */
  readonly cookie?: string;
}

export async function openPage(
  browser: Browser,
  url: URL,
  size: Size,
  { cookie, ...more }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZES[size], ...more });
  const [name, value] = cookie?.split('=') ?? [];
  if (name && value) await context.addCookies([{ name, value, url: url.origin }]);
  const page = await context.newPage();
  await page.goto(url.href);
  return page;
}

/** A picture, where the environment names a directory for them. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.evaluate('document.fonts.ready');
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** What axe finds wrong; it must have had something to look at. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found, passes } = (await page.evaluate('axe.run()')) as AxeResults;
  expect(passes.length).toBeGreaterThan(15);
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

export const overflows = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

/** Whether it does with the longest names, in a wider font with the letters apart (WCAG 2.2, 1.4.12). */
export async function overflowsSpaced(page: Page): Promise<unknown> {
  await page.evaluate(
    `Object.assign(document.body.style, {
      fontFamily: 'monospace', letterSpacing: '0.12em', wordSpacing: '0.16em', lineHeight: 1.5,
    });
    for (const name of document.querySelectorAll('tbody th, .taps td.gate, .alarm strong')) {
      name.append('W'.repeat(64));
    }`,
  );
  return overflows(page);
}
