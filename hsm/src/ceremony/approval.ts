import { concat, domain, fromHex } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { verifyEcdsa } from '@pinless-gate/protocol/signature';
import { z } from 'zod';
import { CeremonyError } from './error.ts';
import { type OperatorList, operatorName } from './operators.ts';
import { hashSchema, type Step, stepDigest, timeSchema } from './step.ts';

export const approvalSchema = z.strictObject({
  format: z.literal('pinless-gate/ceremony-approval/1'),
  operator: operatorName,
  /** Id and digest of the step. */
  step: z.string().regex(/^[0-9a-f]{16}$/),
  digest: hashSchema,
  at: timeSchema,
  /** ECDSA P-256 with SHA-256 over `approvalMessage` by the operator's own token, plain r‖s. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

export type Approval = z.infer<typeof approvalSchema>;

const APPROVAL = domain('pinless-gate/ceremony-approval/1');

export function approvalMessage({ signature: _, ...approval }: Approval): Uint8Array {
  return concat(APPROVAL, encodeCbor(approval));
}

/**
 * Every approval that lies there must be good, and there must be as many as are wanted. Throws a `CeremonyError` with
 * a code for each way to fail. `at`: Unix milliseconds.
 */
export function checkApprovals(
  step: Step,
  approvals: readonly Approval[],
  operators: OperatorList,
  required: number,
): void {
  const seen = new Set<string>();
  for (const approval of approvals) {
    if (seen.has(approval.operator)) throw approvedTwice(approval.operator, step);
    seen.add(approval.operator);
    checkApproval(step, approval, operators);
  }
  if (seen.size >= required) return;
  const names = seen.size === 0 ? '' : `, and has that of ${[...seen].join(', ')}`;
  throw new CeremonyError(
    'ERR_CEREMONY_APPROVAL',
    `step ${step.id} needs the approval of ${countOf(required)} operators${names}`,
  );
}

export function checkApproval(step: Step, approval: Approval, operators: OperatorList): void {
  const { operator: name } = approval;
  const operator = operators.require(name);
  if (approval.step !== step.id) {
    throw new CeremonyError('ERR_CEREMONY_FOREIGN', `approval of ${name} is for another step`);
  }
  if (approval.digest !== stepDigest(step)) {
    const message = `step ${step.id} is not what ${name} approved: it was changed`;
    throw new CeremonyError('ERR_CEREMONY_CHANGED', message, { hint: 'propose it anew' });
  }
  const { publicKey } = operator;
  const message = approvalMessage(approval);
  if (!verifyEcdsa(publicKey, 'sha256', message, fromHex(approval.signature))) {
    const what = `approval of ${name} is not signed by the key of ${name}`;
    throw new CeremonyError('ERR_CEREMONY_SIGNATURE', what);
  }
  if (approval.at < step.proposedAt || approval.at >= step.expiresAt) {
    const what = `${name} approved step ${step.id} outside of its time`;
    throw new CeremonyError('ERR_CEREMONY_EXPIRED', what);
  }
}

export function approvedTwice(name: string, { id }: Step): CeremonyError {
  return new CeremonyError('ERR_CEREMONY_OPERATOR_TWICE', `${name} approved step ${id} already`, {
    hint: 'another operator has to approve it too',
  });
}

function countOf(count: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five'][count] ?? String(count);
}
