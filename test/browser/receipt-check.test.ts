import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { receiptDocument } from '@pinless-gate/gate-firmware/receipt/layout';
import { renderPng } from '@pinless-gate/gate-firmware/receipt/png';
import { renderSvg } from '@pinless-gate/gate-firmware/receipt/svg';
import { DEFAULT_TEMPLATE } from '@pinless-gate/gate-firmware/receipt/template';
import {
  formatReceiptCode,
  type ReceiptStatement,
  receiptMessage,
} from '@pinless-gate/protocol/receipt-code';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { receiptCheckPage } from '@pinless-gate/runtime/receipt-check';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTENT } from '../unit/gate-firmware/receipt/content.ts';
import { launchBrowser, openPage, shoot, violations } from './pages.ts';

const STATEMENT: ReceiptStatement = {
  event: new Uint8Array(8).fill(0x2b),
  gate: new Uint8Array(4).fill(0xa1),
  sequence: 41,
  at: Date.UTC(2026, 11, 20, 8, 42) / 1000,
  listVersion: 14,
  copy: 0,
  place: 2,
  partySize: 4,
  code: 'K7-42',
  ticketNo: 'T-000123-2',
  seat: { gate: '北口', block: '112', row: '7', number: '15' },
};
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [ours, strangers] = [newKey(), newKey()];
const codeOf = (statement: ReceiptStatement, { privateKey: key } = ours) =>
  formatReceiptCode(
    statement,
    sign('sha256', receiptMessage(statement), { key, dsaEncoding: 'ieee-p1363' }),
  );

let browser: Browser;
let directory: string;
let page: Page;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receipt-check-'));
  const file = join(directory, 'check.html');
  const deviceKey = new Uint8Array(ours.publicKey.export({ format: 'der', type: 'spki' }));
  const name = '北口 3 <b>';
  await writeFile(file, receiptCheckPage([{ name, deviceKey }], 'Asia/Tokyo'));
  browser = await launchBrowser();
  // As saved on a phone: from a file, and without a network.
  page = await openPage(browser, pathToFileURL(file), 'phone', { offline: true });
});
afterAll(async () => {
  await browser?.close();
  await rm(directory, { recursive: true, force: true });
});

const verdict = async (code: string, expected: string): Promise<string> => {
  await page.fill('#typed', code);
  await page.locator('#verdict', { hasText: expected }).waitFor();
  const facts = page.locator('#facts');
  return (await facts.isVisible()) ? ((await facts.textContent()) ?? '') : '';
};

test('a receipt of a gate: what it says, by the clock of the venue', async () => {
  const facts = await verdict(codeOf(STATEMENT), '✓ 本物です');
  for (const part of ['北口 – 112 – 7 – 15', 'T-000123-2', '2 / 4', '2026-12-20 17:42', 'K7-42']) {
    expect(facts).toContain(part);
  }
  expect(facts).toContain('北口 3 <b> (a1a1a1a1), 41');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'receipt-check');
});

test('a copy says so', async () => {
  expect(await verdict(codeOf({ ...STATEMENT, copy: 2 }), '再発行 2')).toContain('T-000123-2');
});

test('of another key, altered, or no code at all', async () => {
  expect(await verdict(codeOf(STATEMENT, strangers), '署名が正しくありません')).toBe('');
  expect(await verdict('K7-42', '控えのコードではありません')).toBe('');
  const octets = Buffer.from(codeOf(STATEMENT).slice(4), 'base64url');
  octets[30]! ^= 1;
  const altered = `PG1:${octets.toString('base64url')}`;
  expect(await verdict(altered, '署名が正しくありません')).toBe('');
});

test('a receipt as PNG: its QR, read by another program, is what the gate signed', async () => {
  // The longest that a list can bring.
  const seat = { gate: '北'.repeat(8), block: '1階アリーナ北東A', row: '立見', number: '10234' };
  const signed = codeOf({ ...STATEMENT, seat });
  const content = { ...CONTENT, language: 'ko', signed } as const;
  const svg = renderSvg(receiptDocument(content, DEFAULT_TEMPLATE, LANGUAGES));
  const png = join(directory, 'receipt.png');
  await writeFile(png, await renderPng(svg));
  const zbar = await promisify(execFile)('zbarimg', ['--quiet', '--raw', '--nodbus', png]);
  expect(zbar.stdout.trim()).toBe(signed);
  expect(await verdict(zbar.stdout.trim(), '✓ 本物です')).toContain('1階アリーナ北東A');
});
