import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readPublishPlans } from '@pinless-gate/issuer-console/publishing/config';
import { openListBuilder } from '@pinless-gate/issuer-console/publishing/list-builder';
import { listen } from '@pinless-gate/issuer-console/serve';
import { BundleDirectory } from '@pinless-gate/issuer-console/store/bundle-directory';
import { EVENT_ID } from '@pinless-gate/test/sandbox/demo/material';
import { afterAll, expect, test, vi } from 'vitest';
import { newVendor, type SignedIn, signedIn } from '../../unit/issuer-console/accounts.ts';
import { ask } from '../../unit/issuer-console/browsing.ts';
import { eventOf, imported } from '../../unit/issuer-console/events.ts';
import { startConsole, type TestConsole } from '../../unit/issuer-console/fixture.ts';
import { GateProcess, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand } from './stand.ts';

// A seat is sold to somebody else while a gate is open: the old card is refused there, the new one let in.

const { venue, reader, directory } = await stand();
const today = dirname(venue.bundle);
const EVENT = EVENT_ID.replaceAll('-', '');

/** A console that publishes the lists of the venue's event, and whoever sells it. */
async function openConsole(): Promise<{ started: TestConsole; seller: SignedIn; url: string }> {
  const table = { event: join(today, 'event.toml'), work: join(directory, 'work') };
  const rules = { crl: [], allow_rejects: 0, keep: 3, second_approval: [], max_loss_percent: 5 };
  const shared = { to: join(directory, 'bundle'), publishers: undefined };
  const plans = await readPublishPlans(join(today, 'none'), [{ ...table, ...rules }], shared);
  const open = () => openListBuilder({ onDown: () => undefined });
  const started = await startConsole({
    now: Date.now,
    publishing: { plans, open, alarm: () => () => {} },
    bundles: new BundleDirectory(shared.to),
  });
  afterAll(() => started.close());
  const server = await listen(started.app, '127.0.0.1', 0);
  afterAll(() => server.close());
  const vendorId = await newVendor(started.stores, 'tickets');
  const seller = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  await ask(started, seller, 'POST', '/api/v1/events', eventOf(EVENT, vendorId));
  return { started, seller, url: server.url };
}

async function publishFirst(started: TestConsole, seller: SignedIn): Promise<void> {
  const post = async (path: string, body: object) => {
    const response = await ask(started, seller, 'POST', path, body);
    expect([path, response.status]).toEqual([path, 202]);
    return (await response.json()) as { id: string };
  };
  const { id } = await post(`/api/v1/events/${EVENT}/publications`, {});
  const reached = (state: string) =>
    vi.waitUntil(
      async () => {
        const found = await ask(started, seller, 'GET', `/api/v1/publications/${id}`);
        const now = (await found.json()) as { state: string; list: { fingerprint: string } };
        return now.state === state ? now : undefined;
      },
      { timeout: 120_000 },
    );
  const { fingerprint } = (await reached('waiting-approval')).list;
  await post(`/api/v1/publications/${id}/publish`, { fingerprint });
  await reached('published');
}

test('the old card is not listed any more, the new one is admitted', async () => {
  const { started, seller, url } = await openConsole();
  const kept = JSON.parse(await readFile(join(venue.kept, 'cards.json'), 'utf8'));
  const feed = await readFile(join(today, 'purchases.ndjson'), 'utf8');
  // Of the two rows that change, the one that gives the seat away comes last.
  await imported(started, seller, EVENT, feed.replace('"P-sato"', '"zz-sato"'));
  await publishFirst(started, seller);
  const whitelist = `url = "${new URL('bundle/', url)}"`;
  const gate = new GateProcess(await makeLane(venue, { reader: readerLines(reader), whitelist }));
  await gate.started();
  await gate.line(({ msg }) => msg === 'list');
  const { sato, stranger } = venue.cards;
  expect((await tapCard(gate, reader, stranger!)).outcome).toBe('not-listed');

  const holder = { serial: kept.stranger.serial, issuer: 'jpki-auth' };
  const enrolment = { evidenceId: 'E-new', method: 'pin', at: new Date().toISOString() };
  const path = `/api/v1/events/${EVENT}/purchases/zz-sato/resales`;
  const to = { holder, enrolment };
  const sold = await ask(started, seller, 'POST', path, { ticketNo: 'T-sato-1', to });
  expect(sold.status).toBe(201);
  await gate.line(({ msg }) => msg === 'list');
  expect((await tapCard(gate, reader, sato!)).outcome).toBe('not-listed');
  expect((await tapCard(gate, reader, stranger!)).outcome).toBe('admitted');
}, 240_000);
