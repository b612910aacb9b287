import type { CborMap, CborValue } from '../cbor.ts';
import { FormatError } from '../errors.ts';
import { decodeEntered, type Entered, encodeEntered } from './entered.ts';

/** What people at a gate do by hand. */
export const ACTS = [
  'override',
  'undo',
  'block',
  'unblock',
  'accept',
  'face-check',
  'mode',
  'readmit',
  'reprint',
  'clock',
] as const;

export type Act = (typeof ACTS)[number];

/** Who may do what. `device` is no person: a contact or a signed order from the console. */
export const ROLES = ['staff', 'lead', 'auditor', 'device'] as const;

export type Role = (typeof ROLES)[number];

export interface Operator {
  readonly id: string;
  readonly role: Role;
}

/** Written before it takes effect. */
export interface ActBody {
  readonly act: Act;
  readonly operator: Operator;
  /** In the operator's words; never a person's name or the number of a document. */
  readonly reason: string;
  /** Sequence of the entry that this is about. */
  readonly of?: number | undefined;
  /** The ticket that was blocked, unblocked or accepted. */
  readonly ticketNo?: string | undefined;
  /** Tickets that entered, or whose entry was taken back. */
  readonly tickets: readonly Entered[];
  /** Short code, where the act admits somebody or is about a tap. */
  readonly code?: string | undefined;
  /** One word that the act needs: the mode, the kind of the second proof, the answer of a face check. */
  readonly detail?: string | undefined;
}

const OPERATOR = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const DETAIL = /^[a-z0-9-]{1,40}$/;
export const MAX_REASON_LENGTH = 200;

/** Throws ERR_ACT_OPERATOR. */
export function parseOperatorId(text: string): string {
  if (!OPERATOR.test(text)) {
    throw new FormatError('ERR_ACT_OPERATOR', 'operator id: 1 to 32 of a-z 0-9 . _ -');
  }
  return text;
}

/** Throws ERR_ACT_ROLE. */
export function parseRole(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new FormatError('ERR_ACT_ROLE', 'unknown role');
  return role;
}

/** One line of 1 to 200 UTF-16 units, no blanks around it. Throws ERR_ACT_REASON. */
export function parseReason(text: string): string {
  const bounded = text.length > 0 && text.length <= MAX_REASON_LENGTH && text === text.trim();
  if (!bounded || /[\p{Cc}\u2028\u2029]/u.test(text)) {
    throw new FormatError(
      'ERR_ACT_REASON',
      `reason: one line of 1 to ${MAX_REASON_LENGTH} characters`,
    );
  }
  return text;
}

/** Throws what `decodeAct` would: nothing unreadable gets into a journal. */
export function encodeAct(body: ActBody): Record<string, CborValue | undefined> {
  return {
    act: body.act,
    operator: { id: parseOperatorId(body.operator.id), role: body.operator.role },
    reason: parseReason(body.reason),
    of: body.of,
    ticketNo: body.ticketNo,
    tickets: body.tickets.map(encodeEntered),
    code: body.code,
    detail: parseDetail(body.detail),
  };
}

export function decodeAct(map: CborMap): ActBody {
  const operator = map.map('operator');
  const body: ActBody = {
    act: decodeKind(map.text('act')),
    operator: { id: parseOperatorId(operator.text('id')), role: parseRole(operator.text('role')) },
    reason: parseReason(map.text('reason')),
    of: map.uintOrUndefined('of'),
    ticketNo: map.textOrUndefined('ticketNo'),
    tickets: map.array('tickets').map(decodeEntered),
    code: map.textOrUndefined('code'),
    detail: parseDetail(map.textOrUndefined('detail')),
  };
  operator.end();
  return body;
}

function decodeKind(text: string): Act {
  const act = ACTS.find((known) => known === text);
  if (!act) throw new FormatError('ERR_JOURNAL_ACT', 'unknown act');
  return act;
}

function parseDetail(text: string | undefined): string | undefined {
  if (text !== undefined && !DETAIL.test(text)) {
    throw new FormatError('ERR_JOURNAL_ACT', 'detail of an act: one word');
  }
  return text;
}
