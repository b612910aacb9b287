import { toHex } from '@pinless-gate/protocol/bytes';
import { readOr } from '@pinless-gate/protocol/errors';
import {
  isRequestOf,
  MAX_CLOCK_SKEW_MS,
  parseGateCredential,
} from '@pinless-gate/protocol/gate-request';
import type { Context } from 'hono';
import type { GateStore, KnownGate } from '../domain/gate.ts';
import { type Problem, ProblemError } from './problem.ts';

export interface GateAuthDeps {
  readonly gates: Pick<GateStore, 'gate' | 'takeNonce'>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The gate whose device key signed this very request, just now and for the first time. */
export type GateAuth = (c: Context, body: Uint8Array) => Promise<KnownGate>;

export const gateAuth = ({ gates, now }: GateAuthDeps): GateAuth => {
  return async (c, body) => {
    const credential = readOr(
      () => parseGateCredential(c.req.header('authorization') ?? ''),
      () => undefined,
    );
    const gate = credential && (await gates.gate(toHex(credential.gateId)));
    const { pathname, search } = new URL(c.req.url);
    const request = { method: c.req.method, path: pathname + search, body };
    // One answer for both, so that nobody can ask which gates there are.
    if (!gate || !isRequestOf(gate.deviceKey, request, credential)) throw new ProblemError(DENIED);
    // From here on the gate is who it says: it may know what is wrong.
    if (gate.revokedAt !== undefined) throw new ProblemError(REVOKED);
    const at = now();
    if (Math.abs(at - credential.at) > MAX_CLOCK_SKEW_MS) throw new ProblemError(clockApart(at));
    const forget = at - 2 * MAX_CLOCK_SKEW_MS;
    if (!(await gates.takeNonce(gate.id, credential.nonce, { at, forget }))) {
      throw new ProblemError(REPEATED);
    }
    return gate;
  };
};

export const DENIED: Problem = {
  status: 403,
  code: 'ERR_GATE_DENIED',
  title: 'the gate is not enrolled, or the request is not signed by its device key',
};

const REVOKED: Problem = {
  status: 403,
  code: 'ERR_GATE_REVOKED',
  title: 'this gate was revoked: nothing is taken from it and nothing is given to it',
};

const REPEATED: Problem = {
  status: 403,
  code: 'ERR_GATE_REPLAYED',
  title: 'this very request was taken before',
};

const clockApart = (at: number): Problem => ({
  status: 403,
  code: 'ERR_GATE_CLOCK',
  title: `the clocks of gate and console are more than ${MAX_CLOCK_SKEW_MS / 60_000} minutes apart`,
  detail: `here it is ${new Date(at).toISOString()}`,
});
