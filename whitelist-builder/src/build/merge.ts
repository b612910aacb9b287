import type { FileHandle } from 'node:fs/promises';
import type { Converter } from '@pinless-gate/hsm/conversion-value';
import type { BucketEntry } from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import type { Conversion } from '@pinless-gate/protocol/conversion';
import { GateError } from '@pinless-gate/protocol/errors';
import { sameLink } from '@pinless-gate/protocol/kazashi/surface';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import { parseLine } from '../purchase/line.ts';
import { type ListedCard, type ListingRules, listPurchase } from '../purchase/listing.ts';
import { feedChanged, readLineAt } from '../purchase/ndjson.ts';
import { freshNonces, type Place, type SpooledEntry, sealOnce } from './entries.ts';

export interface MergeJob {
  readonly feed: FileHandle;
  readonly rules: ListingRules;
  readonly converter: Converter;
}

/** Cards merged in one crossing to the HSM, which bounds what is read again at once. */
const BATCH = 256;

/**
 * Sorted entries, each card once. A card that stands in more than one line gets one record with all its
 * tickets: those lines are read again from the feed and converted again, so that no seal key was kept.
 */
export async function mergeCards(
  job: MergeJob,
  entries: readonly SpooledEntry[],
): Promise<readonly BucketEntry[]> {
  const groups = groupByCard(entries);
  const shared = groups.filter((group) => group.length > 1);
  const merged = new Map<SpooledEntry, BucketEntry>();
  for (let i = 0; i < shared.length; i += BATCH) {
    for (const [first, entry] of await mergeBatch(job, shared.slice(i, i + BATCH)))
      merged.set(first, entry);
  }
  return groups.map((group) => merged.get(group[0]!) ?? group[0]!);
}

function groupByCard(entries: readonly SpooledEntry[]): SpooledEntry[][] {
  const groups: SpooledEntry[][] = [];
  for (const entry of entries) {
    const group = groups.at(-1);
    if (group && equal(group[0]!.conversionValue, entry.conversionValue)) group.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

async function mergeBatch(
  job: MergeJob,
  groups: readonly SpooledEntry[][],
): Promise<[SpooledEntry, BucketEntry][]> {
  const found: (ListedCard & { readonly place: SpooledEntry })[] = [];
  for (const place of groups.flat()) {
    for (const card of await cardsAt(job, place)) found.push({ ...card, place });
  }
  const conversions = await job.converter.convertAll(found);
  const cards = new Map<SpooledEntry, { record: SeatRecord; conversion: Conversion }>();
  for (const [i, { place, record }] of found.entries()) {
    const conversion = conversions[i]!;
    if (equal(conversion.conversionValue, place.conversionValue))
      cards.set(place, { record, conversion });
  }
  const nonce = freshNonces(groups.length);
  return groups.map((group, i) => {
    const [first] = group as [SpooledEntry];
    const records = group.map((place) => {
      const card = cards.get(place);
      if (!card) throw feedChanged();
      return { record: card.record, line: place.line };
    });
    const { conversion } = cards.get(first)!;
    const sealed = sealOnce(mergeRecords(records), conversion, nonce(i), job.rules.eventId);
    return [first, { conversionValue: first.conversionValue, sealed }];
  });
}

async function cardsAt({ feed, rules }: MergeJob, { offset, length }: Place) {
  const { purchase } = parseLine(await readLineAt(feed, offset, length));
  const { listing } = (purchase && listPurchase(purchase, rules)) ?? {};
  if (!listing) throw feedChanged();
  return listing.cards;
}

interface LineRecord {
  readonly record: SeatRecord;
  readonly line: number;
}

/**
 * In the order of the feed. Party, language and evidence are those of the first purchase; the places of
 * the later ones count on from it.
 */
export function mergeRecords(records: readonly LineRecord[]): SeatRecord {
  const [first] = records;
  const pinned = records.find(({ record }) => record.publicKey);
  const linked = linkedRecord(records);
  let size = 0;
  const tickets = records.flatMap(({ record, line }) => {
    const before = size;
    size += record.party.size;
    if (record.publicKey && !equal(record.publicKey, pinned!.record.publicKey!)) {
      throw new GateError(
        'ERR_BUILD_CARD_CONFLICT',
        `lines ${pinned!.line} and ${line} name one certificate with two public keys`,
        {
          hint: 'take one of the two lines out of the feed and ask the issuer of the certificates',
        },
      );
    }
    return record.tickets.map((ticket) => ({ ...ticket, place: before + ticket.place }));
  });
  return {
    ...first!.record,
    tickets,
    party: { id: first!.record.party.id, size },
    publicKey: pinned?.record.publicKey,
    notAfter: pinned?.record.notAfter,
    kazashi: linked?.record.kazashi,
  };
}

/** The record whose card was linked, with the modulus where one has it. One card is one chip. */
function linkedRecord(records: readonly LineRecord[]): LineRecord | undefined {
  const linked = records.filter(({ record }) => record.kazashi);
  const [first] = linked;
  const other = linked.find(({ record }) => !sameLink(record.kazashi!, first!.record.kazashi!));
  if (other) {
    throw new GateError(
      'ERR_BUILD_LINK_CONFLICT',
      `lines ${first!.line} and ${other.line} link one certificate with two chips`,
      { hint: 'have the card linked once more, and give both lines what that captures' },
    );
  }
  return linked.find(({ record }) => record.kazashi!.modulus) ?? first;
}
