import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  readonly #directory: string;
  readonly #waiting: string;
  readonly #begun: string;

  constructor(directory: string) {
    this.#directory = directory;
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

  /** Steps that were begun are kept: they show where the log stood, should somebody cut it. */
  async putAside(id: string, why: 'begun' | 'expired'): Promise<void> {
    const [from, to] = [join(this.#waiting, id), join(this.#directory, why, id)];
    await mkdir(dirname(to), { recursive: true });
    // Files of a step that lies there already are a copy that somebody brought back.
    if ((await names(to)).length > 0) await rm(from, { recursive: true });
    else await rename(from, to);
  }

  async waiting(): Promise<Step[]> {
    return (await this.all()).map(({ step }) => step);
  }

  async begun(): Promise<Step[]> {
    const ids = await names(this.#begun);
    return Promise.all(ids.map((id) => readJson(join(this.#begun, id, STEP_FILE), stepSchema)));
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
