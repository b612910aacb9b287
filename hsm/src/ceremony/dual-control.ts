import { randomBytes } from 'node:crypto';
import { GateError } from '@pinless-gate/protocol/errors';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { checkApprovals } from './approval.ts';
import type { CeremonyConfig } from './config.ts';
import { CeremonyError } from './error.ts';
import { LogFile } from './log-file.ts';
import { type PendingStep, PendingSteps } from './pending.ts';
import {
  describeAction,
  detailsSchema,
  type Step,
  type StepAction,
  type StepDetails,
  sameRequest,
} from './step.ts';

/** One thing that wants approval. */
export interface StepRequest<T> {
  readonly action: StepAction;
  /** All that decides what will happen; what is proposed and what is done are compared by it. */
  readonly details: StepDetails;
  /** What the log keeps of the result: public facts, digests, key ids. */
  readonly facts?: (result: T) => StepDetails;
}

export interface DualControlOptions {
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** How long approvals may be gathered. */
  readonly validMs?: number;
}

const VALID_MS = 3_600_000;

/**
 * Does `run` once if the operators approved exactly this. Otherwise the step is put down for approval, and
 * `ERR_CEREMONY_APPROVAL` rejects. Before `run` begins the intent is on the disk, afterwards what came of it. `run` should
 * fail only for what could not be checked before: an approval is used up by a failure too.
 */
export async function withApproval<T>(
  config: CeremonyConfig,
  request: StepRequest<T>,
  run: () => Promise<T>,
  { now = Date.now, validMs = VALID_MS }: DualControlOptions = {},
): Promise<T> {
  if (config.kind === 'waived') return run();
  if (config.kind === 'absent') throw noCeremony(request.action, config.file);
  const { directory } = config;
  const unlock = await lockDirectory(directory);
  try {
    const file = await LogFile.open(directory, now);
    const steps = new PendingSteps(directory);
    const required = Math.max(config.approvals, file.log.required);
    const pending =
      (await findWaiting(file, steps, request, now())) ??
      (await propose(file, steps, request, now(), validMs));
    checkPending(file, pending, required, now(), directory);
    const { step, approvals } = pending;
    await file.append({ kind: 'intent', step, approvals: [...approvals] });
    await steps.putAside(step.id, 'begun');
    return await carryOut(file, step, request, run);
  } finally {
    await unlock();
  }
}

async function carryOut<T>(
  file: LogFile,
  { id }: Step,
  { facts }: StepRequest<T>,
  run: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await run();
  } catch (error) {
    const code = error instanceof GateError ? error.code : 'ERR_DEFECT';
    await file.append({ kind: 'failed', step: id, code });
    throw error;
  }
  await file.append({ kind: 'done', step: id, facts: copy(facts?.(result) ?? {}) });
  return result;
}

/** What can never be carried out again is put aside when it is met, and said: the next run proposes it anew. */
async function findWaiting<T>(
  { log }: LogFile,
  steps: PendingSteps,
  { action, details }: StepRequest<T>,
  at: number,
): Promise<PendingStep | undefined> {
  const waiting = (await steps.all()).filter(({ step }) => sameRequest(step, action, details));
  for (const { step } of waiting) {
    const begun = log.hasBegun(step.id);
    if (!begun && Date.parse(step.expiresAt) > at) continue;
    await steps.putAside(step.id, begun ? 'begun' : 'expired');
    log.checkStep(step, new Date(at).toISOString());
  }
  return waiting.sort((a, b) => b.approvals.length - a.approvals.length)[0];
}

async function propose<T>(
  { log }: LogFile,
  steps: PendingSteps,
  { action, details }: StepRequest<T>,
  at: number,
  validMs: number,
): Promise<PendingStep> {
  const step: Step = {
    format: 'pinless-gate/ceremony-step/1',
    id: randomBytes(8).toString('hex'),
    ceremony: log.id,
    action,
    details: checked(details),
    proposedAt: new Date(at).toISOString(),
    expiresAt: new Date(at + validMs).toISOString(),
    after: { sequence: log.sequence, hash: log.head },
  };
  await steps.propose(step);
  return { step, approvals: [] };
}

function checkPending(
  { log }: LogFile,
  { step, approvals }: PendingStep,
  required: number,
  at: number,
  directory: string,
): void {
  log.checkStep(step, new Date(at).toISOString());
  try {
    checkApprovals(step, approvals, log.operators, required);
  } catch (error) {
    if (!(error instanceof CeremonyError) || error.code !== 'ERR_CEREMONY_APPROVAL') throw error;
    const message = `to ${describeAction(step.action)}: ${error.message}`;
    throw new CeremonyError(error.code, message, { hint: approveHint(step.id, directory) });
  }
}

function approveHint(id: string, directory: string): string {
  const command = `hsm ceremony approve ${id} --operator NAME --token FILE --dir ${directory}`;
  return `each of them: ${command}; then run this again`;
}

function noCeremony(action: StepAction, file: string): CeremonyError {
  return new CeremonyError(
    'ERR_CEREMONY_NONE',
    `to ${describeAction(action)} needs the approval of two operators, and ${file} names no ceremony`,
    {
      hint: 'hsm ceremony init, then [ceremony] directory in that file; or approvals = 0 there, for a sandbox',
    },
  );
}

function checked(details: StepDetails): Step['details'] {
  const result = detailsSchema.safeParse(details);
  if (result.success) return result.data;
  const what = result.error.issues[0]!.path.join(' ');
  throw new CeremonyError('ERR_CEREMONY_DETAILS', `${what} cannot be shown to an operator`, {
    hint: 'file names and labels are printable characters on one line',
  });
}

/** Mutable, as the schemas infer them. */
function copy(details: StepDetails): Record<string, string | string[]> {
  const entries = Object.entries(details).map(
    ([name, value]) => [name, typeof value === 'string' ? value : [...value]] as const,
  );
  return Object.fromEntries(entries);
}
