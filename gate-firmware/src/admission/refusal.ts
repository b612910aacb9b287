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
  zh: { title: '请等候工作人员协助', action: '请向工作人员出示此编号' },
  ko: { title: '직원이 도와드리겠습니다', action: '직원에게 이 번호를 보여 주세요' },
};

const ANOTHER_LANE: Written<AttendeeText> = {
  ja: { title: '別のレーンへお進みください', action: 'お手数をおかけします' },
  en: { title: 'Please use another lane', action: 'We are sorry for the trouble' },
  zh: { title: '请使用其他通道', action: '给您带来不便，敬请谅解' },
  ko: { title: '다른 통로를 이용해 주세요', action: '불편을 드려 죄송합니다' },
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
    zh: { title: '请从其他入口入场', action: '请前往票面上标明的入口' },
    ko: { title: '다른 게이트로 입장해 주세요', action: '티켓에 적힌 게이트로 가 주세요' },
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
    zh: { title: '请稍等片刻', action: '开始入场后，请再次刷卡' },
    ko: { title: '잠시만 기다려 주세요', action: '입장이 시작되면 다시 대 주세요' },
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
    zh: { title: '请使用卡片', action: '请移开手机，放上个人编号卡（My Number Card）' },
    ko: { title: '카드를 대 주세요', action: '휴대전화는 치우고 마이넘버 카드를 대 주세요' },
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
    zh: { title: '请使用个人编号卡', action: '旧的住民基本台账卡不能用于入场' },
    ko: {
      title: '마이넘버 카드를 대 주세요',
      action: '이전 주민기본대장 카드로는 입장하실 수 없습니다',
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
    zh: { title: '请使用个人编号卡', action: '请将其他卡片移开' },
    ko: { title: '마이넘버 카드를 대 주세요', action: '다른 카드는 떼어 주세요' },
  },
  'card-removed': {
    ja: {
      title: 'もう一度タッチしてください',
      action: '円がいっぱいになるまで、そのままお待ちください',
    },
    en: { title: 'Please touch once more', action: 'Hold still until the ring is full' },
    zh: { title: '请再次刷卡', action: '请保持不动，直到圆环填满' },
    ko: { title: '한 번 더 대 주세요', action: '원이 가득 찰 때까지 그대로 기다려 주세요' },
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
    zh: { title: '请再次刷卡', action: '请将卡片从卡套中取出，平放' },
    ko: { title: '한 번 더 대 주세요', action: '카드를 케이스에서 꺼내 반듯이 놓아 주세요' },
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
    zh: { title: '请再次刷卡', action: '请将卡片从卡套中取出，保持不动' },
    ko: {
      title: '한 번 더 대 주세요',
      action: '카드를 케이스에서 꺼내 움직이지 말고 기다려 주세요',
    },
  },
  'record-unreadable': STAFF_WILL_HELP,
  'list-missing': ANOTHER_LANE,
  'list-expired': ANOTHER_LANE,
  'revocation-too-old': ANOTHER_LANE,
  'ticket-blocked': STAFF_WILL_HELP,
  'wrong-zone': {
    ja: {
      title: '別の入口からお入りください',
      action: 'チケットに書かれたエリアの入口へお進みください',
    },
    en: {
      title: 'Please use another entrance',
      action: 'Your ticket names the area; follow its signs',
    },
    zh: { title: '请从其他入口入场', action: '请前往票面所示区域的入口' },
    ko: { title: '다른 입구로 입장해 주세요', action: '티켓에 적힌 구역의 입구로 가 주세요' },
  },
  'gate-limit': {
    ja: { title: '別のゲートからお入りください', action: 'お近くのゲートを係員がご案内します' },
    en: {
      title: 'Please enter at another gate',
      action: 'Our staff will show you the nearest one',
    },
    zh: { title: '请从其他入口入场', action: '工作人员将为您指引最近的入口' },
    ko: { title: '다른 게이트로 입장해 주세요', action: '가까운 게이트를 직원이 안내해 드립니다' },
  },
  'daily-limit': STAFF_WILL_HELP,
  'not-yet-minimum-time': {
    ja: {
      title: 'もうしばらくお待ちください',
      action: '少し時間をおいて、もう一度タッチしてください',
    },
    en: { title: 'Please wait a little longer', action: 'Touch again in a while' },
    zh: { title: '请稍等片刻', action: '请过一会儿再次刷卡' },
    ko: { title: '잠시만 기다려 주세요', action: '조금 뒤에 다시 대 주세요' },
  },
  'still-inside': STAFF_WILL_HELP,
  'no-reentry': STAFF_WILL_HELP,
  'companion-first': {
    ja: {
      title: 'お連れさまとご一緒にどうぞ',
      action: 'お連れさまのカードを先にタッチしてください',
    },
    en: {
      title: 'Please come in together',
      action: 'Let the person you came with touch their card first',
    },
    zh: { title: '请与同行人一起入场', action: '请同行人先刷卡' },
    ko: { title: '일행과 함께 입장해 주세요', action: '일행의 카드를 먼저 대 주세요' },
  },
  'event-paused': {
    ja: { title: '入場の再開までお待ちください', action: '再開したら、もう一度タッチしてください' },
    en: {
      title: 'Please wait until entry goes on',
      action: 'Touch again then; our staff will tell you',
    },
    zh: { title: '请等候恢复入场', action: '恢复后请再次刷卡' },
    ko: {
      title: '입장이 다시 시작될 때까지 기다려 주세요',
      action: '다시 시작되면 한 번 더 대 주세요',
    },
  },
  'lane-closed': ANOTHER_LANE,
  'lane-exit-only': {
    ja: { title: '入場用のレーンへお進みください', action: 'こちらは退場専用です' },
    en: { title: 'Please use a lane for entering', action: 'People leave through this one' },
    zh: { title: '请使用入场通道', action: '此通道仅供离场' },
    ko: { title: '입장 통로를 이용해 주세요', action: '이곳은 퇴장 전용입니다' },
  },
  'lane-entry-only': {
    ja: { title: '退場用のレーンへお進みください', action: 'こちらは入場専用です' },
    en: { title: 'Please use a lane for leaving', action: 'People enter through this one' },
    zh: { title: '请使用离场通道', action: '此通道仅供入场' },
    ko: { title: '퇴장 통로를 이용해 주세요', action: '이곳은 입장 전용입니다' },
  },
  evacuation: {
    ja: { title: '出口へお進みください', action: '係員の案内にしたがってください' },
    en: { title: 'Please go to the nearest exit', action: 'Follow the directions of our staff' },
    zh: { title: '请前往最近的出口', action: '请听从工作人员的引导' },
    ko: { title: '가까운 출구로 이동해 주세요', action: '직원의 안내에 따라 주세요' },
  },
  'not-inside': STAFF_WILL_HELP,
  'already-open': {
    ja: { title: 'どうぞお進みください', action: 'ゲートは開いています' },
    en: { title: 'Please go ahead', action: 'The gate is open for you' },
    zh: { title: '请往前通行', action: '闸门已打开' },
    ko: { title: '지나가 주세요', action: '게이트가 열려 있습니다' },
  },
  'staff-declined': STAFF_WILL_HELP,
  'clock-fault': ANOTHER_LANE,
  'gate-fault': ANOTHER_LANE,
};

/** Reasons after which the attendee simply touches again at the same lane: no way to the help desk is shown. */
export const RETRY_HERE: ReadonlySet<RefusalReason> = new Set([
  'too-early',
  'not-yet-minimum-time',
  'event-paused',
  'companion-first',
  'already-open',
  'phone',
  'old-card',
  'unknown-card',
  'card-removed',
  'card-fault',
  'card-too-slow',
]);
