import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { type Purchase, purchaseSchema } from './schema.ts';

/** Why a line is not listed. Names the field and never its value. */
export interface LineProblem {
  /** `tickets[0].seat.gate`; empty where the line as a whole is meant. */
  readonly field: string;
  readonly reason: string;
}

export type ParsedLine =
  | { readonly purchase: Purchase; readonly problem?: undefined }
  | { readonly purchase?: undefined; readonly problem: LineProblem };

/** One line of the feed, checked on its own. Columns that begin with `x_` are dropped unread. */
export function parseLine(bytes: Uint8Array): ParsedLine {
  if (!isUtf8(bytes)) return refuse('', 'not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (text.startsWith('\ufeff')) return refuse('', 'begins with a byte order mark');
  if (text.trim() === '') return refuse('', 'empty line');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse('', 'not JSON'); // the parser's own message quotes the line
  }
  const result = purchaseSchema.safeParse(withoutExtensions(value, 0));
  if (result.success) return { purchase: result.data };
  return { problem: describeIssue(result.error.issues[0]!, value) };
}

function refuse(field: string, reason: string): ParsedLine {
  return { problem: { field, reason } };
}

const MAX_DEPTH = 4; // the deepest column of ours: tickets[] . seat . gate

function withoutExtensions(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => withoutExtensions(item, depth + 1));
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    if (key.startsWith('x_')) delete members[key];
    else members[key] = withoutExtensions(members[key], depth + 1);
  }
  return members;
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): LineProblem {
  const path = issue.path;
  if (issue.code === 'invalid_union') {
    // Holder: the column that is there says which of the two forms is meant.
    const member = path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown>)[key],
      value,
    );
    const isObject = typeof member === 'object' && member !== null;
    const form = isObject && 'certificate' in member ? 0 : 1;
    const inner = issue.errors[form]?.[0];
    if (!isObject || !inner) return { field: formatPath(path), reason: 'must be an object' };
    return describeIssue({ ...inner, path: [...path, ...inner.path] }, value);
  }
  if (issue.code === 'unrecognized_keys') {
    return { field: formatPath([...path, issue.keys[0]!]), reason: 'unknown column' };
  }
  return { field: formatPath(path), reason: inWords(issue) };
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${ARTICLE[issue.expected] ?? issue.expected}`;
  return issue.message
    .replace(/^Invalid (input|option): /, '')
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

const ARTICLE: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

const MAX_KEY_LENGTH = 40; // of a column that is not ours

export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${String(key).slice(0, MAX_KEY_LENGTH)}`;
  }
  return text;
}
