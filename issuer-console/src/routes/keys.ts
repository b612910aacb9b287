import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { decodeGateKey, GATE_KEY_TYPE } from '@pinless-gate/protocol/gate-key';
import {
  DESTRUCTION_TYPE,
  decodeDestruction,
  isSignedBy,
} from '@pinless-gate/protocol/key-destruction';
import { MAX_SIGNED_LENGTH } from '@pinless-gate/protocol/signed';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { KeyDeliveryStore } from '../domain/keys.ts';
import type { GateAuth } from './gate-auth.ts';
import {
  bodyTooLarge,
  NOT_FOUND,
  type Problem,
  ProblemError,
  requireType,
  wellFormed,
} from './problem.ts';

export interface KeyRoutesDeps {
  readonly authentic: GateAuth;
  readonly keys: KeyDeliveryStore;
  readonly now: () => number;
  /** Told what a gate said of its keys. */
  readonly onWord: (gateId: string, what: 'fetched' | 'taken' | 'destroyed') => void;
}

const EMPTY = new Uint8Array(0);

/** Keys for gates, wrapped: each gate is given its own and tells what became of them. */
export const keyRoutes = ({ authentic, keys, now, onWord }: KeyRoutesDeps) => {
  const limited = bodyLimit({
    maxSize: MAX_SIGNED_LENGTH,
    onError: bodyTooLarge(MAX_SIGNED_LENGTH),
  });
  return new Hono()
    .get('/api/keys', async (c) => {
      const gate = await authentic(c, EMPTY);
      const envelopes = await keys.give(gate.id, now());
      if (envelopes.length > 0) onWord(gate.id, 'fetched');
      const shown = envelopes.map(({ id, raw, taken, destroy }) => ({
        id,
        envelope: Buffer.from(raw).toString('base64'),
        taken,
        destroy,
      }));
      return c.json({ keys: shown }, 200, { 'cache-control': 'no-store' });
    })
    .post('/api/keys/:id/taken', limited, async (c) => {
      const gate = await authentic(c, new Uint8Array(await c.req.arrayBuffer()));
      const id = c.req.param('id');
      const found = /^[0-9a-f]{64}$/.test(id) && (await keys.taken(gate.id, fromHex(id), now()));
      if (!found) throw new ProblemError(NOT_FOUND);
      onWord(gate.id, 'taken');
      return c.body(null, 204);
    })
    .post('/api/keys/destroyed', limited, async (c) => {
      requireType(c, DESTRUCTION_TYPE);
      const body = new Uint8Array(await c.req.arrayBuffer());
      const gate = await authentic(c, body);
      const received = wellFormed(() => decodeDestruction(body));
      const own = toHex(received.destruction.gateId) === gate.id;
      if (!own || !isSignedBy(received, gate.deviceKey)) throw new ProblemError(NOT_OWN);
      await keys.destroyed(received.destruction, body, now());
      onWord(gate.id, 'destroyed');
      return c.body(null, 204);
    })
    .put('/api/gate-key', limited, async (c) => {
      requireType(c, GATE_KEY_TYPE);
      const body = new Uint8Array(await c.req.arrayBuffer());
      const gate = await authentic(c, body);
      const key = wellFormed(() => decodeGateKey(body));
      const own = toHex(key.gateId) === gate.id && equal(key.deviceKey, gate.deviceKey);
      if (!own) throw new ProblemError(NOT_OWN);
      await keys.keepGateKey(gate.id, body, now());
      return c.body(null, 204);
    });
};

const NOT_OWN: Problem = {
  status: 403,
  code: 'ERR_KEYS_GATE',
  title: 'the document is of another gate, or not signed by this one',
};
