import http from 'node:http';
import https from 'node:https';
import { type Turnstile, TurnstileError } from './turnstile.ts';

export interface HttpTurnstileOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/**
 * Posts `{"id", "at", "direction", "people"}` to open and `{"hold", "at"}` to hold, over a connection that is
 * kept open; any 2xx answer means done.
 */
export function httpTurnstile({ url, timeoutMs, now = Date.now }: HttpTurnstileOptions): Turnstile {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });

  const post = (body: string, deadline: AbortSignal, again: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          method: 'POST',
          agent,
          signal: deadline,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          response.resume();
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) return resolve();
          reject(
            new TurnstileError('ERR_TURNSTILE_ANSWER', `turnstile: answered HTTP ${statusCode}`),
          );
        },
      );
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        if (deadline.aborted) {
          return reject(
            new TurnstileError('ERR_TURNSTILE_TIMEOUT', `turnstile: no answer in ${timeoutMs} ms`, {
              cause,
            }),
          );
        }
        // The turnstile closed the idle connection as we used it. Orders may be repeated, so ask again.
        if (again && outgoing.reusedSocket) return resolve(post(body, deadline, false));
        reject(
          new TurnstileError(
            'ERR_TURNSTILE_UNREACHABLE',
            `turnstile: cannot be reached (${cause.code})`,
            { cause, hint: `check that ${url.host} is on and [turnstile].url is right` },
          ),
        );
      });
      outgoing.end(body);
    });

  const order = (content: object) =>
    post(JSON.stringify({ ...content, at: now() }), AbortSignal.timeout(timeoutMs), true);
  return {
    open: ({ id, direction, people }) => order({ id, direction, people }),
    hold: (open) => order({ hold: open }),
    close: async () => agent.destroy(),
  };
}
