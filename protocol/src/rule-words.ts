import type { Attention, Reentry } from './policy-rules.ts';

/** What sentences on rules are made of, in one language. A rule that cannot be said does not compile. */
export interface Words {
  list(items: readonly string[]): string;
  duration(seconds: number): string;
  span(from: string, until: string): string;
  category(names: string): string;
  flag(name: string): string;
  readonly everybody: string;
  rule(who: string, says: string): string;

  gates(names: string): string;
  tolerance(duration: string): string;
  zone(name: string, gates: string): string;
  entries(count: number): string;
  entriesPerDay(count: number): string;
  entriesPerGate(count: number): string;
  readonly reentry: Readonly<Record<Reentry, string>>;
  checkOut(time: string): string;
  minimum(duration: string): string;
  windows(spans: string): string;
  readonly companion: string;
  readonly attention: Readonly<Record<Attention['lane'], (flag: string) => string>>;
  paused(gates: string | undefined, from: string | undefined, until: string | undefined): string;
  readonly parts: string;
  readonly together: string;
  readonly faceCheck: string;
  annul(duration: string): string;
  listAge(stale: string, refuse: string): string;
  readonly revocation: {
    stale(duration: string): string;
    refuse(duration: string): string;
  };
  timeZone(name: string): string;
}

/** The largest units that say it exactly: 5400 is `1 h 30 min`. */
function parts(seconds: number): [number, 'd' | 'h' | 'min' | 's'][] {
  const all: [number, 'd' | 'h' | 'min' | 's'][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const there = all.filter(([value]) => value > 0);
  return there.length > 0 ? there : [[0, 's']];
}

const UNITS_EN = { d: 'day', h: 'hour', min: 'minute', s: 'second' } as const;
const UNITS_JA = { d: '日', h: '時間', min: '分', s: '秒' } as const;

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

export const EN: Words = {
  list: (items) =>
    items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`,
  duration: (seconds) =>
    parts(seconds)
      .map(([value, unit]) => counted(value, UNITS_EN[unit]))
      .join(' '),
  span: (from, until) => `from ${from} until ${until}`,
  category: (names) => `tickets of ${names}`,
  flag: (name) => `“${name}”`,
  everybody: 'every ticket',
  rule: (who, says) => `For ${who}: ${says}.`,
  gates: (names) => `Gates are ${names}.`,
  tolerance: (duration) => `Up to ${duration} too early or too late is still in time.`,
  zone: (name, gates) => `Tickets of zone ${name} enter through ${gates}.`,
  entries: (count) => `may enter ${times(count)} in all`,
  entriesPerDay: (count) => `may enter ${times(count)} a day`,
  entriesPerGate: (count) => `may enter ${times(count)} through each gate`,
  reentry: {
    none: 'who has entered does not enter again, also not after leaving',
    'after-exit': 'who has left through an exit lane may come back, which uses no entry',
    free: 'may enter again without having left, and each entry counts',
  },
  checkOut: (time) => `counts as gone at ${time}, when a new day begins`,
  minimum: (duration) => `at least ${duration} from one entry to the next`,
  windows: (spans) => `may enter only ${spans}`,
  companion: 'who enters with somebody does so together with them or while they are inside',
  attention: {
    lamp: (flag) => `For tickets marked ${flag} the lane lights a lamp for staff.`,
    wait: (flag) => `For tickets marked ${flag} the lane waits for staff.`,
  },
  paused: (gates, from, until) => {
    const where = gates === undefined ? 'at all gates' : `at ${gates}`;
    const since = from === undefined ? '' : ` from ${from}`;
    return `Entry is paused ${where}${since}${until === undefined ? '' : ` until ${until}`}.`;
  },
  parts: 'A party enters in parts: one ticket at a tap, with those that enter with it.',
  together: 'All tickets of a card that may enter here and now enter at one tap.',
  faceCheck: 'Staff compare the face before the lane opens.',
  annul: (duration) => `An entry is taken back when nobody passed for ${duration}.`,
  listAge: (stale, refuse) =>
    `Lanes show amber with a list older than ${stale}, and refuse after ${refuse}.`,
  revocation: {
    stale: (duration) =>
      `Lanes show amber when certificates were last checked over ${duration} ago.`,
    refuse: (duration) => `Lanes refuse when certificates were last checked over ${duration} ago.`,
  },
  timeZone: (name) => `Times are those of ${name}.`,
};

export const JA: Words = {
  list: (items) => items.join('、'),
  duration: (seconds) =>
    parts(seconds)
      .map(([value, unit]) => `${value}${UNITS_JA[unit]}`)
      .join(''),
  span: (from, until) => `${from}から${until}まで`,
  category: (names) => `${names}の券`,
  flag: (name) => `「${name}」`,
  everybody: 'すべての券',
  rule: (who, says) => `${who}は、${says}。`,
  gates: (names) => `ゲートは${names}です。`,
  tolerance: (duration) => `前後${duration}までは時間内とします。`,
  zone: (name, gates) => `${name}エリアの券は、${gates}から入場できます。`,
  entries: (count) => `全部で${count}回まで入場できます`,
  entriesPerDay: (count) => `1日に${count}回まで入場できます`,
  entriesPerGate: (count) => `ゲートごとに${count}回まで入場できます`,
  reentry: {
    none: '一度入場したら、退場したあとも再び入場できません',
    'after-exit': '退場レーンから出た人は再び入場でき、回数には数えません',
    free: '退場の記録がなくても再び入場でき、そのつど1回と数えます',
  },
  checkOut: (time) => `${time}に全員が退場したものとし、新しい日が始まります`,
  minimum: (duration) => `次の入場まで${duration}以上あけます`,
  windows: (spans) => `${spans}に限り入場できます`,
  companion: '同行者と一緒に、または同行者が場内にいる間に入場します',
  attention: {
    lamp: (flag) => `${flag}の券では、係員に知らせるランプがつきます。`,
    wait: (flag) => `${flag}の券では、係員の確認を待ちます。`,
  },
  paused: (gates, from, until) => {
    const since = from === undefined ? '' : `${from}から`;
    const till = until === undefined ? '' : `${until}まで`;
    return `${since}${till}${since || till ? '、' : ''}${gates ?? 'すべてのゲート'}の入場を止めます。`;
  },
  parts: '一行は分かれて入場します。1回のタッチで1枚と、その同行の券が入場します。',
  together: 'そのとき、そこから入場できる券は、1回のタッチですべて入場します。',
  faceCheck: '係員が顔を確認してから、レーンが開きます。',
  annul: (duration) => `${duration}のあいだ誰も通らなければ、入場を取り消します。`,
  listAge: (stale, refuse) =>
    `リストが${stale}より古いと黄色で示し、${refuse}を過ぎると入場を止めます。`,
  revocation: {
    stale: (duration) => `電子証明書の確認が${duration}より前のものは、黄色で示します。`,
    refuse: (duration) => `電子証明書の確認が${duration}より前のものがあれば、入場を止めます。`,
  },
  timeZone: (name) => `時刻は${name}のものです。`,
};
