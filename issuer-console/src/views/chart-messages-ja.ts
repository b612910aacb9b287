import type { ChartMessages } from './chart-messages.ts';

export const chartsJa: ChartMessages = {
  heading: '入場の推移',
  none: '最初のタップの後に、グラフを表示します',
  table: '同じ内容を表で見る',
  time: '時刻',
  all: '合計',
  entered: {
    title: '入場者の累計',
    what: '5 分ごとの累計と、リストの枚数',
    expected: (n) => `リスト ${n} 枚`,
    told: (entered, expected, moment) =>
      `${moment} までに ${entered} 名${expected === undefined ? '' : `(リスト ${expected} 枚)`}。`,
    sum: '累計',
  },
  pace: {
    title: '5 分ごとの入場者',
    what: 'ゲートごと。目盛りは共通',
    told: (most, moment) => `最も多かったのは ${moment} からの 5 分で ${most} 名。`,
  },
  durations: {
    title: 'タップの所要時間',
    what: '半数と、100 回中 95 回が収まる時間。誤差は 20 分の 1 以内',
    gate: 'ゲート',
    taps: 'タップ',
    half: '半数 ms',
    most: '95 % ms',
    told: (gate, ms) => `最も遅いのは ${gate} で、100 回中 95 回が ${ms} ms 以内。`,
  },
  refusals: {
    title: '理由ごとの拒否',
    what: '拒否したタップの数',
    reason: '理由',
    taps: 'タップ',
    empty: '拒否はありません',
    told: (n, reason) => `最も多いのは「${reason}」で ${n} 回。`,
  },
  noForecast:
    '見込みは示しません。再入場も入場に数えるうえ、これから来る人数はここでは分からないためです。',
  purchases: {
    title: '購入の推移',
    what: '1 時間ごとの件数',
    series: {
      paid: '支払い済み',
      pending: '支払い待ち',
      cancelled: '取り消し',
      linked: '後から結びついたカード',
    },
    told: (paid, moment) => `${moment} に支払い済み ${paid} 件。`,
  },
  lists: {
    title: '版ごとのリストの大きさ',
    what: '公開したリストの枚数',
    version: '版',
    entries: '枚数',
    told: (version, entries) => `最新は第 ${version} 版、${entries} 枚。`,
  },
};
