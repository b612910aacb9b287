import { packageOf, resolveImport, type Source } from './source.ts';

/** Rooms, lowest first, and the rooms of ours that each may import. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  runtime: ['protocol'],
  hsm: ['protocol', 'runtime'],
  'whitelist-builder': ['protocol', 'runtime', 'hsm'],
  'gate-firmware': ['protocol', 'runtime', 'hsm'],
  'issuer-console': ['protocol', 'runtime', 'hsm', 'whitelist-builder'],
};

/** Native and network libraries: the only folders or files that may import them. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  cborg: ['protocol/src/cbor.ts'],
  'smol-toml': ['runtime/src/config.ts'],
  pino: ['runtime/src/log.ts'],
  'graphene-pk11': ['hsm/src/pkcs11/'],
  pkcs11js: ['hsm/src/pkcs11/'],
  koffi: ['gate-firmware/src/card/pcsc-lite.ts'],
  lmdb: ['gate-firmware/src/storage/'],
  'xxhash-wasm': ['gate-firmware/src/whitelist/fingerprints.ts'],
  'csv-parse': ['whitelist-builder/src/purchase/csv.ts'],
  receiptline: ['gate-firmware/src/receipt/'],
  hono: [
    'gate-firmware/src/display/',
    'gate-firmware/src/staff/',
    'issuer-console/src/app.ts',
    'issuer-console/src/routes/',
    'issuer-console/src/views/',
    'whitelist-builder/src/serve.ts',
  ],
  '@hono/node-server': [
    'gate-firmware/src/display/',
    'issuer-console/src/serve.ts',
    'whitelist-builder/src/serve.ts',
  ],
  'drizzle-orm': ['issuer-console/src/store/'],
  '@hono/zod-openapi': ['issuer-console/src/routes/api/'],
  '@node-rs/argon2': ['issuer-console/src/credentials/'],
  '@simplewebauthn/server': ['issuer-console/src/credentials/'],
  otpauth: ['issuer-console/src/credentials/'],
  'bwip-js': ['issuer-console/src/views/'],
  'd3-scale': ['issuer-console/src/views/'],
  'd3-shape': ['issuer-console/src/views/'],
  '@electric-sql/pglite': ['issuer-console/src/store/'],
  pg: ['issuer-console/src/store/'],
};

/** Folders without I/O, clock, environment or randomness: these are handed in. */
const PURE = ['protocol/src/', 'gate-firmware/src/admission/', 'issuer-console/src/domain/'];
const PURE_MODULES = new Set([
  'node:crypto',
  'cborg',
  // What a purchase is, and which card opens what of it: a codec, as those of the protocol.
  '@pinless-gate/whitelist-builder/purchase/cards',
  '@pinless-gate/whitelist-builder/purchase/line',
  '@pinless-gate/whitelist-builder/purchase/schema',
]);
const IMPURE: readonly (readonly [string, RegExp])[] = [
  ['the clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bhrtime\b/],
  [
    'randomness',
    /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgenerateKey\w*|\bgetRandomValues\b/,
  ],
  ['a timer', /\bset(?:Timeout|Interval|Immediate)\b/],
  ['the process', /\bprocess\.|\bconsole\./],
  ['the network', /\bfetch\(/],
];

/** Where a process meets its surroundings. */
const EDGES = /\/main\.ts$|^runtime\/src\/(?:program|isolated-process)\b/;

/** Every breach of the layer rules, one line each, for the files of all rooms. */
export function violations(sources: readonly Source[]): string[] {
  return [...sources.flatMap((source) => violationsOf(source)), ...cycles(sources)];
}

function violationsOf(source: Source): string[] {
  const { room, path, imports, code } = source;
  const found: string[] = [];
  for (const specifier of imports) {
    const target = resolveImport(source, specifier);
    const name = packageOf(specifier);
    if (target !== undefined) {
      if (!target.startsWith(`${room}/src/`)) found.push(`leaves its room: ${specifier}`);
      if (!/\.tsx?$/.test(target)) found.push(`imports without .ts: ${specifier}`);
    } else if (name.startsWith('@pinless-gate/')) {
      const other = name.slice('@pinless-gate/'.length);
      if (!ROOMS[room]!.includes(other)) found.push(`may not import ${other}`);
    } else if (HOMES[name] && !HOMES[name].some((home) => path.startsWith(home))) {
      found.push(`may not import ${name}: its place is ${HOMES[name].join(', ')}`);
    }
  }
  if (/\bprocess\.(?:env|exit)\b/.test(code) && !EDGES.test(path)) {
    found.push('reads process.env or calls process.exit outside of main.ts');
  }
  if (/\/index\.tsx?$/.test(path) || /\bexport \*/.test(code)) found.push('is a barrel file');
  const pure = PURE.find((folder) => path.startsWith(folder));
  if (pure) found.push(...impurities(source, pure));
  return found.map((what) => `${path} ${what}`);
}

function impurities(source: Source, folder: string): string[] {
  const found: string[] = [];
  for (const specifier of source.imports) {
    const target = resolveImport(source, specifier);
    const allowed =
      target === undefined
        ? PURE_MODULES.has(specifier) || packageOf(specifier) === '@pinless-gate/protocol'
        : target.startsWith(folder);
    if (!allowed) found.push(`is pure and may not import ${specifier}`);
  }
  for (const [what, pattern] of IMPURE) {
    if (pattern.test(source.code)) found.push(`is pure and may not use ${what}`);
  }
  return found;
}

/** Each cycle of relative imports once, as `a -> b -> a`. */
function cycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.flatMap((specifier) => resolveImport(source, specifier) ?? []),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push(`${[...trail.slice(start), path].join(' -> ')} is a cycle`);
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
