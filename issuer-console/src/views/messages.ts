import type { ListCondition } from '../domain/publication.ts';
import type { Language } from './language.ts';

type Noun = (n: string) => string;

/** Every word of the pages. A missing key does not compile. */
export interface Messages {
  readonly product: string;
  readonly title: string;
  readonly skip: string;
  readonly languages: string;
  readonly live: string;
  readonly reconnecting: string;
  readonly still: string;
  readonly zone: (zone: string) => string;
  readonly list: {
    readonly heading: string;
    readonly starts: (date: string) => string;
    readonly version: string;
    readonly entries: string;
    readonly entriesUnit: Noun;
    readonly age: string;
    readonly fingerprint: string;
    readonly condition: Readonly<Record<ListCondition, string>>;
    /** From or until when, as the condition makes one ask. */
    readonly bound: Readonly<Record<ListCondition, (moment: string) => string>>;
    readonly missing: string;
    readonly missingNext: string;
    readonly unreadable: string;
  };
  readonly counts: {
    readonly heading: string;
    readonly people: string;
    readonly peopleUnit: (n: number) => string;
    readonly admitted: string;
    readonly refused: string;
    readonly tapsUnit: (n: number) => string;
  };
  readonly alarms: {
    readonly heading: string;
    readonly none: string;
    readonly count: (n: number) => string;
    readonly since: (moment: string, ago: string) => string;
    readonly text: {
      readonly conflict: (gate: string, sequence: string) => Advice;
      readonly silent: (gate: string) => Advice;
      readonly missing: Advice;
      readonly unreadable: (code: string) => Advice;
      readonly expired: Advice;
      readonly stale: Advice;
    };
  };
  readonly gates: {
    readonly heading: string;
    readonly none: string;
    readonly name: string;
    readonly state: string;
    readonly people: string;
    readonly admitted: string;
    readonly refused: string;
    readonly entries: string;
    readonly list: string;
    readonly lastSeen: string;
    readonly never: string;
    readonly running: string;
    readonly silent: string;
    readonly stopped: string;
    readonly conflict: string;
  };
  readonly taps: {
    readonly heading: (n: number) => string;
    readonly none: string;
    readonly time: string;
    readonly gate: string;
    readonly outcome: string;
    readonly reason: string;
    readonly code: string;
    readonly list: string;
    readonly duration: string;
    readonly admitted: string;
    readonly refused: string;
  };
  readonly ago: {
    readonly now: string;
    readonly minutes: Noun;
    readonly hours: Noun;
    readonly days: Noun;
  };
  readonly notFound: string;
  readonly notFoundNext: string;
}

export interface Advice {
  readonly what: string;
  readonly next: string;
}

const ja: Messages = {
  product: '発行者コンソール',
  title: '入場のようす',
  skip: '本文へ',
  languages: '言語',
  live: '自動更新中',
  reconnecting: '再接続しています',
  still: '自動更新していません。最新の状態は再読み込みで表示',
  zone: (zone) => `時刻は ${zone}`,
  list: {
    heading: '公開中のリスト',
    starts: (date) => `${date} 開演`,
    version: '版',
    entries: '登録',
    entriesUnit: (n) => `${n} 枚`,
    age: '発行',
    fingerprint: '照合記号',
    condition: {
      current: '有効',
      stale: '古くなっています',
      expired: '期限切れ',
      'not-yet': '開始前',
    },
    bound: {
      current: (moment) => `${moment} まで`,
      stale: (moment) => `${moment} まで`,
      expired: (moment) => `${moment} に終了`,
      'not-yet': (moment) => `${moment} から`,
    },
    missing: 'リストはまだありません',
    missingNext: 'whitelist build でリストを作り、バンドルのディレクトリに置いてください',
    unreadable: 'リストを読めません',
  },
  counts: {
    heading: '全ゲートの合計',
    people: '入場者(延べ)',
    peopleUnit: () => '名',
    admitted: '入場',
    refused: '拒否',
    tapsUnit: () => '回',
  },
  alarms: {
    heading: '要対応',
    none: '対応が必要なことはありません',
    count: (n) => `要対応 ${n} 件`,
    since: (moment, ago) => `${moment} から(${ago})`,
    text: {
      conflict: (gate, sequence) => ({
        what: `${gate} の記録が食い違っています(${sequence} 番から)`,
        next: '改ざんの疑い。このゲートを止め、装置をそのまま保全し、責任者へ連絡',
      }),
      silent: (gate) => ({
        what: `${gate} から連絡がありません`,
        next: '入場は続けられます。電源と回線を確認し、現地スタッフに様子を聞く',
      }),
      missing: {
        what: '公開中のリストがありません',
        next: 'リストを作成し、バンドルのディレクトリに置く',
      },
      unreadable: (code) => ({
        what: `公開中のリストを読めません [${code}]`,
        next: 'whitelist verify で確認し、公開し直す',
      }),
      expired: {
        what: 'リストの期限が切れています',
        next: 'ゲートは入場を止めます。新しいリストを公開',
      },
      stale: { what: 'リストが古くなっています', next: '失効確認をやり直し、新しいリストを公開' },
    },
  },
  gates: {
    heading: 'ゲート',
    none: '登録されたゲートはまだありません。issuer-console gate add で登録してください',
    name: 'ゲート',
    state: '状態',
    people: '入場者',
    admitted: '入場',
    refused: '拒否',
    entries: '記録',
    list: 'リスト',
    lastSeen: '最終連絡',
    never: 'まだ連絡なし',
    running: '稼働中',
    silent: '連絡なし',
    stopped: '停止',
    conflict: '記録に食い違い',
  },
  taps: {
    heading: (n) => (n === 0 ? '最近のタップ' : `最近のタップ ${n} 件`),
    none: 'まだタップはありません。ゲートが記録を送ると、ここに並びます',
    time: '時刻',
    gate: 'ゲート',
    outcome: '結果',
    reason: '理由と次にすること',
    code: '番号',
    list: 'リスト',
    duration: '所要',
    admitted: '入場',
    refused: '拒否',
  },
  ago: {
    now: 'たった今',
    minutes: (n) => `${n} 分前`,
    hours: (n) => `${n} 時間前`,
    days: (n) => `${n} 日前`,
  },
  notFound: 'ページがありません',
  notFoundNext: '入場のようすへ',
};

const plural = (one: string, many: string) => (n: string) => `${n} ${n === '1' ? one : many}`;

const en: Messages = {
  product: 'Issuer console',
  title: 'Entry at a glance',
  skip: 'Skip to content',
  languages: 'Language',
  live: 'Live',
  reconnecting: 'Reconnecting',
  still: 'Not live: reload for the present state',
  zone: (zone) => `Times are ${zone}`,
  list: {
    heading: 'Published list',
    starts: (date) => `starts ${date}`,
    version: 'Version',
    entries: 'Entries',
    entriesUnit: plural('card', 'cards'),
    age: 'Issued',
    fingerprint: 'Fingerprint',
    condition: {
      current: 'Valid',
      stale: 'Getting old',
      expired: 'Expired',
      'not-yet': 'Not yet valid',
    },
    bound: {
      current: (moment) => `until ${moment}`,
      stale: (moment) => `until ${moment}`,
      expired: (moment) => `since ${moment}`,
      'not-yet': (moment) => `from ${moment}`,
    },
    missing: 'There is no list yet',
    missingNext: 'Make one with whitelist build and put it into the bundle directory',
    unreadable: 'The list cannot be read',
  },
  counts: {
    heading: 'All gates together',
    people: 'Entered, re-entries counted',
    peopleUnit: (n) => (n === 1 ? 'person' : 'people'),
    admitted: 'Admitted',
    refused: 'Refused',
    tapsUnit: (n) => (n === 1 ? 'tap' : 'taps'),
  },
  alarms: {
    heading: 'Needs action',
    none: 'Nothing needs action',
    count: (n) => `${n} ${n === 1 ? 'alarm' : 'alarms'}`,
    since: (moment, ago) => `since ${moment} (${ago})`,
    text: {
      conflict: (gate, sequence) => ({
        what: `${gate}: journal differs from what it sent before (from entry ${sequence})`,
        next: 'Possible tampering: stop this gate, leave the device as it is, call the lead',
      }),
      silent: (gate) => ({
        what: `${gate}: no word from this gate`,
        next: 'Entry goes on without us. Check power and network; ask staff at the gate',
      }),
      missing: {
        what: 'No list is published',
        next: 'Build one and put it into the bundle directory',
      },
      unreadable: (code) => ({
        what: `The published list cannot be read [${code}]`,
        next: 'Check it with whitelist verify, then publish it again',
      }),
      expired: { what: 'The list has expired', next: 'Gates stop admitting: publish a new list' },
      stale: {
        what: 'The list is getting old',
        next: 'Check revocation again and publish a new list',
      },
    },
  },
  gates: {
    heading: 'Gates',
    none: 'No gate is enrolled yet: issuer-console gate add enrols one',
    name: 'Gate',
    state: 'State',
    people: 'People',
    admitted: 'Admitted',
    refused: 'Refused',
    entries: 'Journal',
    list: 'List',
    lastSeen: 'Last word',
    never: 'Never seen',
    running: 'Running',
    silent: 'Silent',
    stopped: 'Stopped',
    conflict: 'Journal conflict',
  },
  taps: {
    heading: (n) => (n < 2 ? 'Last tap' : `Last ${n} taps`),
    none: 'No taps yet: they appear here when a gate sends its journal',
    time: 'Time',
    gate: 'Gate',
    outcome: 'Outcome',
    reason: 'Reason and next step',
    code: 'Code',
    list: 'List',
    duration: 'Took',
    admitted: 'Admitted',
    refused: 'Refused',
  },
  ago: {
    now: 'just now',
    minutes: (n) => `${n} min ago`,
    hours: (n) => `${n} h ago`,
    days: plural('day ago', 'days ago'),
  },
  notFound: 'There is no such page',
  notFoundNext: 'Entry at a glance',
};

export const MESSAGES: Readonly<Record<Language, Messages>> = { ja, en };

const MINUTE_MS = 60_000;

/** `2 分前`. A moment in the future, by clocks that differ, is "just now". */
export function ago(messages: Messages, at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS);
  if (minutes < 1) return messages.ago.now;
  if (minutes < 60) return messages.ago.minutes(String(minutes));
  if (minutes < 48 * 60) return messages.ago.hours(String(Math.floor(minutes / 60)));
  return messages.ago.days(String(Math.floor(minutes / 60 / 24)));
}
