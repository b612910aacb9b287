import { FileBeside } from '@pinless-gate/whitelist-builder/file-beside';
import type { Asker } from '../domain/asker.ts';
import type { Seal } from '../domain/credential.ts';
import { type EventStore, noSeal, requireEvent } from '../domain/event.ts';
import { boundToPurchase, type PurchaseStore } from '../domain/purchase.ts';
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
      const file = await FileBeside.create(out, 0o600);
      try {
        const take = async (page: readonly { purchaseId: string; sealed: Uint8Array }[]) => {
          for (const { purchaseId, sealed } of page) {
            const row = opener.open(sealed, boundToPurchase(eventId, purchaseId));
            if (!row) throw foreign();
            file.add(`${Buffer.from(row).toString('utf8')}\n`);
          }
          await file.drain();
        };
        const rows = await purchases.exportFeed(event, take, { by: asker.by, at: now() });
        await file.finish();
        return { rows };
      } catch (error) {
        await file.discard();
        throw error;
      }
    },
  };
}

const foreign = () =>
  new StoreError('ERR_STORE_SEALED', 'a purchase does not open with the key of seal_key_file', {
    hint: 'seal_key_file must be the key that the purchases were imported with',
  });
