import { toHex } from '@pinless-gate/protocol/bytes';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { type Approval, approvalMessage, approvedTwice, checkApproval } from './approval.ts';
import type { AuditLog } from './audit-log.ts';
import { LogFile } from './log-file.ts';
import { PendingSteps } from './pending.ts';
import { type Step, stepDigest } from './step.ts';

export interface ApproveOptions {
  readonly directory: string;
  readonly stepId: string;
  readonly operator: string;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** A step that this operator may approve now. Every refusal that can be told without the PIN is told here. */
export async function readForApproval({
  directory,
  stepId,
  operator,
  now = Date.now,
}: ApproveOptions): Promise<{ readonly step: Step; readonly log: AuditLog }> {
  const { log } = await LogFile.open(directory, now);
  log.operators.require(operator);
  const { step, approvals } = await new PendingSteps(directory).read(stepId);
  log.checkStep(step, new Date(now()).toISOString());
  if (approvals.some((approval) => approval.operator === operator)) {
    throw approvedTwice(operator, step);
  }
  return { step, log };
}

/** Puts the operator's signature beside the step that was shown. `sign` is the operator's token. */
export async function approveStep(
  shown: Step,
  options: ApproveOptions,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<Approval> {
  const { directory, operator, now = Date.now } = options;
  const unsigned: Approval = {
    format: 'pinless-gate/ceremony-approval/1',
    operator,
    step: shown.id,
    digest: stepDigest(shown),
    at: new Date(now()).toISOString(),
    signature: '',
  };
  const signature = toHex(await sign(approvalMessage(unsigned)));
  const approval = { ...unsigned, signature };
  const unlock = await lockDirectory(directory);
  try {
    // Read again: what was shown is what is signed, and it may have been begun meanwhile.
    const { step, log } = await readForApproval(options);
    checkApproval(step, approval, log.operators);
    await new PendingSteps(directory).approve(approval);
  } finally {
    await unlock();
  }
  return approval;
}
