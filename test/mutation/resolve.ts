import type { InitializeHook, ResolveHook } from 'node:module';

/** Where tests find what they import, while they run in Stryker's copy of the project. */
export interface Places {
  /** The copy, as a URL that ends with a slash. */
  readonly root: string;
  /** What stands in for `vitest`. */
  readonly vitest: string;
}

let places: Places;

export const initialize: InitializeHook<Places> = (given) => {
  places = given;
};

/** Modules of the copy carry the generation of whoever imports them, so that all of them can be loaded anew. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  const { root, vitest } = places;
  const parent = context.parentURL ?? '';
  if (!parent.startsWith(root)) return next(specifier, context);
  if (specifier === 'vitest') return { url: vitest, shortCircuit: true };
  const { search } = new URL(parent);
  const [, ours] = /^@pinless-gate\/protocol\/(.+)$/.exec(specifier) ?? [];
  if (ours) return { url: `${root}protocol/src/${ours}.js${search}`, shortCircuit: true };
  const found = await next(specifier, context);
  return found.url.startsWith(root) ? { ...found, url: `${found.url}${search}` } : found;
};
