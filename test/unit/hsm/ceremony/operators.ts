import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { approveStep, readForApproval } from '@pinless-gate/hsm/ceremony/approve';
import { beginCeremony } from '@pinless-gate/hsm/ceremony/begin';
import type { CeremonyConfig } from '@pinless-gate/hsm/ceremony/config';
import { type StepRequest, withApproval } from '@pinless-gate/hsm/ceremony/dual-control';
import { operatorEntry } from '@pinless-gate/hsm/ceremony/operators';
import { afterEach, vi } from 'vitest';

export const NOW = Date.parse('2026-11-20T10:00:00.000Z');

/** Somebody with a key: what a token of their own does elsewhere. */
export class Person {
  readonly name: string;
  readonly publicKeyPem: string;
  readonly #key: KeyObject;

  constructor(name: string, namedCurve = 'P-256') {
    this.name = name;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    this.publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    this.#key = privateKey;
  }

  get entry() {
    return operatorEntry(this.name, `role of ${this.name}`, this.publicKeyPem);
  }

  sign = async (message: Uint8Array): Promise<Uint8Array> =>
    sign('sha256', message, { key: this.#key, dsaEncoding: 'ieee-p1363' });
}

const directories: string[] = [];
afterEach(async () => {
  await Promise.all(directories.splice(0).map((path) => rm(path, { recursive: true })));
});

/** A ceremony of three, in a directory of its own, with a clock that stands. */
export class Ceremony {
  readonly directory: string;
  readonly people: readonly Person[];
  at = NOW;

  private constructor(directory: string, people: readonly Person[]) {
    this.directory = directory;
    this.people = people;
  }

  static async begin(...names: readonly string[]): Promise<Ceremony> {
    const directory = await mkdtemp(join(tmpdir(), 'ceremony-'));
    directories.push(directory);
    const people = names.map((name) => new Person(name));
    const ceremony = new Ceremony(directory, people);
    const operators = people.map(({ entry }) => entry);
    await beginCeremony({ directory, operators, approvals: 2, now: ceremony.now });
    return ceremony;
  }

  now = (): number => this.at;

  get config(): CeremonyConfig {
    return { kind: 'directory', directory: this.directory, approvals: 2 };
  }

  /** Tries to do it; the spy tells whether it was done. */
  attempt<T = string>(request: Partial<StepRequest<T>> = {}, result = 'done' as T) {
    const run = vi.fn(async () => result);
    const whole: StepRequest<T> = {
      action: 'event-key-destroy',
      details: { key: 'event-1', id: '00ff' },
      ...request,
    };
    const ended = withApproval(this.config, whole, run, { now: this.now });
    return { run, ended };
  }

  /** Puts the step down; returns its id, from the message as a person would take it. */
  async propose(request: Partial<StepRequest<string>> = {}): Promise<string> {
    const error = await this.attempt(request).ended.catch((reason: Error) => reason);
    const id = /step ([0-9a-f]{16})/.exec((error as Error).message)?.[1];
    if (id === undefined) throw error;
    return id;
  }

  async approve(stepId: string, person: Person, as = person.name) {
    const options = { directory: this.directory, stepId, operator: as, now: this.now };
    const { step } = await readForApproval(options);
    return approveStep(step, options, person.sign);
  }

  async approveAll(stepId: string): Promise<void> {
    for (const person of this.people.slice(0, 2)) await this.approve(stepId, person);
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }
}
