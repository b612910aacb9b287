import type { StaffText } from './staff-text.ts';

/** What staff read of a refusal, in Japanese. */
export const STAFF_TEXT_JA = {
  'not-listed': {
    what: 'リストにないカード',
    next: '購入に使ったカードか、更新前のカードかを確認',
  },
  'already-admitted': { what: '入場済みの券', next: '前回の入場時刻を確認し、再入場の可否を判断' },
  'wrong-gate': { what: '別のゲートの券', next: '券面のゲートへ案内' },
  'too-early': { what: '入場開始前の券', next: '入場開始時刻を案内' },
  'too-late': { what: '入場時間を過ぎた券', next: '責任者の判断を仰ぐ' },
  'certificate-expired': { what: '電子証明書の有効期限切れ', next: '本人確認のうえ案内所で対応' },
  'certificate-not-yet-valid': {
    what: '電子証明書の有効期間前',
    next: 'ゲートの時計を確認し、案内所で対応',
  },
  'certificate-not-trusted': {
    what: '信頼できない電子証明書',
    next: '偽造の疑い。カードを返し、責任者へ連絡',
  },
  'card-not-authentic': {
    what: 'カードの真正性を確認できない',
    next: '複製の疑い。カードを返し、責任者へ連絡',
  },
  'surface-mismatch': {
    what: '登録時のカードと一致しない',
    next: '複製または他人のカードの疑い。カードを返し、責任者へ連絡',
  },
  'card-not-linked': { what: 'かざし利用の登録がないカード', next: '案内所で本人確認' },
  'birth-date-refused': {
    what: 'カードが生年月日の照合を拒んだ',
    next: '同じカードで再試行しない。案内所で本人確認',
  },
  'birth-date-few-tries': {
    what: '生年月日照合の残り回数が少ない',
    next: '照合していない。再試行せず、案内所で本人確認',
  },
  'card-blocked': {
    what: '生年月日照合がロックされたカード',
    next: '案内所で本人確認。解除は市区町村の窓口',
  },
  'terminal-refused': {
    what: 'カードがこの端末を認めない',
    next: '同じカードで再試行しない。別レーンか案内所へ',
  },
  phone: { what: 'スマートフォンがかざされた', next: 'マイナンバーカード本体をお願いする' },
  'old-card': { what: '住民基本台帳カードがかざされた', next: 'マイナンバーカードをお願いする' },
  'test-card': { what: '試験用のカード', next: '本番のカードをお願いする。配られた経緯を責任者へ' },
  'no-certificate': { what: '利用者証明用電子証明書がないカード', next: '案内所で本人確認' },
  'unknown-card': { what: '対応していないカード', next: 'マイナンバーカードをお願いする' },
  'card-removed': { what: 'カードが早く離された', next: 'もう一度かざすよう案内' },
  'card-fault': { what: 'カードの応答が正しくない', next: 'もう一度だけ試し、だめなら案内所へ' },
  'card-too-slow': { what: 'カードの応答が遅い', next: 'カードケースから出してもう一度' },
  'record-unreadable': { what: 'リストの記録を開けない', next: '案内所へ。責任者に連絡' },
  'list-missing': { what: 'リストがまだない', next: 'リストの配布を確認' },
  'list-expired': { what: 'リストの期限切れ', next: '新しいリストを配布' },
  'revocation-too-old': {
    what: '電子証明書の有効性確認が古い',
    next: '有効性を確認し直し、新しいリストを配布',
  },
  'ticket-blocked': { what: '係員が止めた券', next: '止めた理由を確認し、責任者へ' },
  'wrong-zone': { what: '別のエリアの券', next: '券面のエリアの入口へ案内' },
  'gate-limit': { what: 'このゲートでの入場回数の上限', next: 'ほかのゲートへ案内' },
  'daily-limit': {
    what: '本日の入場回数の上限',
    next: '本日の入場記録を確認し、責任者の判断を仰ぐ',
  },
  'not-yet-minimum-time': {
    what: '前回の入場から間がない',
    next: '前回の入場時刻を確認し、待ち時間を案内',
  },
  'still-inside': {
    what: '退場の記録がない券',
    next: '場内の本人を確認。カードの貸し借りでなければ退場を記録',
  },
  'no-reentry': { what: '再入場できない券', next: '再入場の決まりを案内し、例外は責任者へ' },
  'companion-first': { what: '同行者が先に入場する券', next: '同行者と一緒に入場するよう案内' },
  'event-paused': { what: '入場の一時停止中', next: '再開の見込みを案内し、列を止める' },
  'lane-closed': { what: '閉じているレーン', next: '開いているレーンへ案内' },
  'lane-exit-only': { what: '退場専用のレーン', next: '入場レーンへ案内' },
  'lane-entry-only': { what: '入場専用のレーン', next: '退場レーンへ案内' },
  evacuation: { what: '避難中', next: '誰も入れず、出口へ誘導' },
  'not-inside': {
    what: '入場の記録がない退場',
    next: 'そのまま退場してもらい、入場のしかたを記録',
  },
  'already-open': {
    what: 'このカードで開けたまま、まだ通っていない',
    next: 'そのまま通るよう案内',
  },
  'staff-declined': { what: '係員が入場を見合わせた', next: '案内所で対応' },
  'clock-fault': { what: 'ゲートの時計が正しくない', next: '別レーンへ案内し、時計を合わせる' },
  'gate-fault': { what: 'ゲートの故障', next: '別レーンへ案内し、表示されたコードを連絡' },
} as const satisfies Record<string, StaffText>;
