/**
 * Why a tap does not admit: stable codes that journal, console and metrics share, with what staff read.
 * What attendees read says what to do, not what is wrong; it is the gate's own (admission/refusal).
 */
export const REFUSAL_REASONS = [
  'not-listed',
  'already-admitted',
  'wrong-gate',
  'too-early',
  'too-late',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-not-trusted',
  'card-not-authentic',
  'surface-mismatch',
  'card-not-linked',
  'birth-date-refused',
  'birth-date-few-tries',
  'card-blocked',
  'terminal-refused',
  'phone',
  'old-card',
  'test-card',
  'no-certificate',
  'unknown-card',
  'card-removed',
  'card-fault',
  'card-too-slow',
  'record-unreadable',
  'list-missing',
  'list-expired',
  'revocation-too-old',
  'ticket-blocked',
  'wrong-zone',
  'gate-limit',
  'daily-limit',
  'not-yet-minimum-time',
  'still-inside',
  'no-reentry',
  'companion-first',
  'event-paused',
  'lane-closed',
  'lane-exit-only',
  'lane-entry-only',
  'evacuation',
  'not-inside',
  'already-open',
  'staff-declined',
  'clock-fault',
  'gate-fault',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface StaffText {
  /** What happened. */
  readonly what: string;
  /** What to check or do next. */
  readonly next: string;
}

/** A new reason does not compile until staff can read it. */
export const STAFF_TEXT: Record<RefusalReason, { readonly ja: StaffText; readonly en: StaffText }> =
  {
    'not-listed': {
      ja: { what: 'リストにないカード', next: '購入に使ったカードか、更新前のカードかを確認' },
      en: {
        what: 'Card is not on the list',
        next: 'Ask whether it is the card used to buy, or a renewed one',
      },
    },
    'already-admitted': {
      ja: { what: '入場済みの券', next: '前回の入場時刻を確認し、再入場の可否を判断' },
      en: {
        what: 'Ticket has already entered',
        next: 'Look up when it entered; decide on re-entry',
      },
    },
    'wrong-gate': {
      ja: { what: '別のゲートの券', next: '券面のゲートへ案内' },
      en: { what: 'Ticket is for another gate', next: 'Point the way to the gate on the ticket' },
    },
    'too-early': {
      ja: { what: '入場開始前の券', next: '入場開始時刻を案内' },
      en: { what: 'Admission has not begun for this ticket', next: 'Say when it begins' },
    },
    'too-late': {
      ja: { what: '入場時間を過ぎた券', next: '責任者の判断を仰ぐ' },
      en: { what: 'Admission time of this ticket has passed', next: 'Ask the person in charge' },
    },
    'certificate-expired': {
      ja: { what: '電子証明書の有効期限切れ', next: '本人確認のうえ案内所で対応' },
      en: { what: 'Certificate on the card has expired', next: 'Check identity at the help desk' },
    },
    'certificate-not-yet-valid': {
      ja: { what: '電子証明書の有効期間前', next: 'ゲートの時計を確認し、案内所で対応' },
      en: {
        what: 'Certificate on the card is not valid yet',
        next: "Check the gate's clock, then the help desk",
      },
    },
    'certificate-not-trusted': {
      ja: { what: '信頼できない電子証明書', next: '偽造の疑い。カードを返し、責任者へ連絡' },
      en: {
        what: 'Certificate was not issued by a trusted CA',
        next: 'Possible forgery: hand the card back, call the lead',
      },
    },
    'card-not-authentic': {
      ja: { what: 'カードの真正性を確認できない', next: '複製の疑い。カードを返し、責任者へ連絡' },
      en: {
        what: 'Card could not prove its key',
        next: 'Possible copy: hand the card back, call the lead',
      },
    },
    'surface-mismatch': {
      ja: {
        what: '登録時のカードと一致しない',
        next: '複製または他人のカードの疑い。カードを返し、責任者へ連絡',
      },
      en: {
        what: 'Certificate and chip are not the card that was linked',
        next: 'Possible copy: hand the card back, call the lead',
      },
    },
    'card-not-linked': {
      ja: { what: 'かざし利用の登録がないカード', next: '案内所で本人確認' },
      en: {
        what: 'Card was not linked for tapping without PIN',
        next: 'Check identity at the help desk',
      },
    },
    'birth-date-refused': {
      ja: {
        what: 'カードが生年月日の照合を拒んだ',
        next: '同じカードで再試行しない。案内所で本人確認',
      },
      en: {
        what: 'Card did not accept the birth date',
        next: 'Do not retry this card; check identity at the help desk',
      },
    },
    'birth-date-few-tries': {
      ja: {
        what: '生年月日照合の残り回数が少ない',
        next: '照合していない。再試行せず、案内所で本人確認',
      },
      en: {
        what: 'Few tries are left for the birth date, none was used',
        next: 'Do not retry this card; check identity at the help desk',
      },
    },
    'card-blocked': {
      ja: {
        what: '生年月日照合がロックされたカード',
        next: '案内所で本人確認。解除は市区町村の窓口',
      },
      en: {
        what: 'Birth date check of this card is blocked',
        next: 'Check identity at the help desk; the municipality can unblock it',
      },
    },
    'terminal-refused': {
      ja: {
        what: 'カードがこの端末を認めない',
        next: '同じカードで再試行しない。別レーンか案内所へ',
      },
      en: {
        what: 'Card does not accept this terminal',
        next: 'Do not retry this card; use the help desk',
      },
    },
    phone: {
      ja: { what: 'スマートフォンがかざされた', next: 'マイナンバーカード本体をお願いする' },
      en: { what: 'A phone was held up', next: 'Ask for the card itself' },
    },
    'old-card': {
      ja: { what: '住民基本台帳カードがかざされた', next: 'マイナンバーカードをお願いする' },
      en: {
        what: 'An old residents’ card was held up',
        next: 'Ask for the My Number Card, which replaced it',
      },
    },
    'test-card': {
      ja: { what: '試験用のカード', next: '本番のカードをお願いする。配られた経緯を責任者へ' },
      en: {
        what: 'Card of the test hierarchy (JPKI-TEST)',
        next: 'Ask for a real card; tell the lead where it came from',
      },
    },
    'no-certificate': {
      ja: { what: '利用者証明用電子証明書がないカード', next: '案内所で本人確認' },
      en: {
        what: 'Card holds no authentication certificate',
        next: 'Check identity at the help desk',
      },
    },
    'unknown-card': {
      ja: { what: '対応していないカード', next: 'マイナンバーカードをお願いする' },
      en: { what: 'Not a card this gate knows', next: 'Ask for the My Number Card' },
    },
    'card-removed': {
      ja: { what: 'カードが早く離された', next: 'もう一度かざすよう案内' },
      en: { what: 'Card was taken away too early', next: 'Ask to hold it once more' },
    },
    'card-fault': {
      ja: { what: 'カードの応答が正しくない', next: 'もう一度だけ試し、だめなら案内所へ' },
      en: { what: 'Card answered wrongly', next: 'Try once more, then the help desk' },
    },
    'card-too-slow': {
      ja: { what: 'カードの応答が遅い', next: 'カードケースから出してもう一度' },
      en: { what: 'Card took too long', next: 'Take it out of its case and try again' },
    },
    'record-unreadable': {
      ja: { what: 'リストの記録を開けない', next: '案内所へ。責任者に連絡' },
      en: { what: 'Entry of the list cannot be opened', next: 'Help desk; tell the lead' },
    },
    'list-missing': {
      ja: { what: 'リストがまだない', next: 'リストの配布を確認' },
      en: { what: 'Gate has no list yet', next: 'Check that the list was published' },
    },
    'list-expired': {
      ja: { what: 'リストの期限切れ', next: '新しいリストを配布' },
      en: { what: 'List has expired', next: 'Publish a new list' },
    },
    'revocation-too-old': {
      ja: {
        what: '電子証明書の有効性確認が古い',
        next: '有効性を確認し直し、新しいリストを配布',
      },
      en: {
        what: 'Certificates were last checked too long ago',
        next: 'Check their validity again and publish a new list',
      },
    },
    'ticket-blocked': {
      ja: { what: '係員が止めた券', next: '止めた理由を確認し、責任者へ' },
      en: { what: 'Ticket was blocked by staff', next: 'Look up why it was blocked; ask the lead' },
    },
    'wrong-zone': {
      ja: { what: '別のエリアの券', next: '券面のエリアの入口へ案内' },
      en: { what: 'Ticket is for another zone', next: 'Point the way to an entrance of that zone' },
    },
    'gate-limit': {
      ja: { what: 'このゲートでの入場回数の上限', next: 'ほかのゲートへ案内' },
      en: {
        what: 'Ticket has entered here as often as it may',
        next: 'Point the way to another gate',
      },
    },
    'daily-limit': {
      ja: { what: '本日の入場回数の上限', next: '本日の入場記録を確認し、責任者の判断を仰ぐ' },
      en: {
        what: 'Ticket has entered as often as it may today',
        next: 'Look up today’s entries; ask the person in charge',
      },
    },
    'not-yet-minimum-time': {
      ja: { what: '前回の入場から間がない', next: '前回の入場時刻を確認し、待ち時間を案内' },
      en: {
        what: 'Too soon after the last entry',
        next: 'Look up when it entered; say how long to wait',
      },
    },
    'still-inside': {
      ja: {
        what: '退場の記録がない券',
        next: '場内の本人を確認。カードの貸し借りでなければ退場を記録',
      },
      en: {
        what: 'Ticket is inside, no exit was recorded',
        next: 'Check who holds the card; if it is the holder, record the exit',
      },
    },
    'no-reentry': {
      ja: { what: '再入場できない券', next: '再入場の決まりを案内し、例外は責任者へ' },
      en: {
        what: 'Ticket may not come back',
        next: 'Explain the rule on re-entry; exceptions are for the lead',
      },
    },
    'companion-first': {
      ja: { what: '同行者が先に入場する券', next: '同行者と一緒に入場するよう案内' },
      en: {
        what: 'Ticket enters together with its companion',
        next: 'Ask for the companion’s card first',
      },
    },
    'event-paused': {
      ja: { what: '入場の一時停止中', next: '再開の見込みを案内し、列を止める' },
      en: { what: 'Entry is paused', next: 'Say when it is likely to go on; hold the queue' },
    },
    'lane-closed': {
      ja: { what: '閉じているレーン', next: '開いているレーンへ案内' },
      en: { what: 'Lane is closed', next: 'Point the way to an open lane' },
    },
    'lane-exit-only': {
      ja: { what: '退場専用のレーン', next: '入場レーンへ案内' },
      en: { what: 'Lane is for leaving only', next: 'Point the way to a lane for entering' },
    },
    'lane-entry-only': {
      ja: { what: '入場専用のレーン', next: '退場レーンへ案内' },
      en: { what: 'Lane is for entering only', next: 'Point the way to a lane for leaving' },
    },
    evacuation: {
      ja: { what: '避難中', next: '誰も入れず、出口へ誘導' },
      en: { what: 'Venue is being cleared', next: 'Let nobody in; lead people to the exits' },
    },
    'not-inside': {
      ja: { what: '入場の記録がない退場', next: 'そのまま退場してもらい、入場のしかたを記録' },
      en: {
        what: 'Leaves, and no entry is known',
        next: 'Let the person out; note how they came in',
      },
    },
    'already-open': {
      ja: { what: 'このカードで開けたまま、まだ通っていない', next: 'そのまま通るよう案内' },
      en: {
        what: 'Lane is open for this card, nobody has passed yet',
        next: 'Ask the person to go through',
      },
    },
    'staff-declined': {
      ja: { what: '係員が入場を見合わせた', next: '案内所で対応' },
      en: { what: 'Staff did not let the person in', next: 'Continue at the help desk' },
    },
    'clock-fault': {
      ja: { what: 'ゲートの時計が正しくない', next: '別レーンへ案内し、時計を合わせる' },
      en: { what: 'The gate’s clock is wrong', next: 'Send people to another lane; set the clock' },
    },
    'gate-fault': {
      ja: { what: 'ゲートの故障', next: '別レーンへ案内し、表示されたコードを連絡' },
      en: { what: 'Gate has a fault', next: 'Send people to another lane; report the code shown' },
    },
  };
