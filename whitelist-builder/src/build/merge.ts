import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { equal } from '@pinless-gate/protocol/bytes';
import type { Conversion } from '@pinless-gate/protocol/conversion';
import { GateError } from '@pinless-gate/protocol/errors';
import { sameLink } from '@pinless-gate/protocol/kazashi/surface';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import type { Feed } from '../purchase/feed.ts';
import type { LineProblem } from '../purchase/line.ts';
import { type ListedCard, type ListingRules, listPurchase } from '../purchase/listing.ts';
import { feedChanged } from '../purchase/ndjson.ts';
import type { CacheFile } from './cache-file.ts';
import { freshNonces, type SpooledEntry, sealOnce } from './entries.ts';
import type { Kept } from './kept.ts';
import { ROW_KEY_LENGTH, rowKeyOf } from './outcome.ts';

export interface MergeJob {
  readonly feed: Feed;
  readonly rules: ListingRules;
  readonly converter: Converter;
  /** Card and sealed parts to the sealed entry that they share. */
  readonly cache: CacheFile;
  /** Is told of rows that link one card with different chips: their card is nobody's then. */
  readonly refuse: (line: number, problem: LineProblem) => void;
}

/** A card, with every row that it stands in, in the order of the feed. */
export interface MergedEntry {
  readonly conversionValue: Uint8Array;
  readonly sealed: Uint8Array;
  readonly parts: readonly SpooledEntry[];
}

/** Cards merged in one crossing to the HSM, which bounds what is read again at once. */
const BATCH = 256;

/**
 * Sorted entries, each card once. A card that stands in more than one row gets one record with all its
 * tickets: unless the last build did the same, those rows are read and converted again, so that no seal key
 * was kept.
 */
export async function mergeCards(
  job: MergeJob,
  entries: readonly SpooledEntry[],
): Promise<readonly MergedEntry[]> {
  const groups = sharedCards(entries);
  if (groups.size === 0) return entries;
  const sealed = new Map<SpooledEntry, Uint8Array>();
  const unknown: SharedCard[] = [];
  let first = -1;
  let kept: Kept | undefined;
  for (const parts of groups.values()) {
    const key = keyOf(parts);
    if (first !== key[0]) {
      first = key[0]!;
      kept = job.cache.section(first);
    }
    const known = kept?.find(key);
    if (known) {
      sealed.set(parts[0]!, Buffer.from(known)); // a view, until the next section is read
      job.cache.keep(key, known);
    } else unknown.push({ key, parts });
  }
  for (let i = 0; i < unknown.length; i += BATCH) {
    for (const { key, parts, entry } of await mergeBatch(job, unknown.slice(i, i + BATCH))) {
      if (!entry) continue;
      sealed.set(parts[0]!, entry);
      job.cache.put(key, entry);
    }
  }
  await job.cache.drain();
  const others = new Set([...groups.values()].flatMap((parts) => parts.slice(1)));
  return entries.flatMap((entry): MergedEntry | [] => {
    if (others.has(entry)) return [];
    const parts = groups.get(entry);
    if (!parts) return entry;
    const octets = sealed.get(entry);
    return octets ? { conversionValue: entry.conversionValue, sealed: octets, parts } : [];
  });
}

interface SharedCard {
  readonly key: Buffer;
  readonly parts: readonly SpooledEntry[];
}

/**
 * Of what is merged, to the octet: a row that was sealed anew, as for a card that was renewed, makes another key.
 * Begins as the conversion value does, so that cards in order find their sections in order.
 */
function keyOf(parts: readonly SpooledEntry[]): Buffer {
  const { conversionValue } = parts[0]!;
  const digest = rowKeyOf(
    Buffer.concat([conversionValue, ...parts.map(({ sealed }) => rowKeyOf(sealed))]),
  );
  const key = Buffer.from(digest.subarray(0, ROW_KEY_LENGTH));
  key[0] = conversionValue[0]!;
  return key;
}

/** Entries of one card each, where there are several, by the first of them. */
function sharedCards(entries: readonly SpooledEntry[]): Map<SpooledEntry, SpooledEntry[]> {
  const groups = new Map<SpooledEntry, SpooledEntry[]>();
  let first = entries[0];
  for (const entry of entries.slice(1)) {
    if (!first!.hasCardOf(entry)) {
      first = entry;
      continue;
    }
    const group = groups.get(first!);
    if (group) group.push(entry);
    else groups.set(first!, [first!, entry]);
  }
  return groups;
}

async function mergeBatch(job: MergeJob, shared: readonly SharedCard[]) {
  const found: (ListedCard & { readonly place: SpooledEntry })[] = [];
  for (const place of shared.flatMap(({ parts }) => parts)) {
    for (const card of cardsAt(job, place)) found.push({ ...card, place });
  }
  const conversions = await job.converter.convertAll(found);
  const cards = new Map<SpooledEntry, { record: SeatRecord; conversion: Conversion }>();
  for (const [i, { place, record }] of found.entries()) {
    const conversion = conversions[i]!;
    if (equal(conversion.conversionValue, place.conversionValue))
      cards.set(place, { record, conversion });
  }
  const nonce = freshNonces(shared.length);
  return shared.map(({ key, parts }, i) => {
    const records = parts.map((place) => {
      const card = cards.get(place);
      if (!card) throw feedChanged();
      return { record: card.record, line: place.line, where: job.feed.where(place.line) };
    });
    const contradictions = contradictingLinks(records);
    for (const { line, problem } of contradictions) job.refuse(line, problem);
    if (contradictions.length > 0) return { key, parts, entry: undefined };
    const { conversion } = cards.get(parts[0]!)!;
    const entry = sealOnce(mergeRecords(records), conversion, nonce(i), job.rules.eventId);
    return { key, parts, entry };
  });
}

function cardsAt({ feed, rules }: MergeJob, { line, offset, length }: SpooledEntry) {
  const { purchase } = feed.parse(line, feed.readAt(offset, length));
  const { listing } = (purchase && listPurchase(purchase, rules)) ?? {};
  if (!listing) throw feedChanged();
  return listing.cards;
}

interface LineRecord {
  readonly record: SeatRecord;
  /** Where its row stands, in words. */
  readonly where: string;
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
  const tickets = records.flatMap(({ record, where }) => {
    const before = size;
    size += record.party.size;
    if (record.publicKey && !equal(record.publicKey, pinned!.record.publicKey!)) {
      throw new GateError(
        'ERR_BUILD_CARD_CONFLICT',
        `${pinned!.where} and ${where} name one certificate with two public keys`,
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
  return (
    records.find(({ record }) => record.kazashi?.modulus) ??
    records.find(({ record }) => record.kazashi)
  );
}

interface Contradiction {
  readonly line: number;
  readonly problem: LineProblem;
}

/** All rows that link one card, where they do not agree on its chip: nobody can tell which of them is right. */
function contradictingLinks(
  records: readonly (LineRecord & { readonly line: number })[],
): Contradiction[] {
  const linked = records.filter(({ record }) => record.kazashi);
  const [first] = linked;
  const agrees = ({ record }: LineRecord) => sameLink(record.kazashi!, first!.record.kazashi!);
  const other = linked.find((one) => !agrees(one));
  if (!other) return [];
  return linked.map((one) => {
    const { where } = agrees(one) ? other : first!;
    return {
      line: one.line,
      problem: { field: '', reason: `links a card with another chip than ${where}` },
    };
  });
}
