/** Everything that people without an account reach; nothing else begins so. */
export const PUBLIC_PATHS = ['/apply/*', '/check', '/party', '/join', '/api/public/*'] as const;

export function isPublicPath(path: string): boolean {
  return /^\/(?:apply|check|party|join|api\/public)(?:\/|$)/.test(path);
}

/** Signed by whoever took the money. */
export const PAYMENTS_PATH = '/api/public/payments';

export function holdsSeats(path: string): boolean {
  return /^\/(?:apply\/[0-9a-f]{32}|api\/public\/applications)$/.test(path);
}
