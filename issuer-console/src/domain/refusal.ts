import { GateError } from '@pinless-gate/protocol/errors';
import type { CardRefusalCode } from './card-refusal.ts';
import type { KeyRefusalCode } from './key-refusal.ts';
import type { ShopRefusalCode } from './shop-refusal.ts';

/** Why somebody is not given what they asked for; what a route answers follows from the kind. */
export type RefusalKind = 'unknown' | 'conflict' | 'invalid' | 'forbidden' | 'wait';

/** Every refusal of a person or a program, so that a new one does not compile until pages have words for it. */
export type RefusalCode =
  | ShopRefusalCode
  | CardRefusalCode
  | KeyRefusalCode
  | 'ERR_ACCESS'
  | 'ERR_ACCESS_CONFINED'
  | 'ERR_API_KEY_DAYS'
  | 'ERR_API_KEY_ROTATED'
  | 'ERR_API_KEY_SCOPES'
  | 'ERR_API_KEY_UNKNOWN'
  | 'ERR_CARD_SAME'
  | 'ERR_EDIT_CONFLICT'
  | 'ERR_ENROLMENT_PUBLISHERS'
  | 'ERR_EVENT_ARCHIVED'
  | 'ERR_EVENT_EXISTS'
  | 'ERR_EVENT_FORM'
  | 'ERR_EVENT_ROWS'
  | 'ERR_EVENT_UNKNOWN'
  | 'ERR_GATE_ID'
  | 'ERR_GATE_NAME'
  | 'ERR_HANDOVER_FORM'
  | 'ERR_HANDOVER_RULES'
  | 'ERR_HANDOVER_STATE'
  | 'ERR_HANDOVER_UNKNOWN'
  | 'ERR_HANDOVER_WAITING'
  | 'ERR_HTTP_RATE'
  | 'ERR_IMPORT_BUSY'
  | 'ERR_IMPORT_FILE'
  | 'ERR_IMPORT_RUNNING'
  | 'ERR_IMPORT_SEAL'
  | 'ERR_IMPORT_UNKNOWN'
  | 'ERR_INVITATION_EVENTS'
  | 'ERR_INVITATION_VALID'
  | 'ERR_OPERATOR_EXISTS'
  | 'ERR_OPERATOR_LAST_ADMIN'
  | 'ERR_OPERATOR_NAME'
  | 'ERR_OPERATOR_POSITION'
  | 'ERR_OPERATOR_ROLE'
  | 'ERR_OPERATOR_SELF'
  | 'ERR_OPERATOR_UNKNOWN'
  | 'ERR_PASSKEY'
  | 'ERR_PASSKEY_COUNT'
  | 'ERR_PASSKEY_KNOWN'
  | 'ERR_PASSKEY_ORIGIN'
  | 'ERR_PASSKEY_UNKNOWN'
  | 'ERR_PASSWORD'
  | 'ERR_PASSWORD_LENGTH'
  | 'ERR_PASSWORD_SAME'
  | 'ERR_PURCHASE_FORM'
  | 'ERR_PURCHASE_PLACE'
  | 'ERR_PURCHASE_SEALED'
  | 'ERR_PUBLICATION_CONFIG'
  | 'ERR_PUBLICATION_FINGERPRINT'
  | 'ERR_PUBLICATION_LOSS'
  | 'ERR_PUBLICATION_RULES'
  | 'ERR_PUBLICATION_SECOND'
  | 'ERR_PUBLICATION_SELF'
  | 'ERR_PUBLICATION_SIGNATURE'
  | 'ERR_PUBLICATION_STATE'
  | 'ERR_PUBLICATION_UNKNOWN'
  | 'ERR_PURCHASE_UNKNOWN'
  | 'ERR_SIGN_IN'
  | 'ERR_SIGN_IN_CODE'
  | 'ERR_SIGN_IN_PASSKEY'
  | 'ERR_SIGN_IN_WAIT'
  | 'ERR_TICKET_ENTERED'
  | 'ERR_TICKET_LINKED'
  | 'ERR_TICKET_NOT_LINKED'
  | 'ERR_TICKET_UNKNOWN'
  | 'ERR_TITLE'
  | 'ERR_TOTP_CODE'
  | 'ERR_TOTP_SEAL'
  | 'ERR_VENDOR_UNKNOWN'
  | 'ERR_WEBHOOK_COUNT'
  | 'ERR_WEBHOOK_REPLAY'
  | 'ERR_WEBHOOK_REPLAYS'
  | 'ERR_WEBHOOK_SEAL'
  | 'ERR_WEBHOOK_TYPES'
  | 'ERR_WEBHOOK_UNKNOWN'
  | 'ERR_WEBHOOK_URL'
  | 'ERR_WEBHOOK_WAIT';

/** Asked for in due form, and refused. A row of another vendor is as unknown as one that is not there. */
export class RefusedError extends GateError {
  override readonly code: RefusalCode;
  readonly kind: RefusalKind;
  /** Where waiting helps: seconds. */
  readonly waitS: number | undefined;

  constructor(kind: RefusalKind, code: RefusalCode, message: string, waitS?: number) {
    super(code, message);
    this.code = code;
    this.kind = kind;
    this.waitS = waitS;
  }
}

export const editedMeanwhile = () =>
  new RefusedError(
    'conflict',
    'ERR_EDIT_CONFLICT',
    'somebody changed this meanwhile: look at it again, then change it',
  );

/** What became of an edit that was made of a revision that somebody saw. */
export type Edit = 'changed' | 'unknown' | 'conflict';
