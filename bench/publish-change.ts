import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { type Event, eventDesk } from '@pinless-gate/issuer-console/domain/event';
import {
  type PublicationDesk,
  publicationDesk,
} from '@pinless-gate/issuer-console/domain/publication-desk';
import { PurchaseBook } from '@pinless-gate/issuer-console/domain/purchase-book';
import { Conductor } from '@pinless-gate/issuer-console/publishing/conductor';
import { type PublishPlan, readPublishPlans } from '@pinless-gate/issuer-console/publishing/config';
import { openListBuilder } from '@pinless-gate/issuer-console/publishing/list-builder';
import { feedDesk } from '@pinless-gate/issuer-console/purchases/export';
import { Importer } from '@pinless-gate/issuer-console/purchases/importer';
import { openEmbeddedDatabase } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import { certificatePem } from '@pinless-gate/test/sandbox/jlis/certificate';
import { LatestWatch } from '@pinless-gate/whitelist-builder/bundle/latest-watch';
import { buildCommand } from '@pinless-gate/whitelist-builder/cli/build';
import type { Bench, BenchContext } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate, elapsedMs } from './rounds.ts';
import { makeToken } from './token.ts';
import { makeCa, rowsOf } from './whitelist-feed.ts';

const ROWS = 100_000;
const ROUNDS = 5;
const WANTED_S = 2.5;
const EVENT_ID = '2be552203c4c0f4f0703b037dfbd00e5';
const VENDOR = '1'.repeat(32);
const PATIENCE_MS = 600_000;
const HOUR_MS = 3_600_000;
const ASKER = commandLine(0);

/** How long from asking for a list, with one purchase changed, until gates find it. */
export const publishChange: Bench = {
  target: { text: `p95 ${WANTED_S} s or less`, met: ({ ours }) => ours.p95 <= WANTED_S },
  async measure(context) {
    const rows = context.rows ?? ROWS;
    const shop = await openShop(context, rows);
    context.log('the first list');
    await shop.change();
    await shop.publish();
    await shop.byHand();
    context.log(`${ROUNDS} rounds of ${rows.toLocaleString('en')} purchases, one changed`);
    const seconds = async (work: () => Promise<unknown>) => {
      await shop.change();
      return (await elapsedMs(work)) / 1000;
    };
    const { ours, baseline } = await alternate(
      ROUNDS,
      () => seconds(shop.publish),
      () => seconds(shop.byHand),
    );
    return resultOf({
      bench: 'publish-change',
      unit: 's',
      better: 'lower',
      ours,
      baselineName: 'ours by hand: feed export, whitelist build with its cache',
      baseline,
    });
  },
};

async function openShop(context: BenchContext, rows: number) {
  const { directory, defer } = context;
  const plan = await makePlan(context);
  const opened = await openEmbeddedDatabase(join(directory, 'store'));
  defer(() => opened.close());
  await opened.migrate();
  const stores = storesOn(opened.db);
  const event = await newEvent(stores);
  const importer = new Importer({ ...stores, ...deps });
  await importer.take(ASKER, event, 'ndjson', octetsOf(rows));
  await importer.idle();
  const conductor = new Conductor({
    ...{ ...stores, ...deps, plans: [plan], silentAfterMs: HOUR_MS, onChange: () => {} },
    open: () => openListBuilder({ onDown: ({ message }) => context.log(message) }),
    metrics: { listBuilt: () => {}, listFailed: () => {} },
  });
  defer(() => conductor.close());
  const desk = publicationDesk({
    ...{ ...stores, ...deps, silentAfterMs: HOUR_MS },
    rules: () => ({ ...plan, signatures: 1 }),
    wake: conductor.wake,
    sign: conductor.sign.bind(conductor),
    changed: conductor.changes.next,
  });
  const book = new PurchaseBook({ ...stores, ...deps });
  let changes = 0;
  return {
    change: async () => {
      const { purchase } = await book.open(ASKER, event, 'P-7');
      const enrolment = { ...purchase.enrolment, evidenceId: `E-changed-${changes++}` };
      await book.put(ASKER, event, { ...purchase, enrolment }, { note: [] });
    },
    publish: () => publishOnce(desk, event, plan),
    byHand: () => byHand(stores, plan, directory),
  };
}

const deps = {
  seal: sealWith(new Uint8Array(32).fill(7)),
  now: Date.now,
  random: (length: number) => new Uint8Array(randomBytes(length)),
  log: { info: () => undefined, warn: () => undefined } as never,
};

type Stores = ReturnType<typeof storesOn>;

async function newEvent(stores: Stores): Promise<Event> {
  const origin = { by: ASKER.by, at: Date.now() };
  await stores.vendors.add({ id: VENDOR, name: 'bench' }, origin);
  const startsAt = Date.now() + 24 * HOUR_MS;
  const event = {
    ...{ id: EVENT_ID, vendorId: VENDOR, name: 'bench', startsAt },
    admission: { from: startsAt - HOUR_MS, until: startsAt + HOUR_MS },
    ...{ gates: ['A', 'B'], issuers: ['jpki-auth'] },
  };
  await eventDesk({ ...stores, ...deps }).add(ASKER, event);
  return (await stores.events.find(ASKER.scope, EVENT_ID))!;
}

async function makePlan({ directory, defer }: BenchContext): Promise<PublishPlan> {
  const { config, store } = await makeToken(join(directory, 'token'));
  await store.generate(`event-${EVENT_ID}`, 'event');
  await store.generate('publisher', 'publisher');
  await (store as typeof store & { close(): Promise<void> }).close();
  defer(() => undefined);
  writeFileSync(join(directory, 'ca.pem'), certificatePem(await makeCa()));
  const { module, tokenLabel, pinFile, environment } = config;
  const time = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
  writeFileSync(
    join(directory, 'event.toml'),
    `id = "${EVENT_ID}"
name = "bench"
place = "bench"
starts_at = ${time(24)}
[admission]
from = ${time(23)}
until = ${time(25)}
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
`,
  );
  const table = { event: 'event.toml', work: 'work', crl: [], allow_rejects: 0, keep: 3 };
  const rules = { second_approval: [], max_loss_percent: 5 };
  const shared = { to: join(directory, 'bundle'), publishers: undefined };
  const [plan] = await readPublishPlans(
    join(directory, 'console.toml'),
    [{ ...table, ...rules }],
    shared,
  );
  return plan!;
}

/** Until a gate that waits for the next list would be told. */
async function publishOnce(desk: PublicationDesk, event: Event, plan: PublishPlan): Promise<void> {
  await mkdir(plan.to, { recursive: true });
  const latest = new LatestWatch(plan.to);
  const known = (await latest.newest()) ?? '';
  const over = new AbortController();
  const there = latest.wait(known, PATIENCE_MS, over.signal);
  const id = await desk.request(ASKER, event, 'resale');
  void failed(desk, id, over.signal).then((code) => code && over.abort(new Error(code)));
  await there;
  if (over.signal.aborted) throw over.signal.reason;
  over.abort();
  // The next one begins when this one has ended.
  while ((await desk.find(ASKER.scope, id)).state !== 'published') await setTimeout(5);
}

async function failed(
  desk: PublicationDesk,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for await (const { failure } of desk.watch(ASKER.scope, id, signal)) if (failure) return failure;
  return undefined;
}

/** What somebody at a terminal does. */
async function byHand(stores: Stores, plan: PublishPlan, directory: string): Promise<void> {
  const feed = join(directory, 'by-hand.ndjson');
  const desk = feedDesk({ ...stores, ...deps, seal: async () => deps.seal, asker: ASKER });
  await desk.exportFeed(EVENT_ID, feed);
  const argv = ['--feed', feed, '--event', plan.event, '--out', join(directory, 'by-hand')];
  const io = { out: () => {}, err: () => {}, signal: new AbortController().signal };
  const code = await buildCommand(argv, io as never);
  if (code !== 0) throw new Error(`whitelist build: ${code}`);
}

async function* octetsOf(rows: number): AsyncGenerator<Uint8Array> {
  for (const row of rowsOf(rows, 1)) yield Buffer.from(row);
}
