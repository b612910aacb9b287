import { isIP } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import type { VisitorEnv } from './access.ts';

/** What is not known stands under one name: it shares one limit. */
const UNKNOWN = 'unknown';

/** Whose request it is: behind a proxy that is trusted, the last address that was not added by one. */
export const clientAddress = (proxies: readonly string[]): MiddlewareHandler<VisitorEnv> => {
  const trusted = new Set(proxies);
  return async (c, next) => {
    c.set('address', addressOf(c, trusted));
    await next();
  };
};

function addressOf(c: Context, trusted: ReadonlySet<string>): string {
  const peer = peerOf(c) ?? UNKNOWN;
  if (!trusted.has(peer)) return network(peer);
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map(bare);
  const client = forwarded.reverse().find((address) => !trusted.has(address));
  return network(client !== undefined && isIP(client) !== 0 ? client : peer);
}

/** Who holds the other end of the connection; undefined where there is none. */
export function peerOf(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as {
    incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  };
  const address = incoming?.socket?.remoteAddress;
  return address === undefined ? undefined : bare(address);
}

function bare(address: string): string {
  return address.trim().replace(/^::ffff:/i, '');
}

/** One customer has a whole /64 of IPv6: as one address. */
function network(address: string): string {
  if (isIP(address) !== 6) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
