import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { apiKeys } from '@pinless-gate/issuer-console/domain/api-key';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { eventDesk, requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { KEY_SCOPES } from '@pinless-gate/issuer-console/domain/permission';
import { Importer } from '@pinless-gate/issuer-console/purchases/importer';
import { openEmbeddedDatabase } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import { fromHex } from '@pinless-gate/protocol/bytes';
import type { Trust } from '@pinless-gate/test/lists/press';
import { certificatePem } from '@pinless-gate/test/sandbox/jlis/certificate';
import type { BenchContext } from './bench.ts';
import { makeToken, type Token } from './token.ts';
import { issuerOf, makeCa, rowsOf } from './whitelist-feed.ts';

const EVENT = '2be552203c4c0f4f0703b037dfbd00e5';
const VENDOR = '1'.repeat(32);
const SEAL = randomBytes(32);
const ASKER = commandLine(0);
const DAY_MS = 86_400_000;
const PATIENCE_MS = 600_000;

const bin = (room: string, name: string) =>
  fileURLToPath(new URL(`../../${room}/bin/${name}.js`, import.meta.url));
const CONSOLE = bin('issuer-console', 'issuer-console');
const WHITELIST = bin('whitelist-builder', 'whitelist');

/** A console with an event, and a way from a changed purchase to a list that gates read. */
export interface Stand {
  readonly name: string;
  readonly directory: string;
  readonly url: string;
  readonly keys: KeyStore;
  readonly issuerName: Uint8Array;
  trust(): Promise<Trust>;
  publishFirst(): Promise<void>;
  /** The ticket of a purchase goes to the card of another; resolves once no command of ours is left to wait for. */
  resell(from: number, to: number): Promise<void>;
}

interface Filled {
  readonly token: Token;
  readonly ca: Uint8Array;
  readonly store: string;
  readonly apiKey: string;
}

/** The same purchases in two consoles: one publishes by itself, for the other it is done by hand. */
export async function openStand(
  context: BenchContext,
  rows: number,
): Promise<{ readonly publishing: Stand; readonly byHand: Stand }> {
  const { directory, defer } = context;
  const token = await makeToken(join(directory, 'token'));
  defer(() => token.store.close());
  await token.store.generate('event', 'event');
  await token.store.generate('publisher', 'publisher');
  const store = join(directory, 'filled');
  const apiKey = await fill(store, rows);
  const filled = { token, ca: await makeCa(), store, apiKey };
  return {
    publishing: await open(context, filled, 'publishing'),
    byHand: await open(context, filled, 'by-hand'),
  };
}

/** As an import brings them. */
async function fill(directory: string, rows: number): Promise<string> {
  const opened = await openEmbeddedDatabase(directory);
  try {
    await opened.migrate();
    const stores = storesOn(opened.db);
    const random = (length: number) => new Uint8Array(randomBytes(length));
    const shared = { ...stores, seal: sealWith(SEAL), now: Date.now, random };
    await stores.vendors.add({ id: VENDOR, name: 'bench' }, { by: ASKER.by, at: Date.now() });
    const now = Date.now();
    await eventDesk(shared).add(ASKER, {
      id: EVENT,
      vendorId: VENDOR,
      name: 'bench',
      startsAt: now + DAY_MS,
      admission: { from: now + DAY_MS, until: now + 2 * DAY_MS },
      gates: ['A', 'B'],
      issuers: ['jpki-auth'],
    });
    const event = await requireEvent(stores.events, ASKER.scope, EVENT);
    const importer = new Importer({ ...shared, log: { warn: () => undefined } as never });
    await importer.take(ASKER, event, 'ndjson', octetsOf(rows));
    await importer.idle();
    const keys = apiKeys({ ...shared, keys: stores.apiKeys });
    const wanted = { vendorId: VENDOR, name: 'bench', scopes: KEY_SCOPES, days: 1 };
    return (await keys.give(ASKER, wanted)).key;
  } finally {
    await opened.close();
  }
}

async function* octetsOf(rows: number): AsyncGenerator<Uint8Array> {
  for (const row of rowsOf(rows, 1)) yield Buffer.from(row);
}

async function open(
  { directory: root, defer }: BenchContext,
  { token, ca, store, apiKey }: Filled,
  name: 'publishing' | 'by-hand',
): Promise<Stand> {
  const directory = join(root, name);
  mkdirSync(directory);
  cpSync(store, join(directory, 'store'), { recursive: true });
  const at = (file: string) => join(directory, file);
  writeFileSync(at('ca.pem'), certificatePem(ca));
  writeFileSync(at('seal.key'), SEAL.toString('hex'));
  writeFileSync(at('event.toml'), eventToml(token));
  writeFileSync(at('issuer-console.toml'), consoleToml(name === 'publishing'));
  const { child, url } = await serve(at('issuer-console.toml'));
  defer(() => end(child));
  const keys = token.store;
  const call = callerOf(url, apiKey);
  const publish = name === 'publishing' ? () => firstByConsole(call) : () => byHand(at);
  return {
    name,
    directory,
    url,
    keys,
    issuerName: issuerOf(ca).nameDer,
    publishFirst: publish,
    trust: async () => ({
      eventId: fromHex(EVENT),
      eventKeyId: await new Converter(keys, 'event').eventKeyId(fromHex(EVENT)),
      publishers: { keys: [await keys.publicKey('publisher')], threshold: 1 },
    }),
    resell: async (from, to) => {
      const body = { ticketNo: `T-${from}-1`, to: { purchaseId: `P-${to}` } };
      await call('POST', `/api/v1/events/${EVENT}/purchases/P-${from}/resales`, body);
      if (name === 'by-hand') await byHand(at);
    },
  };
}

type Call = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;

function callerOf(url: string, apiKey: string): Call {
  return async (method, path, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
}

/** What a person asks for waits until a person has looked at it. */
async function firstByConsole(call: Call): Promise<void> {
  const { id } = await call('POST', `/api/v1/events/${EVENT}/publications`, {});
  const path = `/api/v1/publications/${id}`;
  const reached = async (...states: string[]) => {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = await call('GET', path);
      if (states.includes(String(found.state))) return found;
      if (found.state === 'failed' || Date.now() > until) throw new Error(`list ${found.failure}`);
      await setTimeout(100);
    }
  };
  const { list } = await reached('waiting-approval');
  const { fingerprint } = list as { fingerprint: string };
  await call('POST', `${path}/publish`, { fingerprint, confirmLoss: true });
  await reached('published');
}

/** What a person would type, one after the other. */
async function byHand(at: (file: string) => string): Promise<void> {
  const run = (program: string, ...words: string[]) =>
    promisify(execFile)(process.execPath, [program, ...words]);
  const config = at('issuer-console.toml');
  const feed = at('feed.ndjson');
  await run(CONSOLE, 'feed', 'export', '--event', EVENT, '--out', feed, '--config', config);
  const event = ['--event', at('event.toml')];
  await run(WHITELIST, 'build', '--feed', feed, ...event, '--out', at('built'));
  await run(WHITELIST, 'publish', at('built'), ...event, '--to', at('bundle'), '--keep', '5');
}

async function serve(config: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [CONSOLE, 'serve', '--json', '--config', config], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the console does not start');
    }),
  ]);
  return { child, url: (JSON.parse(String(said[0])) as { url: string }).url };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill();
  await closed;
}

const instant = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

function eventToml({ config }: Token): string {
  const { module, tokenLabel, pinFile, environment } = config;
  const variables = Object.entries(environment).map(([name, value]) => `${name} = "${value}"`);
  return `id = "${EVENT}"
name = "bench"
place = "bench"
starts_at = ${instant(1)}
[admission]
from = ${instant(1)}
until = ${instant(2)}
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[keys]
event = "event"
publisher = "publisher"
[hsm]
module = "${module}"
token_label = "${tokenLabel}"
pin_file = "${pinFile}"
[hsm.environment]
${variables.join('\n')}
`;
}

const consoleToml = (publishes: boolean) => `[listen]
port = 0
[store]
directory = "store"
[bundle]
directory = "bundle"
[accounts]
second_factor = "offered"
seal_key_file = "seal.key"
${publishes ? '[[publish]]\nevent = "event.toml"\nwork = "work"\n' : ''}`;
