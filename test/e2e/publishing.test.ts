import { writeFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { publicKeyPem } from '@pinless-gate/hsm/public-key';
import { askerOf } from '@pinless-gate/issuer-console/domain/asker';
import type { Event } from '@pinless-gate/issuer-console/domain/event';
import type { Publication } from '@pinless-gate/issuer-console/domain/list-publication';
import { type Actor, Scope } from '@pinless-gate/issuer-console/domain/permission';
import { type PublishPlan, readPublishPlans } from '@pinless-gate/issuer-console/publishing/config';
import {
  type ListBuilder,
  openListBuilder,
} from '@pinless-gate/issuer-console/publishing/list-builder';
import { encodeSignatures } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { readLatestManifest } from '@pinless-gate/whitelist-builder/bundle/directory';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { program as whitelist } from '@pinless-gate/whitelist-builder/cli/program';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newVendor, type SignedIn, signedIn } from '../unit/issuer-console/accounts.ts';
import { ask } from '../unit/issuer-console/browsing.ts';
import { eventOf, imported } from '../unit/issuer-console/events.ts';
import { startConsole, type TestConsole } from '../unit/issuer-console/fixture.ts';
import { run } from '../unit/run.ts';
import { line, newCa, purchase } from '../unit/whitelist-builder/fixture.ts';
import { makeToken, type TestToken } from './hsm/token.ts';

// Lists from the console: its own process builds them with a token, and gates read what was looked at.

const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
let token: TestToken;
let issuer: TestConsole;
let seller: SignedIn;
let event: Event;
let builder: ListBuilder;
let publisher: Uint8Array;
let second: Uint8Array;
let plan: PublishPlan;
const at = (name: string) => join(token.directory, name);
const down: string[] = [];

beforeAll(async () => {
  token = await makeToken('issuer');
  const keys = await openKeyStore(token.config);
  await keys.generate(`event-${EVENT_ID}`, 'event');
  await keys.generate('publisher', 'publisher');
  await keys.generate('vendor', 'publisher');
  second = await keys.publicKey('vendor');
  publisher = await keys.publicKey('publisher');
  await keys.close();
  await writeFile(at('ca.pem'), (await newCa()).pem);
  await writeFile(at('event.toml'), eventToml());
  const plans = await plansOf({ event: 'event.toml', work: 'work' });
  plan = plans[0]!;
  builder = await openListBuilder({ onDown: ({ code }) => down.push(code) });
  issuer = await startConsole({
    now: Date.now,
    publishing: { plans, open: async () => builder, alarm: () => () => {} },
  });
  const vendorId = await newVendor(issuer.stores, 'tickets');
  seller = await signedIn(issuer.stores, { name: 'seller', role: 'vendor', vendorId });
  const added = await ask(issuer, seller, 'POST', '/api/v1/events', eventOf(EVENT_ID, vendorId));
  expect(added.status).toBe(201);
  event = (await issuer.stores.events.find(Scope.everything, EVENT_ID))!;
  const rows = Array.from({ length: 300 }, (_, i) => line(purchase(i + 1)));
  await imported(issuer, seller, EVENT_ID, rows.join(''));
}, 60_000);

afterAll(async () => {
  await issuer?.close();
  await token?.remove();
});

function plansOf(...tables: { event: string; work: string; bundle?: string }[]) {
  const rest = { crl: [], allow_rejects: 0, keep: 3, second_approval: [], max_loss_percent: 20 };
  const shared = { to: at('bundle'), publishers: undefined };
  const whole = tables.map((table) => ({ ...table, ...rest }));
  return readPublishPlans(at('console.toml'), whole, shared);
}

function eventToml(id = EVENT_ID) {
  const { module, tokenLabel, pinFile, environment } = token.config;
  return `id = "${id}"
name = "冬の音楽祭 2026"
place = "横浜"
starts_at = 2026-12-20T18:00:00+09:00
[admission]
from = 2026-12-20T15:00:00+09:00
until = 2026-12-20T21:00:00+09:00
[policy]
gates = ["A", "B"]
tolerance_minutes = 10
stale_after_hours = 24
refuse_after_hours = 72
[[issuers]]
name = "jpki-auth"
certificate = "ca.pem"
[hsm]
module = "${module}"
token_label = "${tokenLabel}"
pin_file = "${pinFile}"
[hsm.environment]
SOFTHSM2_CONF = "${environment.SOFTHSM2_CONF}"
`;
}

const found = (id: string) => issuer.stores.publications.find(Scope.everything, id);

/** Once it is in one of these states. */
function reached(id: string, ...states: Publication['state'][]): Promise<Publication> {
  return vi.waitUntil(
    async () => {
      const now = await found(id);
      return now && states.includes(now.state) ? now : undefined;
    },
    { timeout: 60_000 },
  );
}

async function asked(why: 'manual' | 'correction' = 'manual'): Promise<Publication> {
  const path = `/api/v1/events/${EVENT_ID}/publications`;
  const response = await ask(issuer, seller, 'POST', path, { why });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  return reached(id, 'waiting-approval', 'failed');
}

const release = (id: string, body: object) =>
  ask(issuer, seller, 'POST', `/api/v1/publications/${id}/publish`, body);

describe('a list from the console', () => {
  test('is built beside the one that gates read, looked at, and published as it was', async () => {
    const waiting = await asked();
    expect(waiting).toMatchObject({ state: 'waiting-approval', needs: ['review'] });
    expect(waiting.counts).toMatchObject({ purchases: 300, added: 300, before: 0, rejected: 0 });
    await expect(stat(at('bundle/latest'))).rejects.toThrow('ENOENT');
    const { list } = waiting;
    expect((await release(waiting.id, { fingerprint: 'AAAAAA' })).status).toBe(409);
    expect((await release(waiting.id, { fingerprint: list!.fingerprint })).status).toBe(202);
    await reached(waiting.id, 'published');
    const { hash, manifest } = await verifyBundle(at('bundle'), {
      publishers: { keys: [publisher], threshold: 1 },
    });
    expect([toHex(hash), manifest.version, manifest.entryCount]).toEqual([list!.hash, 1, 300]);
  });

  test('of a resale goes by itself, with the rows that changed', async () => {
    const other = { ...purchase(7), status: 'cancelled' };
    await imported(issuer, seller, EVENT_ID, line(other));
    const actor: Actor = {
      ...{ kind: 'operator', id: seller.id, name: 'seller', role: 'vendor' },
      ...{ vendorId: event.vendorId, confined: false },
    };
    const id = await issuer.app.desks.publicationDesk.request(askerOf(actor), event, 'resale');
    const { list, counts } = await reached(id, 'published');
    expect(list).toMatchObject({ version: 2, entries: 299 });
    expect(counts).toMatchObject({ added: 0, removed: 1, changed: 0, before: 300, cancelled: 1 });
    expect((await readLatestManifest(at('bundle'))).manifest.version).toBe(2);
    const feed = await readdir(at('work/feed'));
    expect(feed).toEqual(['000000.ndjson', '000001.ndjson']);
    expect((await readFile(at(`work/feed/${feed[1]}`), 'utf8')).trim().split('\n')).toHaveLength(1);
    for (const name of feed) {
      expect((await stat(at(`work/feed/${name}`))).mode & 0o777).toBe(0o600);
    }
  });

  test('that would lose many entries waits for somebody who means it', async () => {
    const gone = Array.from({ length: 100 }, (_, i) => {
      return line({ ...purchase(i + 1), status: 'cancelled' });
    });
    await imported(issuer, seller, EVENT_ID, gone.join(''));
    const { id, list, needs } = await asked();
    expect(needs).toEqual(['review', 'loss']);
    const { fingerprint } = list!;
    const refused = await release(id, { fingerprint });
    expect(await refused.json()).toMatchObject({ code: 'ERR_PUBLICATION_LOSS' });
    expect((await release(id, { fingerprint, confirmLoss: true })).status).toBe(202);
    expect((await reached(id, 'published')).list).toMatchObject({ version: 3, entries: 200 });
  });
});

test('a builder that is killed in the middle is there again, and nobody reads half a list', async () => {
  const before = await readLatestManifest(at('bundle'));
  await imported(issuer, seller, EVENT_ID, line(purchase(301)));
  const asker = askerOf({ kind: 'api-key', id: 'test', vendorId: event.vendorId, scopes: [] });
  const id = await issuer.app.desks.publicationDesk.request(asker, event, 'resale');
  await vi.waitUntil(async () => (await found(id))?.state !== 'queued', { interval: 1 });
  for (const pid of await builders()) process.kill(pid, 'SIGKILL');
  const during = await readLatestManifest(at('bundle'));
  expect(during.manifest.version).toBeGreaterThanOrEqual(before.manifest.version);
  const { list } = await reached(id, 'published', 'failed');
  expect((await found(id))!.failure).toBeUndefined();
  const trust = { publishers: { keys: [publisher], threshold: 1 } };
  expect((await verifyBundle(at('bundle'), trust)).manifest.version).toBe(list!.version);
});

/** Processes of ours that build lists. */
async function builders(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const [command, status] = [await read('cmdline'), await read('status')];
      const ours = status.includes(`PPid:\t${process.pid}\n`);
      return ours && command.includes('list-builder-child') ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

test('where two publishers sign, the second signature comes from elsewhere', async () => {
  const keys = [publisher, second];
  const strict = { ...plan, to: at('strict'), publishers: { keys, threshold: 2 } };
  const { list } = await builder.build({ plan: strict });
  const { hash } = list;
  await expect(builder.publish({ plan: strict, hash })).rejects.toThrow();
  await cp(at('work/list'), at('vendor'), { recursive: true });
  writeFileSync(at('publisher.pem'), publicKeyPem(publisher));
  const signing = ['--config', token.configFile, '--publisher', 'vendor'];
  const trust = ['--signed-by', at('publisher.pem')];
  const signed = await run(whitelist, 'sign', at('vendor'), ...signing, ...trust);
  expect([signed.code, signed.err]).toEqual([0, []]);
  const signatures = new Uint8Array(await readFile(at(`vendor/${hash}.signatures`)));
  const foreign = encodeSignatures([{ keyId: new Uint8Array(32), signature: new Uint8Array(64) }]);
  await expect(builder.sign({ plan: strict, hash, signatures: foreign })).rejects.toThrow();
  expect((await builder.sign({ plan: strict, hash, signatures })).signers).toHaveLength(2);
  expect((await builder.publish({ plan: strict, hash })).hash).toBe(hash);
  await verifyBundle(at('strict'), { publishers: { keys, threshold: 2 } });
});

test('two events are built side by side, and neither list goes where the other is', async () => {
  const otherId = '3be552203c4c0f4f0703b037dfbd00e5';
  const keys = await openKeyStore(token.config);
  await keys.generate(`event-${otherId}`, 'event');
  await keys.close();
  await writeFile(at('other.toml'), eventToml(otherId));
  const [one, other] = await plansOf(
    { event: 'event.toml', work: 'work' },
    { event: 'other.toml', work: 'other', bundle: 'bundle/other' },
  );
  await mkdir(other!.feed, { recursive: true });
  await writeFile(join(other!.feed, '000000.ndjson'), line(purchase(7)));
  const beside = await openListBuilder({ onDown: ({ code }) => down.push(code) });
  try {
    const [{ entries }, { list }] = await Promise.all([
      builder.build({ plan: one! }).then(({ list: { hash } }) => {
        return builder.publish({ plan: one!, hash });
      }),
      beside.build({ plan: other! }),
    ]);
    const astray = beside.publish({ plan: { ...other!, to: one!.to }, hash: list.hash });
    await expect(astray).rejects.toMatchObject({ code: 'ERR_BUNDLE_EVENT' });
    await beside.publish({ plan: other!, hash: list.hash });
    const [ofOne, ofOther] = await Promise.all(
      [one!, other!].map(({ to }) => readLatestManifest(to)),
    );
    const told = [ofOne!, ofOther!].map(({ manifest: { eventId, entryCount } }) => {
      return [toHex(eventId), entryCount];
    });
    expect(told).toEqual([
      [EVENT_ID, entries],
      [otherId, 1],
    ]);
  } finally {
    await beside.close();
  }
});
