import type { Act } from '@pinless-gate/protocol/journal/act';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';

/** Staff of the venue read Japanese or English. */
export type StaffLanguage = 'ja' | 'en';

interface Words {
  readonly page: string;
  readonly other: string;
  readonly operator: string;
  readonly pin: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly refresh: string;
  readonly list: string;
  readonly noList: string;
  readonly ready: string;
  readonly notReady: string;
  readonly passing: (people: number) => string;
  readonly waiting: Readonly<Record<'face-check' | 'attention', string>>;
  readonly passed: string;
  readonly failed: string;
  readonly last: string;
  readonly none: string;
  readonly search: string;
  readonly find: string;
  readonly found: (code: string) => string;
  readonly ticket: string;
  readonly ticketNo: string;
  readonly proof: string;
  readonly act: string;
  readonly reason: string;
  readonly reasonHint: string;
  readonly mode: string;
  readonly change: string;
  readonly evacuate: string;
  readonly readmit: string;
  readonly done: string;
  readonly outcomes: Readonly<Record<Act | 'admitted' | 'refused', string>>;
  readonly modes: Readonly<Record<LaneMode, string>>;
  readonly checked: string;
}

const ja: Words = {
  page: '係員',
  other: 'English',
  operator: '係員 ID',
  pin: '暗証番号',
  signIn: 'サインイン',
  signOut: 'サインアウト',
  refresh: '最新にする',
  list: 'リスト',
  noList: 'リストがありません',
  ready: '受付中',
  notReady: '受付できません',
  passing: (people) => `通過待ち ${people} 名`,
  waiting: { 'face-check': '顔の確認を待っています', attention: '係員の確認を待っています' },
  passed: '本人です',
  failed: '本人ではありません',
  last: '直近のタッチ',
  none: 'この 1 時間にはありません',
  search: '番号で探す(例 K7-42)',
  find: '探す',
  found: (code) => `番号 ${code}`,
  ticket: '券番号での操作',
  ticketNo: '券番号',
  proof: '確認した書類',
  act: '操作',
  reason: '理由',
  reasonHint: '氏名や書類の番号は書かないでください',
  mode: 'レーンのモード',
  change: '切り替える',
  evacuate: '避難:いますぐ開放',
  readmit: '避難した方の再入場を許可',
  done: '記録しました',
  outcomes: {
    admitted: '入場',
    refused: '拒否',
    override: '許可する',
    undo: '取り消す',
    block: '止める',
    unblock: '止めるのをやめる',
    accept: 'カードなしで受け付ける',
    'face-check': '顔の確認',
    mode: 'モード',
    readmit: '再入場',
    reprint: '再発行',
    clock: '時計',
  },
  modes: {
    normal: '通常',
    'entry-only': '入場専用',
    'exit-only': '退場専用',
    'always-open': '常時開放',
    closed: '閉鎖',
    evacuate: '避難',
    rehearsal: 'リハーサル(数えません)',
  },
  checked: '確認しました',
};

const en: Words = {
  page: 'Staff',
  other: '日本語',
  operator: 'Operator',
  pin: 'PIN',
  signIn: 'Sign in',
  signOut: 'Sign out',
  refresh: 'Refresh',
  list: 'List',
  noList: 'There is no list',
  ready: 'Serving cards',
  notReady: 'Not serving',
  passing: (people) => `${people} to pass`,
  waiting: {
    'face-check': 'The lane waits for a face check',
    attention: 'The lane waits for your look',
  },
  passed: 'It is the holder',
  failed: 'It is not',
  last: 'Last taps',
  none: 'Nothing within this hour',
  search: 'Find a code, such as K7-42',
  find: 'Find',
  found: (code) => `Code ${code}`,
  ticket: 'By ticket number',
  ticketNo: 'Ticket number',
  proof: 'Proof that you saw',
  act: 'Act',
  reason: 'Reason',
  reasonHint: 'No names, no numbers of documents',
  mode: 'Mode of the lane',
  change: 'Change',
  evacuate: 'Evacuate: open now',
  readmit: 'Let the evacuated come in again',
  done: 'Recorded',
  outcomes: {
    admitted: 'Admitted',
    refused: 'Refused',
    override: 'Let in',
    undo: 'Take back',
    block: 'Block',
    unblock: 'Unblock',
    accept: 'Accept without card',
    'face-check': 'Face check',
    mode: 'Mode',
    readmit: 'Readmission',
    reprint: 'Print again',
    clock: 'Clock',
  },
  modes: {
    normal: 'Normal',
    'entry-only': 'Entry only',
    'exit-only': 'Exit only',
    'always-open': 'Always open',
    closed: 'Closed',
    evacuate: 'Evacuation',
    rehearsal: 'Rehearsal (counts nothing)',
  },
  checked: 'Checked',
};

export const WORDS: Readonly<Record<StaffLanguage, Words>> = { ja, en };
