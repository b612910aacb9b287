import { printerTable } from '@pinless-gate/gate-firmware/receipt/config';
import { describe, expect, test } from 'vitest';

const printer = (more: object) =>
  printerTable.safeParse({ driver: 'cups', queue: 'lane-1', ...more });

describe('the languages of a printer', () => {
  test('what every printer has, where nothing is said', () => {
    expect(printer({}).data).toMatchObject({ encoding: 'cp932', languages: ['ja', 'en'] });
  });

  test('others only where its encoding can hold them', () => {
    const languages = ['ja', 'en', 'zh', 'ko'];
    expect(printer({ languages, encoding: 'utf-8' }).success).toBe(true);
    expect(printer({ languages }).error?.issues).toMatchObject([{ path: ['languages'] }]);
    expect(printer({ languages: ['fr'], encoding: 'utf-8' }).success).toBe(false);
  });
});
