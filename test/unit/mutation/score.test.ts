import { parseReport, scoreOf } from '@pinless-gate/test/mutation/score';
import { describe, expect, test } from 'vitest';

const report = (...statuses: readonly string[]) =>
  JSON.stringify({
    files: {
      'protocol/src/tlv.ts': {
        mutants: statuses.map((status, i) => ({
          mutatorName: 'BooleanLiteral',
          replacement: 'true',
          status,
          statusReason: 'why',
          location: { start: { line: i + 1, column: 3 }, end: { line: i + 1, column: 4 } },
        })),
      },
    },
  });

describe('score', () => {
  test('what timed out was told, what no test reaches was not', () => {
    const statuses = ['Killed', 'Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored'];
    expect(scoreOf(parseReport(report(...statuses)))).toEqual({
      killed: 2,
      survived: 1,
      timedOut: 1,
      noCoverage: 1,
      ignored: 1,
      errors: 0,
      score: 60,
    });
  });

  test('nothing changed is nothing told', () => {
    expect(scoreOf([]).score).toBe(0);
  });

  test('what ended otherwise is an error', () => {
    const ended = parseReport(report('Killed', 'RuntimeError', 'CompileError', 'Pending'));
    expect(scoreOf(ended)).toMatchObject({ errors: 3, score: 100 });
  });

  test('each change with its place', () => {
    expect(parseReport(report('Survived', 'Ignored'))).toEqual([
      {
        file: 'protocol/src/tlv.ts',
        line: 1,
        column: 3,
        mutator: 'BooleanLiteral',
        replacement: 'true',
        status: 'Survived',
        why: undefined,
      },
      expect.objectContaining({ line: 2, status: 'Ignored', why: 'why' }),
    ]);
  });
});
