import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import type { Desk } from '../routes/control.ts';

const TIMEOUT_MS = 30_000;
/** A million rows are opened and written. */
const EXPORT_TIMEOUT_MS = 10 * 60_000;

/** The office of the console that runs. */
export function remoteOffice(path: string): Desk {
  const call = async <T>(what: keyof Desk, ...values: unknown[]): Promise<T> =>
    (await post(path, what, JSON.stringify(values))) as T;
  return {
    invite: (invitation) => call('invite', invitation),
    addGate: (gate) => call('addGate', gate),
    gates: () => call('gates'),
    revoke: (gateId) => call('revoke', gateId),
    putKeys: (envelopes) => call('putKeys', envelopes),
    keys: () => call('keys'),
    orderDestruction: (eventId) => call('orderDestruction', eventId),
    recipients: () => call('recipients'),
    addOperator: (wanted) => call('addOperator', wanted),
    operators: () => call('operators'),
    setDisabled: (name, disabled) => call('setDisabled', name, disabled),
    resetOperator: (name) => call('resetOperator', name),
    addVendor: (name) => call('addVendor', name),
    vendors: () => call('vendors'),
    exportFeed: (eventId, out) => call('exportFeed', eventId, out),
    auditEntries: (page) => call('auditEntries', page),
    verifyAudit: (noted) => (noted ? call('verifyAudit', noted) : call('verifyAudit')),
  };
}

async function post(socketPath: string, what: string, body: string): Promise<unknown> {
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        path: `/${what}`,
        method: 'POST',
        timeout: what === 'exportFeed' ? EXPORT_TIMEOUT_MS : TIMEOUT_MS,
      },
      (response) => void text(response).then(resolve, reject),
    );
    sent.once('timeout', () => sent.destroy());
    sent.once('error', (cause) => reject(unreachable(cause)));
    sent.end(body);
  });
  const { result, code, title, hint } = JSON.parse(answer) as Answer;
  if (code === undefined) return result;
  throw new GateError(code, title ?? code, hint === undefined ? {} : { hint });
}

interface Answer {
  readonly result?: unknown;
  readonly code?: ErrorCode;
  readonly title?: string;
  readonly hint?: string;
}

function unreachable(cause: unknown): GateError {
  return new GateError('ERR_CONTROL', 'the console that has the database does not answer', {
    cause,
    hint: 'if it hangs, stop it; then this command opens the database itself',
  });
}
