import { join } from 'node:path';
import { openIsolatedApply } from '@pinless-gate/gate-firmware/whitelist/apply-isolated';
import { openLists } from '@pinless-gate/gate-firmware/whitelist/follow';
import { Follower } from '@pinless-gate/gate-firmware/whitelist/follower';
import { openSource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { Conversion } from '@pinless-gate/protocol/conversion';
import { decodeSeatRecord, openRecord } from '@pinless-gate/protocol/record';
import { openListGate } from '@pinless-gate/test/lists/gate';
import type { Stand } from './resale-stand.ts';
import { serialOf } from './whitelist-feed.ts';

/** Long polls tell of lists; this is for those that were missed. */
const POLL_MS = 60_000;

type Opened = Awaited<ReturnType<typeof openLists>>['lists'];

interface Opening {
  readonly lists: Opened;
  readonly eventId: Uint8Array;
  readonly closers: readonly (() => Promise<unknown>)[];
}

/** Follows a console's lists as a gate does, and looks cards up as a tap does. */
export class ResaleGate {
  readonly #stand: Stand;
  readonly #lists: Opened;
  readonly #closers: Opening['closers'];
  readonly #converter: Converter;
  readonly #eventId: Uint8Array;

  private constructor(stand: Stand, { lists, eventId, closers }: Opening) {
    this.#stand = stand;
    this.#lists = lists;
    this.#eventId = eventId;
    this.#closers = closers;
    this.#converter = new Converter(stand.keys, 'event');
  }

  static async open(stand: Stand): Promise<ResaleGate> {
    const url = new URL('bundle/', stand.url);
    const root = join(stand.directory, 'gate');
    const trust = await stand.trust();
    const parts = openListGate(root, trust).parts(openSource({ url: url.href }));
    const { directory } = parts;
    const { apply, close } = await openIsolatedApply({ source: { url: url.href }, directory });
    const { lists } = await openLists(parts);
    const onState = (error: Error | undefined) => {
      if (error) throw error;
    };
    const options = { pollMs: POLL_MS, onUpdate: () => undefined, onState };
    const follower = new Follower({ ...parts, apply }, lists, options);
    await follower.start();
    const closers = [() => follower.close(), close, () => lists.close()];
    return new ResaleGate(stand, { lists, eventId: trust.eventId, closers });
  }

  /** What the HSM makes of a card: done before the tap is timed, since it takes the same for every list. */
  card(number: number): Promise<Conversion> {
    return this.#converter.convert(this.#stand.issuerName, serialOf(number));
  }

  /** Whether the card opens so many tickets now; unknown is none. */
  opens({ conversionValue, sealKey }: Conversion, tickets: number): boolean {
    const sealed = this.#lists.current?.find(conversionValue);
    if (!sealed) return tickets === 0;
    const context = { eventId: this.#eventId, conversionValue };
    return decodeSeatRecord(openRecord(sealKey, sealed, context)).tickets.length === tickets;
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}
