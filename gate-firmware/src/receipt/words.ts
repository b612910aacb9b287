import type { Language } from '@pinless-gate/protocol/record';

export interface ReceiptWords {
  readonly gate: string;
  readonly block: string;
  readonly row: string;
  readonly number: string;
  readonly day: (date: string, weekday: string) => string;
  readonly starts: (date: string, time: string) => string;
  readonly entered: string;
  readonly ticket: string;
  readonly party: string;
  readonly partyOf: (place: number, size: number) => string;
  readonly copy: string;
  readonly keep: string;
  readonly locale: string;
}

const WORDS: Readonly<Record<Language, ReceiptWords>> = {
  ja: {
    gate: 'ゲート',
    block: 'ブロック',
    row: '列',
    number: '番',
    day: (date, weekday) => `${date}(${weekday})`,
    starts: (date, time) => `${date} ${time} 開始`,
    entered: '入場',
    ticket: '券番号',
    party: 'ご一行',
    partyOf: (place, size) => `${place} / ${size} 名さま`,
    // Both languages: the staff who check a copy may not read the guest's.
    copy: '再発行',
    keep: 'お席の控えです。退場までお持ちください',
    locale: 'ja-JP',
  },
  en: {
    gate: 'GATE',
    block: 'BLOCK',
    row: 'ROW',
    number: 'SEAT',
    day: (date, weekday) => `${weekday}, ${date}`,
    starts: (date, time) => `${date}, ${time}`,
    entered: 'Entered',
    ticket: 'Ticket',
    party: 'Party',
    partyOf: (place, size) => `${place} / ${size}`,
    copy: '再発行 COPY',
    keep: 'Your seat. Please keep until you leave',
    locale: 'en-GB',
  },
  zh: {
    gate: '入口',
    block: '区',
    row: '排',
    number: '号',
    day: (date, weekday) => `${date}(${weekday})`,
    starts: (date, time) => `${date} ${time} 开始`,
    entered: '入场',
    ticket: '票号',
    party: '同行',
    partyOf: (place, size) => `${place} / ${size} 位`,
    copy: '再発行 补发',
    keep: '座位凭条，请保留至离场',
    locale: 'zh-CN',
  },
  ko: {
    gate: '게이트',
    block: '구역',
    row: '열',
    number: '번',
    day: (date, weekday) => `${date}(${weekday})`,
    starts: (date, time) => `${date} ${time} 시작`,
    entered: '입장',
    ticket: '티켓 번호',
    party: '일행',
    partyOf: (place, size) => `${place} / ${size} 명`,
    copy: '再発行 재발행',
    keep: '좌석 확인증입니다. 퇴장까지 보관해 주세요',
    locale: 'ko-KR',
  },
};

/** What every printer sold in Japan can print: JIS has neither simplified Chinese nor Korean. */
export const EVERYWHERE: readonly Language[] = ['ja', 'en'];

/** In the ticket's language where it can be printed, in English otherwise. */
export function receiptWords(language: Language, printable: readonly Language[]): ReceiptWords {
  return WORDS[printable.includes(language) ? language : 'en'];
}
