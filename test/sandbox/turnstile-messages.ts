import { ACTS, type Act, type OpenOrder } from './turnstile-state.ts';

export type Order = OpenOrder | { readonly hold: boolean } | { readonly light: string };

/** What a gate posts; undefined where it is none of the three. */
export function parseOrder(body: string): Order | undefined {
  const order = parseObject(body);
  if (!order) return undefined;
  const { id, at, hold, light, direction = 'in', people = 1 } = order;
  if (typeof hold === 'boolean') return { hold };
  if (typeof light === 'string') return { light };
  if (direction !== 'in' && direction !== 'out') return undefined;
  if (typeof people !== 'number' || !(people >= 1)) return undefined;
  if (typeof id !== 'string' || id === '' || typeof at !== 'number') return undefined;
  return { id, at, direction, people };
}

export function parseAct(body: string): Act | undefined {
  const act = parseObject(body)?.act;
  return ACTS.find((known) => known === act);
}

function parseObject(body: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}
