import { GateError } from '@pinless-gate/protocol/errors';
import { DeclinedError, Report } from '@pinless-gate/test/hardware/report';
import { describe, expect, test } from 'vitest';

const reportOf = (use: (report: Report) => void) => {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line));
  use(report);
  return { report, lines };
};

describe('Report', () => {
  test('has passed when every step has', () => {
    const { report, lines } = reportOf((one) => {
      one.begin('a');
      one.pass('well');
    });
    expect(report.passed).toBe(true);
    expect(lines).toEqual([`ok        ${'a'.padEnd(32)}well`]);
  });

  test('has not passed before the first step', () => {
    expect(reportOf(() => undefined).report.passed).toBe(false);
  });

  test.each<[string, (report: Report) => void, string]>([
    ['a failure', (report) => report.fail('bad', 'ERR_X_Y'), 'failed'],
    ['an error', (report) => report.stop(new GateError('ERR_X_Y', 'bad')), 'failed'],
    ['a no', (report) => report.stop(new DeclinedError()), 'declined'],
  ])('has not passed after %s', (_, end, outcome) => {
    const { report } = reportOf((one) => {
      one.begin('a');
      one.pass('well');
      one.begin('b');
      end(one);
      one.begin('c');
      one.pass('well');
    });
    expect(report.passed).toBe(false);
    expect(report.steps[1]).toMatchObject({ name: 'b', outcome });
  });

  test('says with an error what the card answered last and what to do', () => {
    const { lines } = reportOf((report) => {
      report.begin('b');
      report.stop(new GateError('ERR_X_Y', 'bad', { hint: 'do this' }), '6300 (no)');
    });
    expect(lines).toEqual([
      `FAILED    ${'b'.padEnd(32)}bad; last answer 6300 (no) [ERR_X_Y]`,
      '          -> do this',
    ]);
  });
});
