import type { DisplayState, ShownTicket } from '@pinless-gate/gate-firmware/display/state';
import type { Language } from '@pinless-gate/protocol/record';

/** Everything that an attendee display can show, with seats from the plainest to the widest. */

type Admitted = Extract<DisplayState, { state: 'admitted' }>;

export const WIDE = { gate: '北2ゲート', block: 'アリーナA', row: '立見', number: '10105' };

export const ticket = (number: number, more: Partial<ShownTicket> = {}): ShownTicket => ({
  seat: { gate: 'B', block: '112', row: '7', number: String(number) },
  category: 'adult',
  place: 1,
  ...more,
});

/** What the venue says of the ways to its gates and zones. */
export const WAYS = new Map([
  [
    'B',
    {
      arrow: 'up',
      text: {
        ja: '右手の階段を2階へ',
        en: 'Up the stairs on your right',
        zh: '走右侧楼梯上二楼',
        ko: '오른쪽 계단으로 2층',
      },
    } as const,
  ],
  ['アリーナ', { arrow: 'ahead', text: { ja: '正面の扉へ', en: 'The doors ahead' } } as const],
  ['東', { arrow: 'left', text: {} } as const],
]);

export const HELP_DESK = {
  ja: '右の「案内」へお越しください →',
  en: 'Help desk on your right →',
  zh: '请前往右侧的服务台 →',
  ko: '오른쪽 안내 데스크로 와 주세요 →',
};

export function states(language: Language): Record<string, DisplayState> {
  const admitted = (tickets: readonly ShownTicket[], more: Partial<Admitted> = {}): Admitted => ({
    state: 'admitted',
    language,
    tickets,
    partySize: tickets.length,
    ...more,
  });
  const refused = (reason: 'not-listed' | 'card-removed'): DisplayState => ({
    state: 'refused',
    language,
    reason,
    code: 'K7-42',
  });
  return {
    idle: { state: 'idle' },
    hold: { state: 'hold', progress: 0.6 },
    removed: { state: 'removed', language, remainingMs: 2000 },
    admitted: admitted([ticket(15)]),
    'admitted-party': admitted([ticket(15, { place: 2 })], { partySize: 4 }),
    'admitted-zone': admitted([ticket(15)], { zone: 'アリーナ', noReceipt: true }),
    'admitted-attention': admitted([ticket(15)], { attention: ['child alone'] }),
    'admitted-gate-only': admitted([ticket(15, { seat: { gate: '東' } })]),
    'admitted-wide': admitted([ticket(15, { seat: WIDE })]),
    'admitted-2': admitted([ticket(15), ticket(16, { place: 2, category: 'child' })]),
    'admitted-4': admitted([15, 16, 17, 18].map((n, i) => ticket(n, { place: i + 1 }))),
    'admitted-scattered': admitted([
      ticket(15),
      ticket(16, { place: 2, seat: WIDE, category: 'プレミアム' }),
    ]),
    'admitted-12': admitted(
      Array.from({ length: 12 }, (_, i) => ticket(i + 15, { place: i + 1 })),
      { partySize: 14 },
    ),
    'admitted-8-wide': admitted(
      Array.from({ length: 8 }, (_, i) =>
        ticket(i, {
          place: i + 1,
          category: 'プレミアム指定席',
          seat: { ...WIDE, number: String(10100 + i) },
        }),
      ),
    ),
    goodbye: admitted([ticket(15)], { direction: 'out' }),
    'refused-help': refused('not-listed'),
    'refused-again': refused('card-removed'),
    'staff-face': { state: 'staff', language, code: 'K7-42', why: 'face-check' },
    'staff-attention': { state: 'staff', language, code: 'K7-42', why: 'attention' },
    'already-open': { state: 'already-open', language },
    open: { state: 'open' },
    evacuate: { state: 'evacuate' },
    'out-of-service': { state: 'out-of-service', code: 'ERR_HSM_DOWN' },
    'out-of-service-clock': { state: 'out-of-service', code: 'ERR_CLOCK_BACK' },
    closed: { state: 'closed' },
  };
}
