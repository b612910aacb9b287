import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { applyBundle, makeCurrent } from '@pinless-gate/gate-firmware/whitelist/apply';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { compare, fromHex } from '@pinless-gate/protocol/bytes';
import { encodeSeatRecord, sealRecord, type Ticket } from '@pinless-gate/protocol/record';
import { FakeKeyStore, type KeyOctets } from '../fakes/key-store.ts';
import { Press, type Trust } from '../lists/press.ts';
import type { CardFile } from '../sandbox/card/card-file.ts';
import { Jlis } from '../sandbox/jlis/jlis.ts';
import { ISSUER_NAME } from '../sandbox/jlis/names.ts';
import { type NewCard, newCard } from '../sandbox/jlis/new-card.ts';

/** Everything that a gate has before its first card, made once; crosses to the process that is killed. */
export interface Venue {
  readonly root: string;
  readonly trust: Trust;
  readonly keys: readonly KeyOctets[];
  readonly device: Uint8Array;
  readonly ca: Uint8Array;
  readonly terminal: { readonly certificates: Uint8Array[]; readonly publicKey: Uint8Array };
  readonly cards: readonly CardFile[];
}

const OFTEN = 1_000_000;
/** Of each card: how many tickets, and how often each may enter. */
const CARDS: readonly (readonly [tickets: number, entries: number])[] = [
  [1, OFTEN],
  [1, OFTEN],
  [3, OFTEN],
  [1, 1],
];

export async function makeVenue(root: string): Promise<Venue> {
  const store = new FakeKeyStore();
  for (const kind of ['event', 'device', 'institution'] as const) await store.generate(kind, kind);
  const jlis = await Jlis.create(join(root, 'jlis'));
  const publicKey = await store.publicKey('institution');
  const { intermediate, institution } = await jlis.certifyTerminal(pem(publicKey));
  const press = new Press();
  const cards = await Promise.all(CARDS.map(() => newCard(jlis)));
  const entries = await Promise.all(
    cards.map((card, i) => entryOf(store, press.trust, card, tickets(i, ...CARDS[i]!))),
  );
  entries.sort((a, b) => compare(a.conversionValue, b.conversionValue));
  press.print(join(root, 'bundle'), { version: 1, entries, bucketBits: 0 });
  const { eventId, eventKeyId, publishers } = press.trust;
  const expected = { eventId, eventKeyIds: [eventKeyId], publishers, floor: 0, now: 0 };
  const source = directorySource(join(root, 'bundle'));
  const lists = join(root, 'lists');
  const list = (await applyBundle(source, lists, expected, undefined))!;
  await makeCurrent(lists, list);
  await list.close();
  const ca = (await jlis.files.text('ca.pem')).replace(/-----[^-]+-----|\s/g, '');
  return {
    root,
    trust: press.trust,
    keys: store.octets(),
    device: await store.publicKey('device'),
    ca: Buffer.from(ca, 'base64'),
    terminal: { certificates: [intermediate!, institution!], publicKey },
    cards: cards.map(({ file }) => file),
  };
}

function tickets(card: number, count: number, entries: number): Ticket[] {
  return Array.from({ length: count }, (_, i) => ({
    ticketNo: `T-${card}-${i + 1}`,
    seat: { gate: 'A', block: '1', row: '1', number: String(i + 1) },
    category: 'adult',
    admission: { from: 0, until: 4_000_000_000 },
    entries,
    reentry: false,
    flags: [],
    place: i + 1,
  }));
}

async function entryOf(store: FakeKeyStore, { eventId }: Trust, card: NewCard, all: Ticket[]) {
  const converter = new Converter(store, 'event');
  const serial = fromHex(card.serial!);
  const { conversionValue, sealKey } = await converter.convert(ISSUER_NAME, serial);
  const certificate = new X509Certificate(card.file.certificatePem!);
  const record = encodeSeatRecord({
    tickets: all,
    party: { id: new Uint8Array(8), size: all.length },
    language: 'ja',
    evidenceId: 'E-1',
    publicKey: certificate.publicKey.export({ type: 'spki', format: 'der' }),
    notAfter: Math.floor(Date.parse(certificate.validTo) / 1000),
  });
  const context = { eventId, conversionValue };
  return { conversionValue, sealed: sealRecord(sealKey, new Uint8Array(12), record, context) };
}

const pem = (spki: Uint8Array) =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
