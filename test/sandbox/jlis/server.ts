import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { signingKey } from './certificate.ts';
import { Jlis } from './jlis.ts';
import { answerLink, type LinkFault, signerKey } from './link.ts';
import { answerOcsp, type OcspFault } from './ocsp.ts';

export interface JlisServer {
  /** Where OCSP requests are posted. */
  readonly url: string;
  /** Requests of OCSP so far. */
  readonly asked: number;
  /** Answers wrongly from now on; undefined answers as it should. */
  fault(fault: OcspFault | undefined): void;
  /** The same for questions about serial numbers. */
  linkFault(fault: LinkFault | undefined): void;
  close(): Promise<void>;
}

export interface JlisServerOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly fault?: OcspFault | undefined;
  readonly now?: () => number;
}

const MAX_REQUEST_LENGTH = 64 * 1024;
/** What may be fetched: nothing secret is among them. */
const FILES = [
  'ca.pem',
  'crl.der',
  'renewals.ndjson',
  'renewals.ndjson.sig',
  'signature-ca.pem',
  'signature-crl.der',
  'link-signer.pem',
];
const LINK_PATH = '/link';

/**
 * What a J-LIS has online, on loopback: OCSP by POST to any path but one, which serial numbers belong together by
 * POST to `/link`, and its public files by GET. The state is
 * read for each request, so that `jlis revoke` shows at once.
 */
export async function startJlisServer(
  directory: string,
  { port = 0, fault: first, now = Date.now }: JlisServerOptions = {},
): Promise<JlisServer> {
  const jlis = await Jlis.open(directory);
  const responder = await jlis.responder();
  const otherCa = signingKey(await jlis.files.text('other-ca-key.pem'));
  await signerKey(jlis.files);
  let fault = first;
  let linkFault: LinkFault | undefined;
  let asked = 0;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return sendFile(jlis, request.url ?? '/', response);
    const body = request.method === 'POST' ? await readBody(request) : undefined;
    if (!body) return void response.writeHead(400).end();
    if (request.url === LINK_PATH) {
      const link = await answerLink(jlis.files, body, { now: now(), fault: linkFault });
      response.writeHead(link.status, link.headers);
      return void response.end(link.body);
    }
    asked++;
    const { revoked } = await jlis.files.readState();
    const options = { now: now(), fault, otherCa };
    const answered = await answerOcsp(body, responder, revoked, options);
    response.writeHead(200, { 'content-type': 'application/ocsp-response' });
    response.end(answered);
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    get asked() {
      return asked;
    },
    fault: (next) => {
      fault = next;
    },
    linkFault: (next) => {
      linkFault = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function sendFile(jlis: Jlis, url: string, response: ServerResponse): Promise<void> {
  const name = FILES.find((file) => url === `/${file}`);
  if (name === undefined || !(await jlis.files.exists(name))) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.end(await jlis.files.octets(name));
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_REQUEST_LENGTH) return undefined;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
