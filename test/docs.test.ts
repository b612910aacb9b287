import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { REFUSAL_REASONS, STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import { describe, expect, test } from 'vitest';
import { commandsOf, scriptsOf, undocumented } from './docs/commands.ts';
import {
  anchorsOf,
  type Document,
  linksOf,
  parseDocument,
  pathsOf,
  readDocuments,
  tableBelow,
} from './docs/markdown.ts';
import { refusalsPage } from './docs/refusals.ts';

const ROOT = join(import.meta.dirname, '..');
const documents = readDocuments(ROOT);
const find = (path: string): Document => documents.find((one) => one.path === path)!;
const { workspaces, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  workspaces: string[];
  scripts: Record<string, string>;
};
const FOLDERS = [...workspaces, 'docs', 'scripts'];

/** Programs by name, with what they say of themselves. */
const PROGRAMS: Readonly<Record<string, string>> = {
  hsm: 'hsm',
  whitelist: 'whitelist-builder',
  gate: 'gate-firmware',
  'issuer-console': 'issuer-console',
  sandbox: 'test',
};
const usage = new Map(
  Object.entries(PROGRAMS).map(([name, room]) => {
    const file = join(ROOT, room, 'bin', `${name}.js`);
    return [name, execFileSync(process.execPath, [file, '--help'], { encoding: 'utf8' })];
  }),
);

const brokenLinks = (document: Document): string[] =>
  linksOf(document).filter((target) => {
    const [file, anchor] = target.split('#');
    const path = file === '' ? document.path : posix.join(posix.dirname(document.path), file!);
    if (!existsSync(join(ROOT, path))) return true;
    return anchor !== undefined && !anchorsOf(find(path)).includes(decodeURIComponent(anchor));
  });

describe('documents', () => {
  test('there are some', () => {
    expect(documents.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/quickstart.ja.md']),
    );
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(20);
  });

  test.each(documents.map((document) => [document.path, document] as const))(
    '%s: links lead somewhere',
    (_, document) => {
      expect(brokenLinks(document)).toEqual([]);
    },
  );

  test.each(documents.map((document) => [document.path, document] as const))(
    '%s: files that it names are there',
    (_, document) => {
      const named = pathsOf(document, FOLDERS);
      expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    },
  );

  test.each(documents.map((document) => [document.path, document] as const))(
    '%s: npm scripts are there',
    (_, document) => {
      expect(scriptsOf(document).filter((name) => scripts[name] === undefined)).toEqual([]);
    },
  );

  test.each(documents.map((document) => [document.path, document] as const))(
    '%s: commands are what the programs say',
    (_, document) => {
      const commands = commandsOf(document, Object.keys(PROGRAMS));
      const wrong = commands.map((command) => undocumented(command, usage.get(command.program)!));
      expect(wrong.filter((what) => what !== undefined)).toEqual([]);
    },
  );

  test('the README shows every program at work', () => {
    const shown = new Set(
      commandsOf(find('README.md'), Object.keys(PROGRAMS)).map(({ program }) => program),
    );
    expect([...shown].sort()).toEqual(['gate', 'hsm', 'sandbox', 'whitelist']);
  });

  test('the Japanese quick start has the refusals that staff read elsewhere', () => {
    const rows = tableBelow(find('docs/quickstart.ja.md'), 'コード | 何が起きたか | 次にすること');
    expect(rows).toEqual(
      REFUSAL_REASONS.map((reason) => {
        const { what, next } = STAFF_TEXT[reason].ja;
        return [`\`${reason}\``, what, next];
      }),
    );
  });

  test('the page of refusals is what the code says (npm run refusals)', () => {
    expect(readFileSync(join(ROOT, 'docs', 'refusals.md'), 'utf8')).toBe(refusalsPage());
  });

  test('what was tried against the console has a test of its name', () => {
    const rows = tableBelow(find('docs/console.md'), 'id | fault or attack | test');
    expect(rows.map(([id]) => id)).toEqual(Array.from({ length: 11 }, (_, i) => `S${i + 1}`));
    const nameless = rows.filter(([id, , path]) => {
      const text = readFileSync(join(ROOT, path!.replaceAll('`', '')), 'utf8');
      return !new RegExp(`(?:test|describe)[\\w.]*\\('${id}\\b`).test(text);
    });
    expect(nameless).toEqual([]);
  });

  test('decisions have a number each', () => {
    const numbers = documents
      .map(({ path }) => /^docs\/decisions\/(\d{4})-/.exec(path)?.[1])
      .filter((number) => number !== undefined);
    expect(numbers.length).toBeGreaterThan(5);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('the checks', () => {
  const text = (...lines: string[]) => parseDocument('docs/x.md', lines.join('\n'));

  test.each([
    ['a missing file', '[a](missing.md)'],
    ['a missing file above', '[a](../missing.md)'],
    ['a heading that is not there', '[a](hsm.md#nothing)'],
    ['a heading of its own that is not there', '[a](#nothing)'],
  ])('find %s', (_, line) => {
    expect(brokenLinks({ ...text(line), path: 'docs/hsm.md' })).toHaveLength(1);
  });

  test('leave what is in fenced blocks, and other hosts, alone', () => {
    expect(linksOf(text('```', '[a](b)', '```', '[c](https://example.org/)'))).toEqual([]);
  });

  test.each([
    ['an unknown command', 'npx hsm explode --config a'],
    ['half a command', 'npx sandbox card --out a'],
    ['an unknown option', 'npx hsm status --pin 1234'],
    ['an option that only begins like one', 'npx hsm status --conf a'],
    ['no command', 'npx hsm --config a'],
  ])('find %s', (_, line) => {
    const [command] = commandsOf(text('```', `$ ${line}`, '```'), Object.keys(PROGRAMS));
    expect(undocumented(command!, usage.get(command!.program)!)).toBeDefined();
  });

  test('find a script that is not there', () => {
    expect(
      scriptsOf(text('`npm run nothing`', '```', 'npm run --silent bench -- x', '```')),
    ).toEqual(['bench', 'nothing']);
  });
});
