import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOMS, violations } from './layers/rules.ts';
import { packageOf, parseSource, readSources } from './layers/source.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (...path: string[]) => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
const rooms = Object.keys(ROOMS).filter((room) => existsSync(join(ROOT, room, 'src')));
const sources = rooms.flatMap((room) => readSources(ROOT, room));

/** The rooms of ours among the dependencies of a room's package.json. */
function dependencies(room: string): string[] {
  const { dependencies = {} } = read(room, 'package.json');
  return Object.keys(dependencies)
    .filter((name) => name.startsWith('@pinless-gate/'))
    .map((name) => name.slice('@pinless-gate/'.length))
    .sort();
}

describe('violations', () => {
  test('there are sources to look at', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(20);
  });

  test('no file breaks a layer rule', () => {
    expect(violations(sources)).toEqual([]);
  });

  test('only the commands that make a token to try things out with know SoftHSM', () => {
    const knowing = sources.filter(({ code }) => /softhsm/i.test(code)).map(({ path }) => path);
    expect(knowing).toContain('hsm/src/ceremony/token.ts');
    const others = knowing.filter((path) => !/^hsm\/src\/(ceremony\/token\.ts|cli\/)/.test(path));
    expect(others).toEqual([]);
  });

  test.each([
    ['a room above', 'runtime', 'x.ts', `import { a } from '@pinless-gate/hsm/key-store';`],
    [
      'the gate by the console',
      'issuer-console',
      'x.ts',
      `import '@pinless-gate/gate-firmware/x';`,
    ],
    [
      'a type of a room above',
      'hsm',
      'x.ts',
      `import type { A } from '@pinless-gate/whitelist-builder/x';`,
    ],
    ['a room above, later', 'runtime', 'x.ts', `await import('@pinless-gate/hsm/x');`],
    ['a file of another room', 'runtime', 'x.ts', `export { a } from '../../protocol/src/tlv.ts';`],
    ['a path without its ending', 'runtime', 'x.ts', `import { a } from './log';`],
    ['lmdb away from its home', 'gate-firmware', 'lane/tap.ts', `import { open } from 'lmdb';`],
    ['PKCS#11 away from its home', 'hsm', 'key-store.ts', `import * as p from 'pkcs11js';`],
    ['PC/SC away from its home', 'gate-firmware', 'doctor.ts', `import k from 'koffi';`],
    [
      'SQL in a route',
      'issuer-console',
      'routes/x.ts',
      `import { eq } from 'drizzle-orm/pg-core';`,
    ],
    ['the environment in a library', 'hsm', 'x.ts', 'const a = process.env.PIN;'],
    ['an exit in a command', 'hsm', 'cli/x.ts', 'process.exit(1);'],
    ['the environment inside a template', 'hsm', 'x.ts', `const a = \`\${process.env.PIN}\`;`],
    ['a file read in a codec', 'protocol', 'x.ts', `import { readFileSync } from 'node:fs';`],
    ['randomness in a codec', 'protocol', 'x.ts', `import { randomBytes } from 'node:crypto';`],
    ['the clock in the decision', 'gate-firmware', 'admission/x.ts', 'const now = Date.now();'],
    [
      'an adapter in the domain',
      'issuer-console',
      'domain/x.ts',
      `import { a } from '../store/a.ts';`,
    ],
    ['a barrel', 'protocol', 'x.ts', `export * from './tlv.ts';`],
    ['an import of itself', 'hsm', 'x.ts', `import { a } from './x.ts';`],
  ])('refuses %s', (_, room, name, text) => {
    expect(violations([parseSource(room, `${room}/src/${name}`, text)])).toHaveLength(1);
  });

  test('refuses a cycle of three files', () => {
    const file = (name: string, next: string) =>
      parseSource('hsm', `hsm/src/${name}.ts`, `import { a } from './${next}.ts';`);
    expect(violations([file('a', 'b'), file('b', 'c'), file('c', 'a')])).toEqual([
      'hsm/src/a.ts -> hsm/src/b.ts -> hsm/src/c.ts -> hsm/src/a.ts is a cycle',
    ]);
  });

  test('takes no other call for an import', () => {
    const text = `this.#require('a'); loader.import('b'); return { from: 'c' };`;
    expect(parseSource('hsm', 'hsm/src/x.ts', text).imports).toEqual([]);
  });

  test('is not misled by comments and strings', () => {
    const text = `// import 'lmdb'; process.exit()\nconst a = 'process.env'; /* Date.now() */`;
    expect(violations([parseSource('protocol', 'protocol/src/x.ts', text)])).toEqual([]);
  });
});

describe.each(Object.entries(ROOMS))('%s', (room, allowed) => {
  test('depends on no room that it may not import', () => {
    expect(dependencies(room).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  test('builds after exactly the rooms that it depends on', () => {
    const { references } = read(room, 'tsconfig.json');
    const paths = references.map(({ path }: { path: string }) => path.replace('../', ''));
    expect(paths.sort()).toEqual(dependencies(room));
  });

  test('declares every package that it imports', () => {
    const declared = new Set(Object.keys(read(room, 'package.json').dependencies ?? {}));
    const imported = sources
      .filter((source) => source.room === room)
      .flatMap(({ imports }) => imports)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
      .map(packageOf);
    expect([...new Set(imported)].filter((name) => !declared.has(name))).toEqual([]);
  });
});

test('package-lock.json names the optional packages of every system', () => {
  // npm ci refuses a lockfile without them, and npm install forgets those that it did not install.
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies).filter(
      (name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)),
    ),
  );
  expect(missing).toEqual([]);
});
