import type { Written } from '../admission/language.ts';

/** What the display says besides refusals. */
export interface Messages {
  readonly touch: string;
  readonly hold: string;
  readonly goIn: string;
  readonly gate: string;
  readonly block: string;
  readonly row: string;
  readonly number: string;
  /** One ticket of a party. */
  readonly guest: (place: number, size: number) => string;
  /** Several tickets on one card. */
  readonly guests: (count: number, size: number) => string;
  readonly code: string;
  readonly helpDesk: string;
  readonly outOfService: { readonly title: string; readonly action: string };
  readonly closed: { readonly title: string; readonly action: string };
  /** Categories known to us; any other is shown as the vendor names it. */
  readonly categories: Readonly<Record<string, string>>;
}

export const MESSAGES: Written<Messages> = {
  ja: {
    touch: 'カードをここにタッチしてください',
    hold: 'そのままお待ちください',
    goIn: 'ご入場ください',
    gate: 'ゲート',
    block: 'ブロック',
    row: '列',
    number: '番',
    guest: (place, size) => `${place} / ${size} 名さま`,
    guests: (count, size) => (count === size ? `${count} 名さま` : `${count} / ${size} 名さま`),
    code: '番号',
    helpDesk: '「案内」へお越しください',
    outOfService: { title: 'ただいま停止中です', action: '別のレーンをご利用ください' },
    closed: { title: 'このレーンは閉まっています', action: '別のレーンをご利用ください' },
    categories: {
      adult: '大人',
      child: 'こども',
      student: '学生',
      senior: 'シニア',
      concession: '割引',
    },
  },
  en: {
    touch: 'Touch your card here',
    hold: 'Hold still',
    goIn: 'Please go in',
    gate: 'Gate',
    block: 'Block',
    row: 'Row',
    number: 'Seat',
    guest: (place, size) => `Guest ${place} of ${size}`,
    guests: (count, size) => (count === size ? `${count} guests` : `${count} of ${size} guests`),
    code: 'Number',
    helpDesk: 'Please come to the help desk',
    outOfService: { title: 'Out of service', action: 'Please use another lane' },
    closed: { title: 'This lane is closed', action: 'Please use another lane' },
    categories: {
      adult: 'Adult',
      child: 'Child',
      student: 'Student',
      senior: 'Senior',
      concession: 'Concession',
    },
  },
};
