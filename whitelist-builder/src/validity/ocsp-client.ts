import { MAX_OCSP_LENGTH } from '@pinless-gate/protocol/certificate/ocsp-response';
import { GateError } from '@pinless-gate/protocol/errors';

/** No answer of a responder: whatever the reason, the certificate is not proven valid. */
export class OcspClientError extends GateError {}

export interface OcspTransport {
  readonly url: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_OCSP_TIMEOUT_MS = 10_000;
const REQUEST_TYPE = 'application/ocsp-request';
const RESPONSE_TYPE = 'application/ocsp-response';

/** RFC 6960 A.1, by POST. HTTP without TLS will do: what comes back is signed. Redirects are not followed. */
export async function postOcspRequest(
  request: Uint8Array,
  { url, timeoutMs = DEFAULT_OCSP_TIMEOUT_MS, signal }: OcspTransport,
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': REQUEST_TYPE, accept: RESPONSE_TYPE },
      body: Buffer.from(request),
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return await readResponse(response);
  } catch (cause) {
    if (cause instanceof GateError || !(cause instanceof Error)) throw cause;
    if (signal?.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    if (timeout.aborted) {
      const why = `no answer of the OCSP responder within ${timeoutMs} ms`;
      throw new OcspClientError('ERR_OCSP_TIMEOUT', why, { cause });
    }
    throw new OcspClientError('ERR_OCSP_UNREACHABLE', 'the OCSP responder is not reached', {
      cause,
      hint: 'check the URL of the responder and the network',
    });
  }
}

async function readResponse(response: Response): Promise<Uint8Array> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (response.status !== 200 || type !== RESPONSE_TYPE) {
    await response.body?.cancel();
    throw response.status === 200
      ? new OcspClientError('ERR_OCSP_TYPE', 'what the OCSP responder sent is no OCSP response')
      : new OcspClientError('ERR_OCSP_HTTP', `the OCSP responder answered HTTP ${response.status}`);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_OCSP_LENGTH) {
      throw new OcspClientError('ERR_OCSP_LENGTH', `over ${MAX_OCSP_LENGTH} octets of response`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** http: or https:, without credentials; anything else is refused before it is used. */
export function isResponderUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol ?? '') && url!.username === '' && url!.password === '';
}
