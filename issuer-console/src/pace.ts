import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isUploadTo } from './routes/upload.ts';

/** How fast a body has to come. */
export interface Pace {
  /** Of an ordinary request: all of it. */
  readonly wholeMs: number;
  /** Of an upload: so much at least in each such time, however long it takes. */
  readonly windowMs: number;
  readonly windowOctets: number;
}

export const DEFAULT_PACE: Pace = {
  wholeMs: 30_000,
  windowMs: 30_000,
  // 16 KiB a second: a slow line gets there, one who only holds the place does not.
  windowOctets: 30 * 16 * 1024,
};

/** Cuts off requests whose body does not come. Instead of Node's own limit, which knows no long uploads. */
export function keepPace(server: Server, pace: Pace): void {
  server.requestTimeout = 0;
  server.on('request', (request, response) => watch(request, response, pace));
}

function watch(
  request: IncomingMessage,
  response: ServerResponse,
  { wholeMs, windowMs, windowOctets }: Pace,
): void {
  const upload = isUploadTo(request.method, request.url ?? '');
  if (!hasBody(request)) return;
  let seen = request.socket.bytesRead;
  const timer = setInterval(
    () => {
      if (request.complete) return clearInterval(timer);
      const { bytesRead } = request.socket;
      const fast = upload && bytesRead - seen >= windowOctets;
      seen = bytesRead;
      if (fast) return;
      clearInterval(timer);
      cut(request, response);
    },
    upload ? windowMs : wholeMs,
  );
  // Whatever it waits for, it keeps no console from ending.
  timer.unref();
  response.once('close', () => clearInterval(timer));
}

/** RFC 9112 6: by either of these. */
function hasBody({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0';
}

function cut({ socket }: IncomingMessage, response: ServerResponse): void {
  // Whoever still listens is told what Node itself would say.
  if (!response.headersSent && socket.writable) {
    socket.write('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }
  socket.destroySoon();
}
