import type { Import, PurchaseState } from '../domain/purchase.ts';

/** The words of events, purchases and imports. */
export interface EventMessages {
  readonly title: string;
  readonly empty: string;
  readonly noVendor: string;
  readonly add: string;
  readonly id: string;
  readonly idHint: string;
  readonly name: string;
  readonly startsAt: string;
  readonly from: string;
  readonly until: string;
  readonly timeHint: string;
  readonly gates: string;
  readonly issuers: string;
  readonly namesHint: string;
  readonly starts: (date: string) => string;
  readonly purchases: string;
  readonly states: Readonly<Record<PurchaseState | 'waiting', string>>;
  readonly upload: string;
  readonly file: string;
  readonly fileHint: string;
  readonly send: string;
  readonly imports: string;
  readonly noImports: string;
  readonly importOf: (moment: string) => string;
  readonly importStates: Readonly<Record<Import['state'], string>>;
  readonly progress: string;
  readonly reload: string;
  readonly failed: (code: string) => string;
  readonly counts: Readonly<Record<'accepted' | 'changed' | 'unchanged' | 'rejected', string>>;
  readonly rejects: string;
  readonly noRejects: string;
  readonly line: string;
  readonly field: string;
  readonly wholeLine: string;
  readonly reason: string;
  readonly more: string;
}
