import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { isLoopback } from '../config.ts';
import { peerOf } from './client-address.ts';
import { ProblemError } from './problem.ts';
import { isPublicPath } from './public-paths.ts';

const YEAR_S = 31_536_000;

/** What every answer carries: held to this origin, in nobody's frame, and no referrer. */
export function headers(origin: URL | undefined): MiddlewareHandler {
  // With no-referrer browsers send forms with the origin "null": pages for visitors have another word for it.
  const [usual, quiet] = [held(origin, 'same-origin'), held(origin, 'no-referrer')];
  return (c, next) => (isPublicPath(c.req.path) ? quiet : usual)(c, next);
}

function held(
  origin: URL | undefined,
  referrerPolicy: 'same-origin' | 'no-referrer',
): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    referrerPolicy,
    // Plain HTTP on loopback: nothing to promise about TLS.
    strictTransportSecurity: origin?.protocol === 'https:' ? `max-age=${YEAR_S}` : false,
    permissionsPolicy: { camera: [], microphone: [], geolocation: [] },
  });
}

/** A web page elsewhere must not reach us through a name of its own. */
export function ownNames(origin: URL | undefined): MiddlewareHandler {
  return async (c, next) => {
    const host = hostOf(c);
    if (!isLoopback(host) && host !== origin?.hostname) throw new ProblemError(MISDIRECTED);
    await next();
  };
}

/**
 * For the machine itself. What a proxy here passes on comes with the name that people type, and who connects from
 * elsewhere may say any name.
 */
export function loopbackOnly(): MiddlewareHandler {
  return async (c, next) => {
    const peer = peerOf(c);
    const here = isLoopback(hostOf(c)) && (peer === undefined || isLoopback(peer));
    if (!here) throw new ProblemError(MISDIRECTED);
    await next();
  };
}

function hostOf(c: Context): string {
  return new URL(c.req.url).hostname;
}

const MISDIRECTED = {
  status: 421,
  code: 'ERR_HTTP_HOST',
  title: 'this console does not answer to this name',
} as const;
