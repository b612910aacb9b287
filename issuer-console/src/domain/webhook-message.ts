import { createHash, createHmac } from 'node:crypto';
import { type AuditEntry, decodeAuditEntry } from './audit.ts';

/** Standard Webhooks 1.0.0, symmetric: https://github.com/standard-webhooks/standard-webhooks */

export type MessageKind = 'live' | 'replay' | 'test';

/** One message as it goes out, the same octets at every attempt. */
export interface WebhookMessage {
  /** Of the audit entry: the same at every attempt, every endpoint and every replay. */
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

/** Why there was no answer. */
export type AttemptFailure =
  | 'address'
  | 'connection'
  | 'name'
  | 'protocol'
  | 'secret'
  | 'timeout'
  | 'tls';

/** What became of one request. Unix milliseconds. */
export interface Attempt {
  readonly at: number;
  readonly durationMs: number;
  /** Undefined where there was no answer. */
  readonly status: number | undefined;
  readonly failure: AttemptFailure | undefined;
}

export interface Delivery extends Attempt {
  /** Rises; 1 is the first of the whole console. */
  readonly number: number;
  readonly messageId: string;
  readonly type: string;
  readonly kind: MessageKind;
}

export const TEST_TYPE = 'webhook.test';
const SECRET_PREFIX = 'whsec_';
export const SECRET_LENGTH = 32;

export const isTaken = ({ status = 0 }: Attempt): boolean => status >= 200 && status < 300;

/** Of public facts only: the author, who may be a person, is not told. */
export function messageOf(raw: Uint8Array): WebhookMessage {
  const entry = decodeAuditEntry(raw);
  const id = messageId(raw);
  return { id, type: entry.action, body: bodyOf(entry.action, id, entry.at, dataOf(entry)) };
}

export function messageId(raw: Uint8Array): string {
  return `msg_${createHash('sha256').update(raw).digest('hex').slice(0, 32)}`;
}

/** `nonce`: 32 hex digits. */
export function testMessage(webhookId: string, nonce: string, at: number): WebhookMessage {
  const id = `msg_${nonce}`;
  return { id, type: TEST_TYPE, body: bodyOf(TEST_TYPE, id, at, { webhook: webhookId }) };
}

function dataOf({ subjects, facts = {} }: AuditEntry): object {
  return { subjects, facts };
}

function bodyOf(type: string, id: string, at: number, data: object): string {
  return JSON.stringify({ type, id, at: new Date(at).toISOString(), data });
}

/** `webhook-…` headers. A signature by each secret, so that both sides of a rotation verify. */
export function signedHeaders(
  { id, body }: WebhookMessage,
  secrets: readonly Uint8Array[],
  at: number,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`);
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

/** As it is shown, once. */
export function formatSecret(secret: Uint8Array): string {
  return `${SECRET_PREFIX}${Buffer.from(secret).toString('base64')}`;
}
