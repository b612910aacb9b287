/** Everything that people without an account reach; nothing else begins so. */
export const PUBLIC_PATHS = ['/apply/*', '/check', '/api/public/*'] as const;

export function isPublicPath(path: string): boolean {
  return /^\/(?:apply|check|api\/public)(?:\/|$)/.test(path);
}

/** Signed by whoever took the money. */
export const PAYMENTS_PATH = '/api/public/payments';
