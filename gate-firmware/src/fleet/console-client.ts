import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { GateError } from '@pinless-gate/protocol/errors';
import { formatGateCredential, gateRequestMessage } from '@pinless-gate/protocol/gate-request';

export interface ConsoleAddress {
  /** Ends in a slash. */
  readonly url: URL;
  /** PEM of the CA of the console's certificate; the system's CAs otherwise. */
  readonly ca?: string | undefined;
}

/** Who signs a gate's requests. */
export interface GateIdentity {
  readonly gateId: Uint8Array;
  /** By the device key. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface ConsoleRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below the console's URL, with a slash in front. */
  readonly path: string;
  readonly type?: string;
  readonly body?: Uint8Array;
  readonly maxAnswerLength?: number;
  readonly signal?: AbortSignal;
}

export interface ConsoleAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** `code` of a problem that the console told. */
  readonly code?: string | undefined;
  readonly title?: string | undefined;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_ANSWER_LENGTH = 16 * 1024;
const EMPTY = new Uint8Array(0);

/** Asks a console for something. Rejects with ERR_CONSOLE_UNREACHABLE where no whole answer came. */
export async function askConsole(
  address: ConsoleAddress,
  request: ConsoleRequest,
  authorization?: string,
): Promise<ConsoleAnswer> {
  const { status, type, body } = await exchange(address, request, authorization);
  if (status >= 300 && status < 400) throw unreachable(`it sends elsewhere (HTTP ${status})`);
  const problem = type.startsWith('application/problem+json') ? readProblem(body) : {};
  return { status, body, ...problem };
}

/** The same as this gate: its device key signs the request. */
export async function askAsGate(
  address: ConsoleAddress,
  { gateId, sign, now, random }: GateIdentity,
  request: ConsoleRequest,
): Promise<ConsoleAnswer> {
  const { method, path, body = EMPTY } = request;
  const unsigned = { gateId, at: now(), nonce: random(16) };
  const signature = await sign(gateRequestMessage({ method, path, body }, unsigned));
  const answer = await askConsole(
    address,
    request,
    formatGateCredential({ ...unsigned, signature }),
  );
  const refused = answer.status === 403 ? GATE_REFUSALS[answer.code ?? ''] : undefined;
  if (refused) throw refused();
  return answer;
}

/** What a console says to a gate that it does not take anything from. */
const GATE_REFUSALS: Readonly<Record<string, () => GateError>> = {
  ERR_GATE_REVOKED: () =>
    new GateError('ERR_GATE_REVOKED', 'the console has revoked this gate', {
      hint: 'if that is a mistake, invite it again and enrol it with new keys',
    }),
  ERR_GATE_CLOCK: () =>
    new GateError('ERR_GATE_CLOCK', "the console's clock and this gate's are too far apart", {
      hint: 'set the clock of whichever is wrong; nothing is lost meanwhile',
    }),
  ERR_GATE_DENIED: () =>
    new GateError('ERR_GATE_DENIED', 'the console does not know this gate by its device key', {
      hint: 'enrol it: gate enrol, or issuer-console gate add',
    }),
};

interface Exchanged {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

function exchange(
  { url, ca }: ConsoleAddress,
  request: ConsoleRequest,
  authorization: string | undefined,
): Promise<Exchanged> {
  const { method, path, type, body = EMPTY, signal } = request;
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const options: RequestOptions & { ca?: string } = {
    method,
    headers: {
      ...(type !== undefined && { 'content-type': type }),
      ...(authorization !== undefined && { authorization }),
      'content-length': body.length,
    },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    ...(ca !== undefined && { ca }),
  };
  const target = new URL(path.slice(1), url);
  const send = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(unreachable(wordsOf(cause), cause));
    const sent = send(target, options, (response) => {
      readAnswer(response, request.maxAnswerLength ?? MAX_ANSWER_LENGTH).then((octets) => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, type: headers['content-type'] ?? '', body: octets });
      }, fail);
    });
    sent.once('error', fail);
    sent.end(body);
  });
}

async function readAnswer(response: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response) {
    length += part.length;
    if (length > most) throw new Error(`answers with more than ${most} octets`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function readProblem(body: Uint8Array): { code?: string; title?: string } {
  try {
    const { code, title } = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
    const known = typeof code === 'string' && /^ERR_[A-Z_]{1,60}$/.test(code);
    const plain = typeof title === 'string' && /^[\x20-\x7e]{1,200}$/.test(title);
    return { ...(known && { code }), ...(plain && { title }) };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function unreachable(why: string, cause?: unknown): GateError {
  return new GateError('ERR_CONSOLE_UNREACHABLE', `the console cannot be reached: ${why}`, {
    cause,
  });
}

function wordsOf(cause: Error): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause.name === 'TimeoutError' || code === 'ABORT_ERR') return 'no answer in time';
  return code ?? cause.message;
}

/** One-time tokens and keys go over TLS, or do not leave the machine. */
export function consoleUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.endsWith('/') ? text : `${text}/`) : undefined;
  const plain = url?.protocol === 'http:' && isLoopback(url.hostname);
  if (url && !url.username && !url.search && !url.hash && (url.protocol === 'https:' || plain)) {
    return url;
  }
  if (url?.protocol === 'http:') {
    throw new GateError('ERR_CONSOLE_PLAIN', `${url.host}: plain HTTP is for this machine only`, {
      hint: 'give the console an https:// address; --ca FILE names a CA of your own',
    });
  }
  throw new GateError('ERR_CONSOLE_URL', 'not the URL of a console', {
    hint: 'for instance https://console.example.jp/',
  });
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
