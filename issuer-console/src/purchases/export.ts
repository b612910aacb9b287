import { FileBeside } from '@pinless-gate/whitelist-builder/file-beside';
import type { Asker } from '../domain/asker.ts';
import type { Origin } from '../domain/audit.ts';
import type { Seal } from '../domain/credential.ts';
import { type Event, type EventStore, noSeal, requireEvent } from '../domain/event.ts';
import {
  boundToPurchase,
  type FeedPart,
  type PurchaseStore,
  type SealedPurchase,
} from '../domain/purchase.ts';
import { StoreError } from '../store/error.ts';

export interface FeedExport {
  readonly rows: number;
}

export interface FeedDesk {
  /** Writes the event's purchases as `whitelist build` takes them. `out` is absolute; only its owner reads it. */
  exportFeed(eventId: string, out: string): Promise<FeedExport>;
}

export interface FeedDeskDeps {
  readonly events: EventStore;
  readonly purchases: PurchaseStore;
  readonly seal: () => Promise<Seal | undefined>;
  readonly now: () => number;
  readonly asker: Asker;
}

export function feedDesk({ events, purchases, seal, now, asker }: FeedDeskDeps): FeedDesk {
  return {
    exportFeed: async (eventId, out) => {
      const event = await requireEvent(events, asker.scope, eventId);
      const opener = await seal();
      if (!opener) throw noSeal();
      const origin = { by: asker.by, at: now() };
      const part = { since: 0, out, seal: opener, origin };
      const { rows } = await writeFeed(purchases, event, part);
      return { rows };
    },
  };
}

export interface FeedFile {
  /** Rows that were changed after this change; 0: all of them. */
  readonly since: number;
  /** Absolute; only its owner reads it. */
  readonly out: string;
  readonly seal: Seal;
  readonly origin: Origin;
}

/** Rows of a feed, opened, in a file that is whole or not there; none where there are none since then. */
export async function writeFeed(
  purchases: PurchaseStore,
  event: Event,
  { since, out, seal, origin }: FeedFile,
): Promise<FeedPart> {
  const file = await FileBeside.create(out, 0o600);
  try {
    const take = async (page: readonly SealedPurchase[]) => {
      for (const { purchaseId, sealed } of page) {
        const row = seal.open(sealed, boundToPurchase(event.id, purchaseId));
        if (!row) throw foreign();
        file.add(`${Buffer.from(row).toString('utf8')}\n`);
      }
      await file.drain();
    };
    const part = await purchases.exportFeed(event, since, take, origin);
    if (part.rows > 0 || since === 0) await file.finish();
    else await file.discard();
    return part;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

const foreign = () =>
  new StoreError('ERR_STORE_SEALED', 'a purchase does not open with the key of seal_key_file', {
    hint: 'seal_key_file must be the key that the purchases were imported with',
  });
