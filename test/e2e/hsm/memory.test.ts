import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { formsOf, secretsIn } from '@pinless-gate/test/memory/search';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { makeToken, type TestToken } from './token.ts';

// Keys that we know are planted in a token, moved to another and used. No process of ours but those that hold a module
// may have an octet of them: that is what a module in hardware replaces.

const SUBJECT = fileURLToPath(new URL('../../dist/memory/subject.js', import.meta.url));
const eventKey = randomBytes(64);
const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  format: 'jwk',
});
const part = (name: 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') => Buffer.from(jwk[name]!, 'base64url');
const SECRETS = {
  event: eventKey,
  d: part('d'),
  p: part('p'),
  q: part('q'),
  dp: part('dp'),
  dq: part('dq'),
  qi: part('qi'),
};
const ALL = Object.keys(SECRETS).sort();

let issuer: TestToken;
let gate: TestToken;

beforeAll(async () => {
  [issuer, gate] = await Promise.all([makeToken('issuer'), makeToken('gate')]);
  await issuer.createObject('event', `movable:${eventKey.toString('hex')}`);
  const text = Buffer.from(JSON.stringify(jwk)).toString('base64');
  await issuer.createObject('institution', `movable-rsa:${text}`);
}, 60_000);
afterAll(() => Promise.all([issuer?.remove(), gate?.remove()]));

type Running = ChildProcessByStdio<Writable, Readable, null>;

function program(...argv: string[]): Running {
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

interface Step {
  readonly step: string;
  readonly pid: number;
  readonly modules: readonly number[];
}

test('the ceremony and a tap leave no octet of a key in the memory of the program', async () => {
  const soPin = join(dirname(issuer.configFile), 'so-pin');
  const child = program(SUBJECT, issuer.configFile, gate.configFile, soPin);
  const steps: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { step, pid, modules } = JSON.parse(line) as Step;
    expect(modules).not.toContain(pid);
    expect([step, secretsIn(pid, SECRETS)]).toEqual([step, []]);
    steps.push(step);
    if (step === 'tapped') child.stdin.end();
    else child.stdin.write('\n');
  }
  expect(steps).toEqual(['event key moved', 'institution key moved', 'tapped']);
});

test('the same search finds keys in a program that holds them', async () => {
  // Handed over masked: only what it makes of them is there to be found.
  const source = `
    const lines = require('node:readline').createInterface({ input: process.stdin });
    globalThis.kept = [];
    lines.on('line', (line) => {
      if (line === 'ready') console.log('held');
      else globalThis.kept.push(Buffer.from(line, 'hex').map((octet) => octet ^ 0x55));
    });`;
  const child = program('-e', source);
  for (const octets of Object.values(SECRETS)) {
    const masked = Buffer.from(octets.map((octet) => octet ^ 0x55));
    child.stdin.write(`${masked.toString('hex')}\n`);
  }
  child.stdin.write('ready\n');
  await once(child.stdout, 'data');
  expect(secretsIn(child.pid!, SECRETS)).toEqual(ALL);
});

test('every form in which a key may lie about is looked for, wherever it begins', () => {
  const forms = formsOf(eventKey);
  const finds = (text: Uint8Array | string) =>
    forms.some((form) => Buffer.from(text).includes(form));
  expect(finds(eventKey)).toBe(true);
  expect(finds(Buffer.from(eventKey).reverse())).toBe(true);
  expect(finds(eventKey.toString('hex'))).toBe(true);
  expect(finds(eventKey.toString('hex').toUpperCase())).toBe(true);
  for (const before of [0, 1, 2]) {
    const around = Buffer.concat([Buffer.alloc(before), eventKey, Buffer.alloc(9)]);
    expect([before, finds(around.toString('base64'))]).toEqual([before, true]);
    expect([before, finds(around.toString('base64url'))]).toEqual([before, true]);
  }
  expect(finds(randomBytes(4096))).toBe(false);
});
