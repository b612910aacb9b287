import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

export interface Opening {
  /** The admission that it was opened for. */
  readonly id: string;
  /** When the gate says it asked, and when the turnstile opened; Unix milliseconds. */
  readonly askedAt: number;
  readonly openedAt: number;
}

export interface SandboxTurnstile {
  /** For the gate's `[turnstile]` table. */
  readonly url: string;
  readonly openings: readonly Opening[];
  /** Answers everything with this status instead of opening; undefined opens again. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

export interface TurnstileOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly onOpening?: (opening: Opening) => void;
}

const MAX_BODY_LENGTH = 1024;

/**
 * A turnstile on HTTP. `POST /open` with `{"id", "at"}` opens for one person, once for each id; `GET /openings`
 * lists what it did.
 */
export async function startTurnstile(options: TurnstileOptions = {}): Promise<SandboxTurnstile> {
  const { port = 0, host = '127.0.0.1', onOpening } = options;
  const openings: Opening[] = [];
  const ids = new Set<string>();
  let failure: number | undefined;

  const open = (body: string): number => {
    const order = parseOrder(body);
    if (!order) return 400;
    if (ids.has(order.id)) return 200;
    ids.add(order.id);
    const opening = { id: order.id, askedAt: order.at, openedAt: Date.now() };
    openings.push(opening);
    onOpening?.(opening);
    return 200;
  };
  const server = createServer(async (request, response) => {
    const json = (status: number, content: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(content));
    };
    if (failure !== undefined) return json(failure, { error: 'out of order' });
    if (request.method === 'GET' && request.url === '/openings') return json(200, openings);
    if (request.method !== 'POST' || request.url !== '/open') return json(404, {});
    const body = await readBody(request);
    const status = body === undefined ? 413 : open(body);
    json(status, { openings: openings.length });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return {
    url: `http://${host}:${address.port}/open`,
    openings,
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

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_LENGTH) return undefined;
  }
  return body;
}

function parseOrder(body: string): { id: string; at: number } | undefined {
  let order: unknown;
  try {
    order = JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof order !== 'object' || order === null) return undefined;
  const { id, at } = order as Record<string, unknown>;
  return typeof id === 'string' && id !== '' && typeof at === 'number' ? { id, at } : undefined;
}
