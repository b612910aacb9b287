import type { Asker } from './asker.ts';
import type { Seal } from './credential.ts';
import { editedMeanwhile, RefusedError } from './refusal.ts';
import { requireVendor, type VendorStore } from './vendor.ts';
import {
  parseTypes,
  requireWebhook,
  unknownWebhook,
  type Webhook,
  type WebhookEdit,
  type WebhookStore,
  type WebhookType,
} from './webhook.ts';
import {
  type Attempt,
  formatSecret,
  SECRET_LENGTH,
  testMessage,
  type WebhookMessage,
} from './webhook-message.ts';

/** Sends one message. Never throws because of who is asked. */
export interface WebhookSender {
  /** Why nothing would be sent there, by what stands in the address alone; undefined where it may be. */
  refusal(url: string): string | undefined;
  send(request: WebhookRequest): Promise<Attempt>;
}

export interface WebhookRequest {
  readonly url: string;
  readonly message: WebhookMessage;
  readonly secrets: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

const MAX_WEBHOOKS = 10;
const MAX_REPLAYS = 5;
const MAX_URL_LENGTH = 500;
const OVERLAP_MS = 86_400_000;
/** A vendor's console is nobody's means to flood a stranger. */
const TEST_EVERY_MS = 5000;

export interface WebhookDeskDeps {
  readonly webhooks: WebhookStore;
  readonly vendors: VendorStore;
  readonly sender: WebhookSender;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface WantedWebhook {
  readonly vendorId: string;
  readonly url: string;
  readonly types: readonly string[];
}

export type WantedEdit = Omit<WebhookEdit, 'types'> & {
  readonly types?: readonly string[] | undefined;
};

/** The secret is shown once. */
export interface GivenSecret {
  readonly id: string;
  readonly secret: string;
}

/** What people and programs do about webhooks. `allowed`: types that they may see themselves. */
export interface WebhookDesk {
  add(asker: Asker, wanted: WantedWebhook, allowed: readonly WebhookType[]): Promise<GivenSecret>;
  edit(asker: Asker, edit: WantedEdit, allowed: readonly WebhookType[]): Promise<void>;
  remove(asker: Asker, id: string): Promise<void>;
  /** The secret before signs too for a day. */
  rotate(asker: Asker, id: string): Promise<GivenSecret>;
  resume(asker: Asker, id: string, skip: boolean): Promise<void>;
  /** One that was tried, or all of a time; behind what waits already. */
  replay(asker: Asker, id: string, what: WantedReplay): Promise<void>;
  /** One request at once, whatever waits. */
  test(asker: Asker, id: string): Promise<Attempt>;
}

export type WantedReplay =
  | { readonly messageId: string }
  | { readonly from: number; readonly until: number };

export const boundToWebhook = (id: string) => `webhook:${id}:secret`;

/** Undefined where one does not open with the key of this console. */
export function openSecrets(
  seal: Seal | undefined,
  id: string,
  sealed: readonly Uint8Array[],
): Uint8Array[] | undefined {
  const opened = sealed.map((one) => seal?.open(one, boundToWebhook(id)));
  return opened.every((one) => one !== undefined) ? opened : undefined;
}

export function webhookDesk(deps: WebhookDeskDeps): WebhookDesk {
  const { webhooks, vendors, sender, random, now } = deps;
  const tested = new Map<string, number>();
  const mint = (id: string) => {
    if (!deps.seal) throw noSeal();
    const secret = random(SECRET_LENGTH);
    return { sealed: deps.seal.seal(secret, boundToWebhook(id)), shown: formatSecret(secret) };
  };
  const parseUrl = (url: string) => {
    const why = sender.refusal(url) ?? (url.length > MAX_URL_LENGTH ? 'too long' : undefined);
    if (why === undefined) return new URL(url).href;
    throw new RefusedError('invalid', 'ERR_WEBHOOK_URL', `url: ${why}`);
  };
  const found = ({ scope }: Asker, id: string) => requireWebhook(webhooks, scope, id);
  return {
    add: async (asker, wanted, allowed) => {
      const { id: vendorId } = await requireVendor(vendors, asker.scope, wanted.vendorId);
      const id = Buffer.from(random(16)).toString('hex');
      const { sealed, shown } = mint(id);
      const createdAt = now();
      const types = parseTypes(wanted.types, allowed);
      const webhook = { id, vendorId, url: parseUrl(wanted.url), types, createdAt, secret: sealed };
      const origin = { by: asker.by, at: createdAt };
      if (await webhooks.add(webhook, MAX_WEBHOOKS, origin)) return { id, secret: shown };
      throw new RefusedError(
        'conflict',
        'ERR_WEBHOOK_COUNT',
        `${MAX_WEBHOOKS} of a vendor at most`,
      );
    },
    edit: async (asker, { url, types, ...edit }, allowed) => {
      const held = await found(asker, edit.id);
      // Who sends it elsewhere may see what is sent.
      const wanted = url === undefined ? types : (types ?? held.types);
      const more = {
        url: url === undefined ? undefined : parseUrl(url),
        types: wanted && parseTypes(wanted, allowed),
      };
      const origin = { by: asker.by, at: now() };
      const outcome = await webhooks.edit(asker.scope, { ...edit, ...more }, origin);
      if (outcome === 'unknown') throw unknownWebhook();
      if (outcome === 'conflict') throw editedMeanwhile();
    },
    remove: async (asker, id) => {
      if (await webhooks.remove(asker.scope, id, { by: asker.by, at: now() })) return;
      throw unknownWebhook();
    },
    rotate: async (asker, id) => {
      const webhook = await found(asker, id);
      const { sealed, shown } = mint(id);
      const at = now();
      await webhooks.rotate(webhook, sealed, at + OVERLAP_MS, { by: asker.by, at });
      return { id, secret: shown };
    },
    resume: async (asker, id, skip) =>
      webhooks.resume(await found(asker, id), skip, { by: asker.by, at: now() }),
    replay: async (asker, id, what) => {
      const webhook = await found(asker, id);
      const range = await rangeOf(webhooks, webhook, what);
      if (!range) throw nothingToReplay();
      const origin = { by: asker.by, at: now() };
      if (await webhooks.replay(webhook, range, MAX_REPLAYS, origin)) return;
      throw new RefusedError('wait', 'ERR_WEBHOOK_REPLAYS', 'other replays wait already', 60);
    },
    test: async (asker, id) => {
      const webhook = await found(asker, id);
      const at = now();
      for (const [one, before] of tested) if (at - before >= TEST_EVERY_MS) tested.delete(one);
      if (tested.has(id)) throw tooSoon();
      tested.set(id, at);
      const message = testMessage(id, Buffer.from(random(16)).toString('hex'), at);
      const attempt = await sendOnce(deps, webhook, message);
      await webhooks.noteTest(webhook, attempt, message.id, { by: asker.by, at });
      return attempt;
    },
  };
}

async function sendOnce(
  { webhooks, sender, seal, now }: WebhookDeskDeps,
  webhook: Webhook,
  message: WebhookMessage,
): Promise<Attempt> {
  const secrets = openSecrets(seal, webhook.id, await webhooks.secrets(webhook, now()));
  if (!secrets) return { at: now(), durationMs: 0, status: undefined, failure: 'secret' };
  const { signal } = new AbortController();
  return sender.send({ url: webhook.url, message, secrets, signal });
}

async function rangeOf(webhooks: WebhookStore, webhook: Webhook, what: WantedReplay) {
  if ('messageId' in what) {
    const sequence = await webhooks.sequenceOf(webhook, what.messageId);
    return sequence === undefined ? undefined : { from: sequence, until: sequence };
  }
  const { from, until } = what;
  return from <= until ? webhooks.entriesBetween(webhook, from, until) : undefined;
}

const tooSoon = () =>
  new RefusedError('wait', 'ERR_WEBHOOK_WAIT', 'one test in five seconds', TEST_EVERY_MS / 1000);

const nothingToReplay = () =>
  new RefusedError('unknown', 'ERR_WEBHOOK_REPLAY', 'there is nothing of that to send again');

const noSeal = () =>
  new RefusedError(
    'invalid',
    'ERR_WEBHOOK_SEAL',
    'secrets are kept sealed, and [accounts] seal_key_file names no key',
  );
