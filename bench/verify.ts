import { X509Certificate } from 'node:crypto';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { Mutator } from '@pinless-gate/test/fuzz/mutate';
import { Random } from '@pinless-gate/test/fuzz/random';
import { AT, ca, user } from '@pinless-gate/test/unit/protocol/certificate/authority';
import * as x from '@pinless-gate/test/unit/protocol/certificate/issue';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';

const ROUNDS = 40;
const CERTIFICATES = 250;
const MUTANTS = 100_000;
const MAX_HOSTILE_MS = 50;
/** Hostile on purpose: much to read for what was sent. */
const MANY = 3000;

/** How long it takes to verify a user certificate under its CA, hostile ones included. */
export const verify: Bench = {
  target: { text: 'ratio 1 or less, no hostile input over 50 ms', met: ({ ratio }) => ratio <= 1 },
  async measure({ log }) {
    const anchorDer = ca();
    const anchors = trustAnchors([anchorDer]);
    const caKey = new X509Certificate(anchorDer).publicKey;
    log(`making ${CERTIFICATES} certificates`);
    const ders = Array.from({ length: CERTIFICATES }, (_, i) =>
      user({ serial: x.int((0x0705_0000 + i).toString(16).padStart(8, '0')) }),
    );
    const ours = (der: Uint8Array) => verifyUserCertificate(der, anchors, AT, GENERIC_PROFILE).ok;
    const theirs = (der: Uint8Array) => new X509Certificate(der).verify(caKey);
    if (!ders.every(ours) || !ders.every(theirs)) throw new Error('a good certificate is refused');

    const slowest = slowestHostile(ders, ours);
    log(`hostile inputs: ${MUTANTS.toLocaleString('en')} mutants and ${slowest.made} made by hand`);
    log(`slowest ${slowest.ms.toFixed(2)} ms (${slowest.name})`);
    if (slowest.ms > MAX_HOSTILE_MS) throw new Error(`${slowest.name} took ${slowest.ms} ms`);

    log(`${ROUNDS} rounds of ${CERTIFICATES} certificates each`);
    const samples = await alternate(
      ROUNDS,
      async () => times(ders, ours),
      async () => times(ders, theirs),
    );
    return resultOf({
      bench: 'verify',
      unit: 'µs',
      better: 'lower',
      ours: samples.ours.flat(),
      baselineName:
        'X509Certificate of node:crypto: parse, and verify under the CA key; nothing else',
      baseline: samples.baseline.flat(),
    });
  },
};

/** Microseconds of each. */
function times(ders: readonly Uint8Array[], check: (der: Uint8Array) => boolean): number[] {
  return ders.map((der) => {
    const start = performance.now();
    check(der);
    return (performance.now() - start) * 1000;
  });
}

function slowestHostile(ders: readonly Uint8Array[], check: (der: Uint8Array) => boolean) {
  const made = handMade();
  let slowest = { name: '', ms: 0, made: made.size };
  const look = (name: string, input: Uint8Array) => {
    let ms = Number.POSITIVE_INFINITY;
    // The machine may have been busy elsewhere: the input costs what it costs every time.
    for (let i = 0; i < 3 && ms > slowest.ms; i++) {
      const start = performance.now();
      check(input);
      ms = Math.min(ms, performance.now() - start);
    }
    if (ms > slowest.ms) slowest = { ...slowest, name, ms };
  };
  for (const [name, input] of made) look(name, input);
  const mutator = new Mutator(ders.slice(0, 8), new Random(1));
  for (let i = 0; i < MUTANTS; i++) look(`mutant ${i}`, mutator.next());
  return slowest;
}

/** As long and as deep as they may be, and signed where that makes them be read further. */
function handMade(): ReadonlyMap<string, Uint8Array> {
  const many = (one: (i: number) => Uint8Array, count = MANY) =>
    Array.from({ length: count }, (_, i) => one(i));
  const extended = (...extensions: Uint8Array[]) => user({ extensions });
  let deep: Uint8Array = x.seq();
  for (let i = 0; i < 5000; i++) deep = x.seq(deep);
  const wide = (i: number): readonly [string, string] => ['2.5.4.3', `name ${i}`];
  return new Map([
    ['nested 5,000 deep', deep],
    ['a subject 5,000 deep', user({ subject: deep })],
    [
      'a subject of many names',
      user({ subject: x.name(...Array.from({ length: 1500 }, (_, i) => wide(i))) }),
    ],
    [
      'an issuer of many names',
      user({ issuer: x.name(...Array.from({ length: 1500 }, (_, i) => wide(i))) }),
    ],
    ['many extensions', extended(...many((i) => x.extension(`1.3.6.1.4.1.${i}`, x.seq())))],
    [
      'many policies',
      extended(x.policies(...Array.from({ length: MANY }, (_, i) => `1.2.3.${i}`))),
    ],
    ['many alternative names', extended(x.altNames(...many((i) => x.dns(`a${i}.example`))))],
    [
      'many key purposes',
      extended(
        x.extendedKeyUsage(...Array.from({ length: MANY }, (_, i) => `1.3.6.1.5.5.7.3.${i}`)),
      ),
    ],
    ['an RSA key of 8,192 bits', user({ spki: x.rsaKeys(8192).spki })],
    ['zeros', new Uint8Array(65_536)],
    ['over the longest', new Uint8Array(70_000).fill(0x30)],
  ]);
}
