import { defineConfig } from 'vitest/config';

/** Daemons, browsers, processes: what takes a second takes many where the machine is busy. */
const SLOW = { timeoutMs: 120_000, pollMs: 30_000 };

// Native addons of ours do not load twice in one process: every test file gets a process of its own.
export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: ['test/kept-rsa-keys.ts'],
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
      suite('e2e', 'test/e2e/**/*.test.ts', { ...SLOW, globalSetup: 'test/e2e/gate/prepared.ts' }),
      suite('browser', 'test/browser/**/*.test.ts', SLOW),
    ],
  },
});

interface SuiteOptions {
  readonly timeoutMs?: number;
  /** How long an `expect.poll` waits where it does not say. */
  readonly pollMs?: number;
  /** Runs once, before the first file. */
  readonly globalSetup?: string;
}

function suite(name: string, include: string, options: SuiteOptions = {}) {
  const { timeoutMs = 30_000, pollMs = 15_000, globalSetup } = options;
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      expect: { poll: { timeout: pollMs } },
      ...(globalSetup !== undefined && { globalSetup }),
    },
  };
}
