import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from '../config.ts';
import type { Journal } from '../journal/journal.ts';
import { troubleLog } from '../trouble.ts';
import { type Delivery, type DeliveryParts, deliverKeys, deliveryParts } from './key-delivery.ts';

const EVERY_MS = 60_000;
const FIRST_MS = 5000;

export interface FollowerParts {
  readonly deliver: () => Promise<Delivery>;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Told when it goes wrong and when it is well again. */
  readonly onState: (error: GateError | undefined) => void;
}

/** Looks for keys while the gate runs, so that a new generation is there before the list that needs it. */
export class KeyFollower {
  readonly #parts: FollowerParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** The first look is over when this resolves, or has taken its time. */
  async start(): Promise<void> {
    this.#running = this.#look();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_MS);
    });
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { deliver, onDelivery, onState } = this.#parts;
    try {
      const delivery = await deliver();
      onDelivery(delivery);
      onState(delivery.trouble);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      onState(error);
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look();
    }, EVERY_MS);
    this.#timer.unref();
  }
}

/** Keys that the issuer put at the console are here before the first card, and before the list that needs them. */
export async function followKeys(
  config: GateConfig,
  store: DeliveryParts['store'],
  journal: Journal,
  log: Logger,
  destroyOrdered: boolean,
): Promise<KeyFollower> {
  const parts = deliveryParts(config, store, journal, destroyOrdered);
  const follower = new KeyFollower({
    deliver: () => deliverKeys(parts),
    onDelivery: ({ taken, destroyed }) => {
      for (const label of taken) log.info({ label }, 'key taken');
      for (const event of destroyed) log.info({ event }, 'keys destroyed');
    },
    onState: troubleLog(log, 'keys'),
  });
  await follower.start();
  return follower;
}
