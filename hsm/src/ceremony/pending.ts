import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import type { z } from 'zod';
import { type Approval, approvalSchema } from './approval.ts';
import { CeremonyError } from './error.ts';
import { type Step, stepSchema } from './step.ts';

const STEP_FILE = 'step.json';

export interface PendingStep {
  readonly step: Step;
  readonly approvals: readonly Approval[];
}

/**
 * Steps that wait for approval: `steps/ID/step.json`, and beside it `NAME.json` for each approval. Nothing in
 * these files is believed: an approval counts by its signature over the step.
 */
export class PendingSteps {
  readonly #waiting: string;
  readonly #begun: string;

  constructor(directory: string) {
    this.#waiting = join(directory, 'steps');
    this.#begun = join(directory, 'begun');
  }

  async all(): Promise<PendingStep[]> {
    const ids = await names(this.#waiting);
    return Promise.all(ids.sort().map((id) => this.read(id)));
  }

  /** `ERR_CEREMONY_STEP` where there is none, or its files are not what they should be. */
  async read(id: string): Promise<PendingStep> {
    if (!stepSchema.shape.id.safeParse(id).success) throw noStep(`"${id}" is no step`);
    const directory = join(this.#waiting, id);
    const files = await names(directory);
    if (!files.includes(STEP_FILE)) throw noStep(`no step ${id} waits for approval`);
    const step = await readJson(join(directory, STEP_FILE), stepSchema);
    if (step.id !== id) throw noStep(`steps/${id} holds step ${step.id}`);
    const approvals = files.filter((name) => name !== STEP_FILE && !name.startsWith('.'));
    return {
      step,
      approvals: await Promise.all(
        approvals.sort().map((name) => readJson(join(directory, name), approvalSchema)),
      ),
    };
  }

  async propose(step: Step): Promise<void> {
    const directory = join(this.#waiting, step.id);
    await mkdir(directory, { recursive: true });
    await writeFileDurably(join(directory, STEP_FILE), json(step));
    await syncDirectory(this.#waiting);
  }

  async approve(approval: Approval): Promise<void> {
    const path = join(this.#waiting, approval.step, `${approval.operator}.json`);
    await writeFileDurably(path, json(approval));
  }

  /** Kept aside: they show where the log stood, should somebody cut it. */
  async retire(id: string): Promise<void> {
    await mkdir(this.#begun, { recursive: true });
    await rename(join(this.#waiting, id), join(this.#begun, id));
  }

  /** Every step that was ever seen here, begun or waiting. */
  async known(): Promise<Step[]> {
    const begun = await names(this.#begun);
    const steps = begun.map((id) => readJson(join(this.#begun, id, STEP_FILE), stepSchema));
    const waiting = await this.all();
    return [...(await Promise.all(steps)), ...waiting.map(({ step }) => step)];
  }
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

function noStep(message: string): CeremonyError {
  return new CeremonyError('ERR_CEREMONY_STEP', message, {
    hint: 'hsm ceremony show lists the steps that wait',
  });
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CeremonyError('ERR_CEREMONY_STEP', `${path}: neither a step nor an approval`);
}
