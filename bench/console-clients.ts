import { randomBytes } from 'node:crypto';
import { Agent, get } from 'node:http';
import {
  hashSessionToken,
  newSession,
  SESSION_TOKEN_LENGTH,
} from '@pinless-gate/issuer-console/domain/session';
import type { Stores } from './console-store.ts';

/** Somebody who is signed in, with a connection of their own that stays open. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #headers: Record<string, string>;

  constructor(token: string, number: number) {
    // By a proxy that the console believes: rates are of an address.
    this.#headers = { cookie: `session=${token}`, 'x-forwarded-for': `192.0.2.${number + 1}` };
  }

  /** Milliseconds until the last octet of the answer was here, which must be one with content. */
  async read(url: URL): Promise<number> {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      const request = get(url, { agent: this.#agent, headers: this.#headers }, (response) => {
        response.on('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`${url.pathname}: ${response.statusCode}`)),
        );
        response.resume();
      });
      request.on('error', reject);
    });
    return performance.now() - start;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Administrators, each with a session; their tokens. */
export async function signIn(stores: Stores, count: number): Promise<string[]> {
  const at = Date.now();
  const origin = { by: { kind: 'command', id: 'bench' } as const, at };
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const id = randomBytes(16).toString('hex');
      const account = {
        id,
        name: `bench-${i}`,
        role: 'issuer-admin',
        vendorId: undefined,
      } as const;
      await stores.operators.add({ ...account, passwordHash: '', passwordUntil: at }, origin);
      await stores.credentials.setPassword(id, '', origin);
      const token = randomBytes(SESSION_TOKEN_LENGTH).toString('base64url');
      const session = newSession(
        { hash: hashSessionToken(token), operatorId: id, half: false },
        at,
      );
      await stores.sessions.begin(session, 'bench', origin);
      return token;
    }),
  );
}
