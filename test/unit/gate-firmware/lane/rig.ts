import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { Nonces } from '@pinless-gate/gate-firmware/lane/nonce';
import { ShortCodes } from '@pinless-gate/gate-firmware/lane/short-code';
import type { TapParts } from '@pinless-gate/gate-firmware/lane/tap';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import type { BucketEntry, Manifest } from '@pinless-gate/protocol/bundle';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { type DecisionEntry, decodeJournalEntry } from '@pinless-gate/protocol/journal';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { onTestFinished } from 'vitest';
import { FakeKeyStore } from '../../../fakes/key-store.ts';
import { ISSUER_NAME } from '../../../sandbox/jlis/names.ts';
import type { NewCard } from '../../../sandbox/jlis/new-card.ts';
import { EVENT_ID, GATE_ID, listed, publish, publishers, temporary } from '../fixture.ts';
import { LIMITS, makeStage, type Stage } from '../stage.ts';

/** A whole lane without reader and devices: keys in memory, journal and list on the disk. */
export interface Rig {
  readonly journal: Journal;
  readonly lists: Lists;
  readonly parts: Omit<TapParts, 'transmit' | 'onProgress'>;
  /** The decisions in the journal so far. */
  decisions(): DecisionEntry[];
}

export interface Material<Store extends KeyStore = FakeKeyStore> {
  readonly store: Store;
  readonly stage: Stage;
}

export async function makeMaterial(directory: string): Promise<Material> {
  const store = new FakeKeyStore();
  for (const label of ['event', 'publisher', 'device'] as const) await store.generate(label, label);
  return { store, stage: await makeStage(directory, store) };
}

/** The entry of a card in the list. */
export const entryOf = (
  { store }: Material<KeyStore>,
  card: NewCard,
  record: SeatRecord,
): Promise<BucketEntry> => listed(store, { issuerName: ISSUER_NAME, serial: card.serial! }, record);

export async function makeRig(
  { store, stage }: Material<KeyStore>,
  entries: readonly BucketEntry[] | undefined,
  changes: { manifest?: Partial<Manifest>; at?: number } & Partial<TapParts> = {},
): Promise<Rig> {
  const { manifest, at = Date.now(), ...more } = changes;
  const directory = temporary();
  const journal = Journal.open(join(directory, 'journal'), GATE_ID);
  onTestFinished(() => journal.close());
  const converter = new Converter(store, 'event');
  const expected = {
    eventId: EVENT_ID,
    eventKeyIds: [await converter.eventKeyId(EVENT_ID)],
    publishers: await publishers(store),
    floor: 0,
    now: 0,
  };
  const bundle = join(directory, 'bundle');
  const source = directorySource(bundle);
  if (entries) await publish(bundle, { store, entries, ...(manifest && { manifest }) });
  const list =
    entries && (await applyBundle(source, join(directory, 'lists'), expected, undefined));
  const lists = new Lists(list);
  onTestFinished(() => lists.close());
  return {
    journal,
    lists,
    parts: {
      eventId: EVENT_ID,
      gateId: GATE_ID,
      lane: { gates: ['B'] },
      profiles: [stage.jpki, stage.iso],
      anchors: trustAnchors([stage.ca]),
      limits: LIMITS,
      converterOf: () => converter,
      lists,
      journal,
      clock: { now: () => at, monotonic: () => performance.now() },
      nonces: new Nonces(randomBytes),
      codes: new ShortCodes(randomBytes),
      ...more,
    },
    decisions: () =>
      [...journal.all()]
        .map((encoded) => decodeJournalEntry(encoded).entry)
        .filter((entry): entry is DecisionEntry => entry.kind === 'decision'),
  };
}
