import { readFileSync } from 'node:fs';

/** Vectors of our own formats, computed by a second implementation (protocol/). */
export interface Vectors<Shared, Case> {
  readonly file: Shared & { readonly source: string };
  readonly ok: readonly (Case & { readonly name: string })[];
  /** Cases that must not pass, with what the file expects of them. */
  readonly bad: readonly (Case & { readonly name: string; readonly expect: string })[];
}

export function readVectors<Shared, Case>(name: string): Vectors<Shared, Case> {
  const text = readFileSync(new URL(`./protocol/${name}.json`, import.meta.url), 'utf8');
  const file = JSON.parse(text) as Shared & {
    source: string;
    cases: (Case & { name: string; expect: string })[];
  };
  const ok = file.cases.filter((one) => one.expect === 'ok');
  const bad = file.cases.filter((one) => one.expect !== 'ok');
  if (ok.length === 0) throw new Error(`${name}: no vectors`);
  return { file, ok, bad };
}
