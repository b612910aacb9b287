import { constants, setPriority } from 'node:os';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import { type EventPlan, readEventFile } from '@pinless-gate/whitelist-builder/event-file';
import type { BuiltList } from '../domain/list-publication.ts';
import { buildList } from './build-list.ts';
import type { BuildAnswer, BuildCall, PublishCall, SignCall } from './list-builder.ts';
import { publishList, signList } from './publish-list.ts';

// Builds and publishes lists, started by list-builder.ts. The HSM stays open from one list to the next.
serveIsolated(async () => {
  // Pages and gates come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const stores = new KeyStores();
  // A list is not signed or published while the next one is being put in its place.
  const turns = new Turns();
  return {
    build: ({ plan }: BuildCall): Promise<BuildAnswer> =>
      turns.take(async () => {
        const event = await readEventFile(plan.event);
        return stores.use(event, (keys) => buildList(plan, event, keys));
      }),
    sign: (call: SignCall): Promise<BuiltList> =>
      turns.take(async () => {
        const event = await readEventFile(call.plan.event);
        return stores.use(event, (keys) => signList(call, event, keys));
      }),
    publish: (call: PublishCall): Promise<BuiltList> =>
      turns.take(async () => {
        const event = await readEventFile(call.plan.event);
        return stores.use(event, (keys) => publishList(call, event, keys));
      }),
    close: () => stores.close(),
  };
});

/** One thing after the other. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** One HSM open at a time: the one that was asked for last. */
class KeyStores {
  #open:
    | { readonly name: string; readonly keys: KeyStore & { close(): Promise<void> } }
    | undefined;

  async use<T>({ hsm }: EventPlan, work: (keys: KeyStore) => Promise<T>): Promise<T> {
    const name = JSON.stringify(hsm);
    if (this.#open?.name !== name) await this.close();
    this.#open ??= { name, keys: await openKeyStore(hsm) };
    try {
      return await work(this.#open.keys);
    } catch (error) {
      // It may be the module that is at fault: the next list finds it opened anew.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.keys.close();
  }
}
