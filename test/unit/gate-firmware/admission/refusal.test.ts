import { ATTENDEE_TEXT, RETRY_HERE } from '@pinless-gate/gate-firmware/admission/refusal';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { REFUSAL_REASONS, STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import { describe, expect, test } from 'vitest';

/** Words that say what is wrong with somebody, which is the staff's to know. */
const BLAME =
  /無効|偽|複製|不正|期限|失効|登録されて|エラー|invalid|forge|fake|copy|expired|revoked|error|denied|refused|not listed|无效|伪|过期|失效|错误|拒绝|未登记|무효|위조|만료|실효|오류|거부|거절/i;

describe('ATTENDEE_TEXT', () => {
  test.each(REFUSAL_REASONS)('%s: says what to do, in every language', (reason) => {
    for (const language of LANGUAGES) {
      const { title, action } = ATTENDEE_TEXT[reason][language];
      expect(title.length).toBeGreaterThan(3);
      expect(action.length).toBeGreaterThan(3);
      expect(`${title} ${action}`).not.toMatch(BLAME);
    }
    for (const language of ['ja', 'en'] as const) {
      const { title } = ATTENDEE_TEXT[reason][language];
      expect(title).not.toBe(STAFF_TEXT[reason][language].what);
    }
  });

  test.each(['card-not-authentic', 'certificate-not-trusted', 'not-listed'] as const)(
    '%s cannot be told from other reasons by who stands behind',
    (reason) => expect(ATTENDEE_TEXT[reason]).toEqual(ATTENDEE_TEXT['already-admitted']),
  );

  test('a card that a wrong answer may have cost a try is not asked for again', () => {
    expect(RETRY_HERE.has('terminal-refused')).toBe(false);
    expect(ATTENDEE_TEXT['terminal-refused'].ja.title).not.toContain('もう一度');
  });
});
