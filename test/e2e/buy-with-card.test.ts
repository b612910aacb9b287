import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { presentCommand } from '@pinless-gate/gate-firmware/cli/present';
import { jlisTable, readJlis } from '@pinless-gate/issuer-console/card/config';
import { openCards, statementsOf } from '@pinless-gate/issuer-console/card/open';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { toHex } from '@pinless-gate/protocol/bytes';
import { parseConfig } from '@pinless-gate/runtime/config';
import { runProgram } from '@pinless-gate/runtime/program';
import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newRsaKey } from '@pinless-gate/test/sandbox/jlis/keys';
import { DEFAULT_PIN, newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import { type JlisServer, startJlisServer } from '@pinless-gate/test/sandbox/jlis/server';
import { SignatureCa } from '@pinless-gate/test/sandbox/jlis/signature-ca';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jlisToml } from '../unit/issuer-console/card/desk.ts';
import { CONSOLE_ID } from '../unit/issuer-console/fixture.ts';
import { TestShop } from '../unit/issuer-console/selling.ts';

// One path from the choice of tickets to the answer whether the card opens: console, J-LIS, reader and card are whole.

const DAY_MS = 86_400_000;
const PASSWORD = 'ABC12345';
const directory = mkdtempSync(join(tmpdir(), 'buy-'));
const file = (name: string) => join(directory, name);
const iso = (at: number) => new Date(at).toISOString();
let jlis: Jlis;
let online: JlisServer;
let reader: SandboxReader;
let shop: TestShop;
let served: Listening;
let card: CardFile;
let serial: string;
let purchase: string;
let ticketNo: string;
let check: string;

beforeAll(async () => {
  [jlis, reader] = await Promise.all([
    Jlis.create(file('jlis')),
    startReader({ directory: file('reader') }),
  ]);
  await SignatureCa.open(jlis.files);
  online = await startJlisServer(file('jlis'));
  const made = await newCard(jlis, { birthDate: '19800217', signaturePassword: PASSWORD });
  card = made.file;
  serial = made.serial!;
  const { jlis: table } = parseConfig(
    jlisToml(file('jlis'), online.url),
    z.strictObject({ jlis: jlisTable }),
    'console.toml',
  );
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const consoleId = async () => CONSOLE_ID;
  const cards = openCards(await readJlis(file('console.toml'), table), {
    now: Date.now,
    random,
    onTrouble: () => {},
  });
  const statements = statementsOf(cards, { consoleId, random });
  shop = await TestShop.open({ statements, serialLink: cards.link });
  shop.started.now = Date.now();
  served = await listen(shop.started.app, '127.0.0.1', 0);
});

afterAll(async () => {
  await served?.close();
  await shop?.started.close();
  await online?.close();
  await reader?.close();
  rmSync(directory, { recursive: true });
});

async function eventOnSale(): Promise<string> {
  const eventId = toHex(randomBytes(16));
  const begins = Date.now() + 10 * DAY_MS;
  const event = {
    ...{ id: eventId, vendorId: shop.vendorId, name: '冬の音楽祭' },
    startsAt: iso(begins),
    admission: { from: iso(begins - DAY_MS / 8), until: iso(begins + DAY_MS / 8) },
    ...{ gates: ['A', 'B'], issuers: ['jpki-auth'] },
  };
  expect((await shop.ask('POST', '/api/v1/events', event))[0]).toBe(201);
  return eventId;
}

/** `gate present` with this card on the reader and these lines typed at its terminal. */
async function present(one: CardFile, ...typed: string[]): Promise<string[]> {
  const inserted = await reader.insert(one);
  const [out, err]: string[][] = [[], []];
  const io = {
    out: (line: string) => out!.push(line),
    err: (line: string) => err!.push(line),
    env: {},
    signal: AbortSignal.timeout(60_000),
    interactive: false,
    readSecret: async () => typed.shift() ?? '',
  };
  const program = { name: 'gate', usage: '', commands: { present: presentCommand } };
  const options = ['--console', served.url, '--socket', reader.socket];
  const argv = ['present', ...options, '--reader', reader.names[0]];
  const code = await runProgram(program, argv, io);
  await inserted.remove();
  await inserted.removed;
  expect({ code, err }).toMatchObject({ code: 0 });
  return out!;
}

describe('a purchase with the card', () => {
  test('signed, with its chip; then whether it opens, is renewed, or is another', async () => {
    const eventId = await eventOnSale();
    const sale = { from: iso(Date.now() - 1000), until: iso(Date.now() + DAY_MS) };
    const offerId = await shop.offer(eventId, { priceYen: 0, kazashi: true, sale });
    const code = await shop.apply(eventId, offerId, 2);
    expect(await present(card, code, '550217', PASSWORD)).toContain('paid');

    const standing = await shop.standing(code);
    purchase = `/api/v1/events/${eventId}/purchases/${standing.purchaseId as string}`;
    ticketNo = `${standing.purchaseId as string}-2`;
    expect(standing).toMatchObject({ state: 'paid', kazashi: true });
    check = standing.checkCode as string;
    expect(await present(card, check)).toEqual(['not-listed']);
    const stranger = (await newCard(jlis)).file;
    expect(await present(stranger, check)).toEqual(['wrong-card']);
    const { publicKeyPem, privateKeyPem } = await newRsaKey();
    const renewed = await (await Jlis.open(file('jlis'))).renew(serial, publicKeyPem);
    const again = { ...card, certificatePem: renewed.pem, privateKeyPem };
    expect(await present(again, check)).toEqual(['renewed-card']);
  });

  test.each([
    ['companion', 'not-listed'],
    // It is of another purchase from then on.
    ['transfer', 'wrong-card'],
  ] as const)('of which a ticket comes to another card: %s', async (kind, answer) => {
    const { file: other } = await newCard(jlis, { birthDate: '19900102' });
    const [status, given] = await shop.ask('POST', `${purchase}/invitations`, { ticketNo, kind });
    expect([status, given]).toMatchObject([201, { code: expect.any(String) }]);
    const [state] = await present(other, given.code as string, '020102', DEFAULT_PIN);
    expect(state).toBe('done');
    expect(await present(other, check)).toEqual([answer]);
  });

  test('none of what the signature certificate says of its holder is in the database', async () => {
    const dump = await everything();
    expect(dump).toContain('冬の音楽祭');
    for (const item of ['見本', '清瀬市', '319800217', 'Kiyose']) {
      expect(dump).not.toContain(toHex(Buffer.from(item)));
      expect(dump).not.toContain(item);
    }
  });
});

/** Every row of every table, octets in hex. */
async function everything(): Promise<string> {
  const { db } = shop.started.database;
  const rows = async (query: string) =>
    ((await db.execute(query)) as { rows: Record<string, unknown>[] }).rows;
  const tables = await rows(
    "select table_name from information_schema.tables where table_schema = 'public'",
  );
  const parts: string[] = [];
  for (const { table_name: name } of tables) {
    parts.push(JSON.stringify(await rows(`select t::text from "${String(name)}" t`)));
  }
  return parts.join('\n');
}
