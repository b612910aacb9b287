import type { ListStep } from './handover.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';

/** Where a list that was asked for is: as `PublicationDesk` tells it. Unix milliseconds. */
export interface ListArrival {
  readonly state: string;
  readonly builtAt: number | undefined;
  readonly publishedAt: number | undefined;
  /** When every gate that is heard of had it. */
  readonly atGatesAt: number | undefined;
  readonly gates: readonly GateArrival[];
}

export interface GateArrival {
  readonly name: string;
  readonly standing: string;
  /** When its journal told of the list. */
  readonly toldAt: number | undefined;
}

export interface ListArrivals {
  /** Throws a `RefusedError` of kind `unknown` where there is none of this id. */
  find(scope: Scope, publicationId: string): Promise<ListArrival>;
}

/** A change of the list, and how far it has come. */
export interface StepView extends ListStep {
  /** Undefined where no list was asked for, or it is not known any more. */
  readonly list: ListArrival | undefined;
}

export async function arrivalOf(
  lists: ListArrivals,
  scope: Scope,
  step: ListStep,
): Promise<StepView> {
  const { publicationId } = step;
  if (publicationId === undefined) return { ...step, list: undefined };
  try {
    return { ...step, list: await lists.find(scope, publicationId) };
  } catch (error) {
    if (!(error instanceof RefusedError && error.kind === 'unknown')) throw error;
    return { ...step, list: undefined };
  }
}

/** Nothing more will be told of it. */
export function hasArrived({ list }: StepView): boolean {
  return !list || list.atGatesAt !== undefined || ['failed', 'withdrawn'].includes(list.state);
}

/** Seconds from the click to the last gate, of changes that arrived. */
export interface TimesSummary {
  readonly count: number;
  readonly averageS: number | undefined;
  readonly p95S: number | undefined;
}

export function summaryOf(steps: readonly StepView[]): TimesSummary {
  const seconds = steps
    .flatMap(({ askedAt, list }) =>
      list?.atGatesAt === undefined ? [] : Math.max(0, list.atGatesAt - askedAt) / 1000,
    )
    .sort((a, b) => a - b);
  if (seconds.length === 0) return { count: 0, averageS: undefined, p95S: undefined };
  const averageS = seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
  return { count: seconds.length, averageS, p95S: seconds[Math.ceil(0.95 * seconds.length) - 1]! };
}
