import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { AuditLog } from '../domain/audit.ts';
import type { Seal } from '../domain/credential.ts';
import type { Lease, Waiting, Webhook, WebhookQueue, WebhookStore } from '../domain/webhook.ts';
import { openSecrets, type WebhookSender } from '../domain/webhook-desk.ts';
import { type Attempt, isTaken, messageOf } from '../domain/webhook-message.ts';
import { setbackOf } from '../domain/webhook-retry.ts';

export interface DispatcherDeps {
  readonly queue: WebhookQueue;
  readonly webhooks: WebhookStore;
  readonly audit: Pick<AuditLog, 'onAppended'>;
  readonly sender: WebhookSender;
  readonly seal: Seal | undefined;
  readonly keepMs: number;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  readonly log: Pick<Logger, 'warn'>;
}

/** What another process appended, and what is due by now, is found so late at most. */
const POLL_MS = 2000;
const FORGET_EVERY_MS = 3_600_000;
/** Longer than the longest request, so that nobody else sends what is under way. */
const LEASE_MS = 20_000;
/** Of all vendors: one that hangs holds up no other. */
const MAX_AT_ONCE = 16;

/** Delivers what was noted, webhook by webhook in order, from the audit log. */
export class WebhookDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #holder: string;
  readonly #working = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #pumping: Promise<void> | undefined;
  #again = false;
  #forgotAt = Number.NEGATIVE_INFINITY;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#holder = Buffer.from(deps.random(16)).toString('hex');
  }

  start(): void {
    const timer = setInterval(() => this.wake(), POLL_MS);
    const leave = this.#deps.audit.onAppended(() => this.wake());
    this.#stop.signal.addEventListener('abort', () => {
      clearInterval(timer);
      leave();
    });
    this.wake();
  }

  /** Something may be due. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
      // Told after the last look, and before this.
      if (this.#again) this.wake();
    });
  }

  /** Until nothing is due that can be delivered now. */
  async idle(): Promise<void> {
    while (this.#pumping || this.#working.size > 0) {
      await this.#pumping;
      await Promise.all(this.#working.values());
    }
  }

  /** What is under way is broken off, and sent again by whoever comes next. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.idle();
  }

  async #pump(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      try {
        await this.#forget();
        for (const id of await this.#deps.queue.due(this.#deps.now())) this.#begin(id);
      } catch (error) {
        this.#tell(error, 'webhooks could not be looked through');
      }
    }
  }

  #begin(id: string): void {
    if (this.#working.has(id) || this.#working.size >= MAX_AT_ONCE) return;
    const work = this.#deliverAll(id)
      .catch((error) => this.#tell(error, 'a webhook could not be worked on', id))
      .finally(() => {
        this.#working.delete(id);
        this.wake();
      });
    this.#working.set(id, work);
  }

  async #deliverAll(id: string): Promise<void> {
    const { queue } = this.#deps;
    for (;;) {
      // Anew each time: it may have been edited, and the lease goes on.
      const webhook = await queue.claim(id, this.#lease());
      if (!webhook) return;
      const waiting = this.#stop.signal.aborted ? undefined : await queue.next(webhook);
      if (!waiting || !(await this.#deliver(webhook, waiting))) {
        return queue.release(webhook, this.#lease());
      }
    }
  }

  /** Whether to go on. */
  async #deliver(webhook: Webhook, waiting: Waiting): Promise<boolean> {
    const { queue, now, random } = this.#deps;
    const attempt = await this.#send(webhook, waiting);
    if (isTaken(attempt)) return queue.delivered(webhook, waiting, attempt, this.#lease());
    if (this.#stop.signal.aborted) return false;
    const setback = setbackOf(webhook, attempt, now(), random(1)[0]! / 256);
    await queue.failed(webhook, waiting, attempt, setback, this.#lease());
    return false;
  }

  async #send({ id, url, ...webhook }: Webhook, { raw }: Waiting): Promise<Attempt> {
    const { webhooks, sender, seal, now } = this.#deps;
    const at = now();
    const sealed = await webhooks.secrets({ ...webhook, id, url }, at);
    const secrets = openSecrets(seal, id, sealed);
    if (!secrets) return { at, durationMs: 0, status: undefined, failure: 'secret' };
    return sender.send({ url, message: messageOf(raw), secrets, signal: this.#stop.signal });
  }

  async #forget(): Promise<void> {
    const { queue, now, keepMs } = this.#deps;
    if (now() - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgotAt = now();
    await queue.forget(now() - keepMs);
  }

  #lease(): Lease {
    const now = this.#deps.now();
    return { holder: this.#holder, now, until: now + LEASE_MS };
  }

  #tell(error: unknown, what: string, webhookId?: string): void {
    const code = error instanceof GateError ? error.code : 'ERR_DEFECT';
    this.#deps.log.warn({ webhookId, code }, what);
  }
}
