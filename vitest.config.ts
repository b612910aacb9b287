import { defineConfig } from 'vitest/config';

// Native addons of ours do not load twice in one process: every test file gets a process of its own.
export default defineConfig({
  test: {
    pool: 'forks',
    // Of the code that decides whether a card is genuine: every branch is taken by a test (test/run.ts).
    coverage: {
      provider: 'v8',
      include: ['{certificate,apdu,cvc}/*', 'tlv'].map((part) => `protocol/*/${part}.{js,ts}`),
      exclude: ['**/*.d.ts', 'test/**'],
      reporter: [['text', { skipFull: true }]],
      reportsDirectory: '.run/coverage',
      thresholds: { branches: 100 },
    },
    projects: [
      suite('layers', 'test/*.test.ts'),
      suite('unit', 'test/unit/**/*.test.{ts,tsx}'),
      suite('vectors', 'test/vectors/**/*.test.ts'),
      suite('e2e', 'test/e2e/**/*.test.ts', { timeoutMs: 60_000, alone: true }),
      suite('browser', 'test/browser/**/*.test.ts', { timeoutMs: 60_000, alone: true }),
    ],
  },
});

interface SuiteOptions {
  readonly timeoutMs?: number;
  /** Files run one after another: they start daemons and browsers, and some measure. */
  readonly alone?: boolean;
}

function suite(name: string, include: string, { timeoutMs = 5000, alone }: SuiteOptions = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      testTimeout: timeoutMs,
      hookTimeout: Math.max(timeoutMs, 10_000),
      fileParallelism: alone !== true,
    },
  };
}
