import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Order, parseAct, parseOrder } from './turnstile-messages.ts';
import { TURNSTILE_PAGE } from './turnstile-page.ts';
import {
  type Act,
  type Opening,
  type TurnstileSenses,
  type TurnstileState,
  VirtualTurnstile,
} from './turnstile-state.ts';

export type { Opening } from './turnstile-state.ts';

export interface SandboxTurnstile {
  /** For the gate's `[turnstile]` table, and for `[lights]`. */
  readonly url: string;
  readonly openings: readonly Opening[];
  /** What the lamps were last told. */
  readonly light: string | undefined;
  readonly state: TurnstileState;
  /** Somebody does something in it. False where it would not let them. */
  act(act: Act): boolean;
  /** Answers everything with this status instead of opening; undefined opens again. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

export interface TurnstileOptions extends TurnstileSenses {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly onOpening?: (opening: Opening) => void;
}

const MAX_BODY_LENGTH = 1024;

/**
 * A turnstile on HTTP, with a page to watch it and to walk through it. `POST /open` with `{"id", "at"}` opens for
 * the people of an admission, once for each id; with `{"hold"}` it is held, with `{"light"}` its lamp is set.
 * `GET /openings` lists what it did.
 */
export async function startTurnstile(options: TurnstileOptions = {}): Promise<SandboxTurnstile> {
  const { port = 0, host = '127.0.0.1' } = options;
  const turnstile = new VirtualTurnstile(options);
  let failure: number | undefined;

  const take = (order: Order): void => {
    if ('hold' in order) turnstile.hold(order.hold);
    else if ('light' in order) turnstile.lamp(order.light);
    else {
      const opening = turnstile.open(order);
      if (opening) options.onOpening?.(opening);
    }
  };
  const server = createServer(async (request, response) => {
    const { method, url } = request;
    const get = method === 'GET' ? url : undefined;
    const json = (status: number, content: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(content));
    };
    if (get === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      return response.end(TURNSTILE_PAGE);
    }
    if (get === '/events') return stream(turnstile, response);
    if (failure !== undefined) return json(failure, { error: 'out of order' });
    if (get === '/openings') return json(200, turnstile.openings);
    if (get === '/state') return json(200, turnstile.state);
    if (method !== 'POST' || (url !== '/open' && url !== '/act')) return json(404, {});
    const body = await readBody(request);
    if (body === undefined) return json(413, {});
    if (url === '/act') {
      const act = parseAct(body);
      if (!act) return json(400, {});
      return json(turnstile.act(act) ? 200 : 409, turnstile.state);
    }
    const order = parseOrder(body);
    if (order) take(order);
    json(order ? 200 : 400, { openings: turnstile.openings.length });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return {
    url: `http://${host}:${address.port}/open`,
    openings: turnstile.openings,
    get light() {
      return turnstile.state.light;
    },
    get state() {
      return turnstile.state;
    },
    act: (act) => turnstile.act(act),
    fail: (status) => {
      failure = status;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Each state as a server-sent event, from the one of now. */
function stream(turnstile: VirtualTurnstile, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const tell = (state: TurnstileState) => response.write(`data: ${JSON.stringify(state)}\n\n`);
  tell(turnstile.state);
  const unsubscribe = turnstile.subscribe(tell);
  response.on('close', unsubscribe);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_LENGTH) return undefined;
  }
  return body;
}
