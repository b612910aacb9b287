import type { GateError } from '@pinless-gate/protocol/errors';
import { IsolatedProcess } from '@pinless-gate/runtime/isolated-process';
import type { BuildOutcome, BuiltList } from '../domain/list-publication.ts';
import type { PublishPlan, Signatories } from './config.ts';

/** What one build is made of. */
export interface BuildCall {
  readonly plan: PublishPlan;
}

export type BuildAnswer = Omit<BuildOutcome, 'changeNo' | 'buildMs'>;

export interface PublishCall {
  readonly plan: PublishPlan;
  /** Of the list that was reviewed, hex: no other is published. */
  readonly hash: string;
}

export interface SignCall extends PublishCall {
  /** As `whitelist sign` leaves it beside the manifest. */
  readonly signatures: Uint8Array;
}

/** Builds lists where they are not read yet, and makes them the newest. One thing at a time. */
export interface ListBuilder {
  build(call: BuildCall): Promise<BuildAnswer>;
  /** Adds signatures of publishers to the list that waits: who has signed then. */
  sign(call: SignCall): Promise<BuiltList>;
  publish(call: PublishCall): Promise<BuiltList>;
  close(): Promise<void>;
}

export interface ListBuilderOptions {
  readonly onDown: (why: GateError) => void;
}

const START_MS = 15_000;
/** Thirty million purchases, or a responder that is asked about each. */
const BUILD_MS = 6 * 3_600_000;
const PUBLISH_MS = 600_000;

/**
 * In a process of its own that stays, with the HSM open, so that pages are not held up and the next list is quick.
 * What dies with it is built again.
 */
export async function openListBuilder({ onDown }: ListBuilderOptions): Promise<ListBuilder> {
  const isolated = await IsolatedProcess.start({
    name: 'list builder',
    entry: new URL('./list-builder-child.js', import.meta.url),
    init: undefined,
    startTimeoutMs: START_MS,
    maxPending: 4,
    onDown,
  });
  return {
    build: (call) => isolated.call('build', call, BUILD_MS),
    sign: (call) => isolated.call('sign', call, PUBLISH_MS),
    publish: (call) => isolated.call('publish', call, PUBLISH_MS),
    close: () => isolated.close(),
  };
}

/** Whose signatures count: those of the gates' configuration, or the one publisher of event.toml. */
export function signatoriesOf(
  { publishers }: Pick<PublishPlan, 'publishers'>,
  own: Uint8Array,
): Signatories {
  return publishers ?? { keys: [own], threshold: 1 };
}
