import type { Policy } from '@pinless-gate/protocol/policy';
import { ruleSentences } from '@pinless-gate/protocol/rule-sentences';
import { describe, expect, test } from 'vitest';

const BARE: Policy = { gates: ['A'], toleranceS: 0, staleAfterS: 86_400, refuseAfterS: 259_200 };
const at = (text: string) => Date.parse(text) / 1000;
const FULL: Policy = {
  ...BARE,
  gates: ['A', 'B', 'C'],
  toleranceS: 600,
  revocationStaleAfterS: 129_600,
  revocationRefuseAfterS: 172_800,
  timeZone: 'Asia/Tokyo',
  zones: [{ name: 'Arena', gates: ['A', 'B'] }],
  rules: [
    {
      categories: ['pass'],
      entries: 3,
      entriesPerDay: 1,
      entriesPerGate: 2,
      reentry: 'after-exit',
      checkOutMinute: 245,
      minimumS: 5400,
      windows: [{ from: at('2026-12-20T15:00+09:00'), until: at('2026-12-20T17:30+09:00') }],
      companion: 'required',
    },
    { reentry: 'none' },
    { categories: ['a', 'b', 'c'], reentry: 'free' },
  ],
  attention: [
    { flag: 'child', lane: 'lamp' },
    { flag: 'concession', lane: 'wait' },
  ],
  paused: [
    { gates: ['C'], from: at('2026-12-20T18:00+09:00'), until: at('2026-12-20T18:30+09:00') },
    { from: at('2026-12-20T23:00+09:00') },
    {},
  ],
  arrival: 'parts',
  faceCheck: 'staff',
  passage: { annulAfterS: 61 },
};

describe('ruleSentences', () => {
  test('of a policy without rules', () => {
    expect(ruleSentences(BARE, 'en')).toEqual([
      'Gates are A.',
      'All tickets of a card that may enter here and now enter at one tap.',
      'Lanes show amber with a list older than 1 day, and refuse after 3 days.',
    ]);
  });

  test('in English', () => {
    expect(ruleSentences(FULL, 'en')).toEqual([
      'Gates are A, B and C.',
      'Up to 10 minutes too early or too late is still in time.',
      'Tickets of zone Arena enter through A and B.',
      'For tickets of pass: may enter 3 times in all.',
      'For tickets of pass: may enter once a day.',
      'For tickets of pass: may enter 2 times through each gate.',
      'For tickets of pass: who has left through an exit lane may come back, which uses no entry.',
      'For tickets of pass: counts as gone at 04:05, when a new day begins.',
      'For tickets of pass: at least 1 hour 30 minutes from one entry to the next.',
      'For tickets of pass: may enter only from 2026-12-20 15:00 until 2026-12-20 17:30.',
      'For tickets of pass: who enters with somebody does so together with them or while they are inside.',
      'For every ticket: who has entered does not enter again, also not after leaving.',
      'For tickets of a, b and c: may enter again without having left, and each entry counts.',
      'For tickets marked “child” the lane lights a lamp for staff.',
      'For tickets marked “concession” the lane waits for staff.',
      'Entry is paused at C from 2026-12-20 18:00 until 2026-12-20 18:30.',
      'Entry is paused at all gates from 2026-12-20 23:00.',
      'Entry is paused at all gates.',
      'A party enters in parts: one ticket at a tap, with those that enter with it.',
      'Staff compare the face before the lane opens.',
      'An entry is taken back when nobody passed for 1 minute 1 second.',
      'Lanes show amber with a list older than 1 day, and refuse after 3 days.',
      'Lanes show amber when certificates were last checked over 1 day 12 hours ago.',
      'Lanes refuse when certificates were last checked over 2 days ago.',
      'Times are those of Asia/Tokyo.',
    ]);
  });

  test('in Japanese', () => {
    expect(ruleSentences(FULL, 'ja')).toEqual([
      'ゲートはA、B、Cです。',
      '前後10分までは時間内とします。',
      'Arenaエリアの券は、A、Bから入場できます。',
      'passの券は、全部で3回まで入場できます。',
      'passの券は、1日に1回まで入場できます。',
      'passの券は、ゲートごとに2回まで入場できます。',
      'passの券は、退場レーンから出た人は再び入場でき、回数には数えません。',
      'passの券は、04:05に全員が退場したものとし、新しい日が始まります。',
      'passの券は、次の入場まで1時間30分以上あけます。',
      'passの券は、2026-12-20 15:00から2026-12-20 17:30までに限り入場できます。',
      'passの券は、同行者と一緒に、または同行者が場内にいる間に入場します。',
      'すべての券は、一度入場したら、退場したあとも再び入場できません。',
      'a、b、cの券は、退場の記録がなくても再び入場でき、そのつど1回と数えます。',
      '「child」の券では、係員に知らせるランプがつきます。',
      '「concession」の券では、係員の確認を待ちます。',
      '2026-12-20 18:00から2026-12-20 18:30まで、Cの入場を止めます。',
      '2026-12-20 23:00から、すべてのゲートの入場を止めます。',
      'すべてのゲートの入場を止めます。',
      '一行は分かれて入場します。1回のタッチで1枚と、その同行の券が入場します。',
      '係員が顔を確認してから、レーンが開きます。',
      '1分1秒のあいだ誰も通らなければ、入場を取り消します。',
      'リストが1日より古いと黄色で示し、3日を過ぎると入場を止めます。',
      '電子証明書の確認が1日12時間より前のものは、黄色で示します。',
      '電子証明書の確認が2日より前のものがあれば、入場を止めます。',
      '時刻はAsia/Tokyoのものです。',
    ]);
  });
});
