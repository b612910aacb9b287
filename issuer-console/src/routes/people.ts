import { Hono } from 'hono';
import type { VisitorEnv } from './access.ts';
import { clientAddress } from './client-address.ts';
import { language } from './live.ts';
import { limitActors, limitAddresses, limitUploads, type RequestRates } from './request-rates.ts';
import { sameSite } from './same-site.ts';
import { limitBodies } from './upload.ts';
import { type VisitorDeps, visitor } from './visitor.ts';

export interface PeopleDeps extends VisitorDeps {
  readonly origin: URL | undefined;
  readonly proxies: readonly string[];
  readonly rates: RequestRates;
}

/** No form is longer; routes that take more say so before this. */
const MAX_BODY_LENGTH = 256 * 1024;

/** What stands before every page and every route of the JSON API, in this order. */
export const people = (deps: PeopleDeps): Hono<VisitorEnv> => {
  const { origin, proxies, rates, now } = deps;
  return new Hono<VisitorEnv>().use(
    language,
    clientAddress(proxies),
    limitAddresses(rates.address, now),
    visitor(deps),
    limitActors(rates.actor, now),
    limitUploads(rates.upload, now),
    limitBodies(MAX_BODY_LENGTH),
    sameSite(origin?.origin),
  );
};
