import http from 'node:http';
import https from 'node:https';
import { type Device, DeviceError, deviceCode, late } from './device-error.ts';

export interface HttpOrdersOptions {
  readonly device: Device;
  readonly url: URL;
  readonly timeoutMs: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Orders as JSON by POST, over a connection that is kept open; any 2xx answer means done. */
export class HttpOrders {
  readonly #options: HttpOrdersOptions;
  readonly #agent: http.Agent;

  constructor(options: HttpOrdersOptions) {
    this.#options = options;
    const { Agent } = options.url.protocol === 'https:' ? https : http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4 });
  }

  /** `at` is added to the order. Rejects with `DeviceError` by the deadline at the latest. */
  post(order: object): Promise<void> {
    const { now = Date.now, timeoutMs } = this.#options;
    const body = JSON.stringify({ ...order, at: now() });
    return this.#post(body, AbortSignal.timeout(timeoutMs), true);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string, deadline: AbortSignal, again: boolean): Promise<void> {
    const { url, device, timeoutMs } = this.#options;
    const { request } = url.protocol === 'https:' ? https : http;
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const failed = (what: string, message: string, cause?: Error) =>
      new DeviceError(deviceCode(device, what), `${device}: ${message}`, {
        cause,
        hint: `check that ${url.host} is on and [${device}] url is right`,
      });
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        { method: 'POST', agent: this.#agent, signal: deadline, headers },
        (response) => {
          response.resume();
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve();
          else reject(failed('ANSWER', `answered HTTP ${statusCode}`));
        },
      );
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        if (deadline.aborted) return reject(late(device, timeoutMs));
        // The device closed the idle connection as we used it. Orders may be repeated, so ask again.
        if (again && outgoing.reusedSocket) return resolve(this.#post(body, deadline, false));
        reject(failed('UNREACHABLE', `cannot be reached (${cause.code})`, cause));
      });
      outgoing.end(body);
    });
  }
}
