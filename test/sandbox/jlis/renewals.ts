import type { JlisState } from './state.ts';

/** What the feed calls the issuer of these cards (docs/validity.md). */
const ISSUER = 'jpki-auth';
const DAY_MS = 86_400_000;

/** The list of renewals: a head, then a line for each certificate that took another's place. */
export function formatRenewals(renewed: JlisState['renewed'], at: Date): string {
  const head = {
    format: 'pinless-gate/renewals/1',
    issuer: ISSUER,
    issuedAt: at.toISOString(),
    goodUntil: new Date(at.getTime() + DAY_MS).toISOString(),
    count: renewed.length,
  };
  const links = renewed.map(({ serial, next, certificate, at: when }) => ({
    old: serial,
    new: next ?? null,
    at: when,
    ...(certificate !== undefined && { certificate }),
  }));
  return [head, ...links].map((line) => `${JSON.stringify(line)}\n`).join('');
}
