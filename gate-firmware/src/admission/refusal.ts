import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { Written } from './language.ts';

/** What an attendee reads: one thought, what to do. Never what is wrong with them. */
export interface AttendeeText {
  readonly title: string;
  readonly action: string;
}

/** Staff come, with the code on the screen; used wherever the attendee can do nothing alone. */
const STAFF_WILL_HELP: Written<AttendeeText> = {
  ja: { title: '係員がご案内します', action: '番号を係員にお見せください' },
  en: { title: 'Our staff will help you', action: 'Please show this number to a member of staff' },
};

const ANOTHER_LANE: Written<AttendeeText> = {
  ja: { title: '別のレーンへお進みください', action: 'お手数をおかけします' },
  en: { title: 'Please use another lane', action: 'We are sorry for the trouble' },
};

/** A new reason does not compile until attendees can read what to do. */
export const ATTENDEE_TEXT: Record<RefusalReason, Written<AttendeeText>> = {
  'not-listed': STAFF_WILL_HELP,
  'already-admitted': STAFF_WILL_HELP,
  'wrong-gate': {
    ja: {
      title: '別のゲートからお入りください',
      action: 'チケットに書かれたゲートへお進みください',
    },
    en: { title: 'Please enter at another gate', action: 'Your ticket names the gate' },
  },
  'too-early': {
    ja: {
      title: 'もうしばらくお待ちください',
      action: '入場開始のあとに、もう一度タッチしてください',
    },
    en: {
      title: 'Please wait a little longer',
      action: 'Touch again once your admission has begun',
    },
  },
  'too-late': STAFF_WILL_HELP,
  'certificate-expired': STAFF_WILL_HELP,
  'certificate-not-yet-valid': STAFF_WILL_HELP,
  'certificate-not-trusted': STAFF_WILL_HELP,
  'card-not-authentic': STAFF_WILL_HELP,
  'surface-mismatch': STAFF_WILL_HELP,
  'card-not-linked': STAFF_WILL_HELP,
  'birth-date-refused': STAFF_WILL_HELP,
  'birth-date-few-tries': STAFF_WILL_HELP,
  'card-blocked': STAFF_WILL_HELP,
  'terminal-refused': STAFF_WILL_HELP,
  phone: {
    ja: {
      title: 'カードでタッチしてください',
      action: 'スマートフォンを離し、マイナンバーカードを置いてください',
    },
    en: {
      title: 'Please use your card',
      action: 'Put the phone away and touch your My Number Card',
    },
  },
  'old-card': {
    ja: {
      title: 'マイナンバーカードでタッチしてください',
      action: '住民基本台帳カードではお入りいただけません',
    },
    en: {
      title: 'Please touch your My Number Card',
      action: 'The residents’ card that came before it does not open the gate',
    },
  },
  'test-card': STAFF_WILL_HELP,
  'no-certificate': STAFF_WILL_HELP,
  'unknown-card': {
    ja: { title: 'マイナンバーカードでタッチしてください', action: 'ほかのカードは離してください' },
    en: {
      title: 'Please touch your My Number Card',
      action: 'Keep other cards away from the reader',
    },
  },
  'card-removed': {
    ja: {
      title: 'もう一度タッチしてください',
      action: '円がいっぱいになるまで、そのままお待ちください',
    },
    en: { title: 'Please touch once more', action: 'Hold still until the ring is full' },
  },
  'card-fault': {
    ja: {
      title: 'もう一度タッチしてください',
      action: 'カードをケースから出し、まっすぐ置いてください',
    },
    en: {
      title: 'Please touch once more',
      action: 'Take the card out of its case and lay it flat',
    },
  },
  'card-too-slow': {
    ja: {
      title: 'もう一度タッチしてください',
      action: 'カードをケースから出し、動かさずにお待ちください',
    },
    en: {
      title: 'Please touch once more',
      action: 'Take the card out of its case and hold it still',
    },
  },
  'record-unreadable': STAFF_WILL_HELP,
  'list-missing': ANOTHER_LANE,
  'list-expired': ANOTHER_LANE,
  'revocation-too-old': ANOTHER_LANE,
  'gate-fault': ANOTHER_LANE,
};

/** Reasons after which the attendee simply touches again at the same lane: no way to the help desk is shown. */
export const RETRY_HERE: ReadonlySet<RefusalReason> = new Set([
  'too-early',
  'phone',
  'old-card',
  'unknown-card',
  'card-removed',
  'card-fault',
  'card-too-slow',
]);
