import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
  readonly at: number;
}

export interface Receiver {
  readonly port: number;
  readonly url: string;
  readonly received: Received[];
  /** What it answers next. */
  answer: (received: Received, count: number) => number | Promise<number>;
  close(): Promise<void>;
}

/** A vendor's program on loopback that notes what it is told. */
export async function startReceiver(): Promise<Receiver> {
  const started = await listenOn((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const header = (name: string) => String(request.headers[`webhook-${name}`] ?? '');
      const one = {
        id: header('id'),
        timestamp: header('timestamp'),
        signature: header('signature'),
        body: Buffer.concat(chunks).toString(),
        at: performance.now(),
      };
      receiver.received.push(one);
      response.writeHead(await receiver.answer(one, receiver.received.length)).end();
    });
  });
  const receiver: Receiver = {
    ...started,
    url: `http://127.0.0.1:${started.port}/hooks`,
    received: [],
    answer: () => 204,
  };
  return receiver;
}

export async function listenOn(
  listener: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, close };
}
