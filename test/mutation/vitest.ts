/**
 * Stands in for `vitest` where mutants are tested: tests are collected once and run in this process, thousands
 * of times over. What of vitest's interface the tests of protocol/ use is here, `expect` is vitest's own.
 */

type Body = (...values: never[]) => unknown;

export interface CollectedTest {
  /** File and place in it: names need not be unique. */
  readonly id: string;
  readonly name: string;
  readonly run: () => unknown;
}

let collected: CollectedTest[] = [];
let file = '';
let suites: string[] = [];

/** The tests that `load` defines by importing a file. */
export async function collect(path: string, load: () => Promise<unknown>) {
  collected = [];
  file = path;
  await load();
  return collected;
}

function addTest(name: string, run: () => unknown): void {
  const id = `${file}#${collected.length}`;
  collected.push({ id, name: [...suites, name].join(' '), run });
}

function addSuite(name: string, define: () => unknown): void {
  suites = [...suites, name];
  define();
  suites = suites.slice(0, -1);
}

/** A row of a table is the arguments; anything else is the only one. */
function each(add: (name: string, run: () => unknown) => void) {
  return (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const [i, row] of rows.entries()) {
      const values = (Array.isArray(row) ? row : [row]) as never[];
      add(`${name} [${i}]`, () => body(...values));
    }
  };
}

export const test = Object.assign(addTest, { each: each(addTest) });
export const describe = Object.assign(addSuite, { each: each(addSuite) });
export { expect } from 'vitest';
