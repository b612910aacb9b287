import { GateError } from '@pinless-gate/protocol/errors';
import { ReaderError } from '../card/error.ts';
import type { Reader } from '../card/reader.ts';
import { isWell, type ReaderFault } from '../card/reader-messages.ts';

export interface Waiting {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Called once, where there is no card yet. */
  readonly onEmpty: () => void;
}

/** Resolves when there is a card. A reader that is not there is an error: nobody can hold a card to it. */
export async function waitForCard(
  reader: Pick<Reader, 'watch'>,
  { signal, timeoutMs, now, onEmpty }: Waiting,
): Promise<void> {
  const deadline = now() + timeoutMs;
  let known: number | undefined;
  while (now() < deadline) {
    if (signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    const state = await reader.watch(known);
    if (!isWell(state)) throw missing(state);
    if (state.kind === 'present') return;
    if (known === undefined) onEmpty();
    known = state.known;
  }
  throw new GateError('ERR_PRESENT_NO_CARD', 'no card was put on the reader');
}

function missing(fault: ReaderFault): ReaderError {
  if (fault.kind === 'no-service') {
    return new ReaderError('ERR_READER', `PC/SC service: ${fault.why}`, {
      hint: 'is pcscd running?',
    });
  }
  const names = fault.names.join(', ') || 'none';
  return new ReaderError('ERR_READER_MISSING', `${WORDS[fault.kind]}: ${names}`, {
    hint: 'name one with --reader; pcsc_scan lists them',
  });
}

const WORDS = { 'no-reader': 'no such reader', 'several-readers': 'several readers' } as const;
