/** What crosses between the gate and the process that holds the PC/SC library. */

export interface ReaderInit {
  /** PC/SC name, with or without the numbers at its end; absent to take the only reader there is. */
  readonly reader: string | undefined;
}

/** How the reader stands. `known` is handed back to be woken by the next change only. */
export type ReaderState = ReaderFault | ReaderWell;

export type ReaderFault =
  | { readonly kind: 'no-service'; readonly why: string }
  | { readonly kind: 'no-reader'; readonly names: readonly string[] }
  | { readonly kind: 'several-readers'; readonly names: readonly string[] };

export interface ReaderWell {
  readonly kind: 'empty' | 'present';
  readonly reader: string;
  readonly known: number;
}

export function isWell(state: ReaderState): state is ReaderWell {
  return state.kind === 'empty' || state.kind === 'present';
}

export interface WatchCall {
  /** State that the caller knows; undefined to be answered at once. */
  readonly known: number | undefined;
  readonly timeoutMs: number;
}

export interface TransmitCall {
  /** Connect first: saves a crossing at the beginning of every tap. */
  readonly connect: boolean;
  /** Encoded commands; the rest is not sent after one that is not answered by 9000. */
  readonly commands: readonly Uint8Array[];
}

/** Encoded responses, the last one possibly an error of the card. */
export type TransmitAnswer = readonly Uint8Array[];

export interface ReaderProperties {
  readonly reader: string;
  /** dwMaxAPDUDataSize of PC/SC part 10, where the driver tells it. */
  readonly maxApduDataSize: number | undefined;
}
