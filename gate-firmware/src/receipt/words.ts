import type { Language } from '@pinless-gate/protocol/record';

export interface ReceiptWords {
  readonly gate: string;
  readonly block: string;
  readonly row: string;
  readonly number: string;
  readonly starts: (date: string, time: string) => string;
  readonly entered: string;
  readonly ticket: string;
  readonly party: string;
  readonly partyOf: (place: number, size: number) => string;
  readonly copy: string;
  readonly keep: string;
  readonly locale: string;
}

/** A printer's own font, JIS, has neither simplified Chinese nor Korean: their tickets print in English. */
const WORDS: Readonly<Record<'ja' | 'en', ReceiptWords>> = {
  ja: {
    gate: 'ゲート',
    block: 'ブロック',
    row: '列',
    number: '番',
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
    starts: (date, time) => `${date}, ${time}`,
    entered: 'Entered',
    ticket: 'Ticket',
    party: 'Party',
    partyOf: (place, size) => `${place} / ${size}`,
    copy: '再発行 COPY',
    keep: 'Your seat. Please keep until you leave',
    locale: 'en-GB',
  },
};

export function receiptWords(language: Language): ReceiptWords {
  return WORDS[language === 'ja' ? 'ja' : 'en'];
}
