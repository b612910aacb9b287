import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GateError } from '@pinless-gate/protocol/errors';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { z } from 'zod';

/** What a sandbox J-LIS remembers between commands: `state.json`. */
const stateSchema = z.strictObject({
  format: z.literal('pinless-gate/jlis/1'),
  /** The next certificate's serial number, four octets in hex. */
  nextSerial: z.string().regex(/^[0-9a-f]{8}$/),
  /** Numbers the institutions whose keys were certified. */
  nextInstitution: z.int().min(1),
  nextCrl: z.int().min(1),
  /** Institutions that asked with a proof of possession; a J-LIS of an earlier version knows none. */
  institutions: z
    .array(
      z.strictObject({
        number: z.int().min(1),
        keySha256: z.string(),
        revokedAt: z.string().optional(),
      }),
    )
    .default([]),
  revoked: z.array(
    z.strictObject({ serial: z.string(), at: z.string(), reason: z.int().optional() }),
  ),
  /** Certificates that took another's place; without `next` the new number is not told. */
  renewed: z
    .array(
      z.strictObject({
        serial: z.string(),
        next: z.string().optional(),
        certificate: z.string().optional(),
        at: z.string(),
      }),
    )
    .default([]),
});

export type JlisState = z.infer<typeof stateSchema>;

/** Sequential, as real ones are; the start is near what real cards have reached. */
const FIRST_SERIAL = 0x07000001;

export const INITIAL_STATE: JlisState = {
  format: 'pinless-gate/jlis/1',
  nextSerial: formatSerial(FIRST_SERIAL),
  nextInstitution: 1,
  nextCrl: 1,
  institutions: [],
  revoked: [],
  renewed: [],
};

export function formatSerial(serial: number): string {
  return serial.toString(16).padStart(8, '0');
}

/** Hex digits of a serial number, as `card new --serial` takes it. */
export function parseSerial(text: string): string {
  if (!/^(?!0*$)[0-9a-f]{1,40}$/i.test(text)) {
    throw new GateError('ERR_JLIS_SERIAL', `"${text}" is no serial number in hex`);
  }
  const digits = text.toLowerCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** The files of a J-LIS: private keys are readable by their owner only. */
export class JlisFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Refuses a directory that holds a J-LIS already: its cards would lose their CA. */
  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    if (await this.exists('state.json')) {
      const hint = 'choose another directory, or remove this one with everything issued from it';
      throw new GateError('ERR_JLIS_EXISTS', `${this.directory} holds a J-LIS already`, { hint });
    }
  }

  text(name: string): Promise<string> {
    return readFile(join(this.directory, name), 'utf8');
  }

  async octets(name: string): Promise<Uint8Array> {
    return new Uint8Array(await readFile(join(this.directory, name)));
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    const secret = name.endsWith('-key.pem');
    return writeFileDurably(join(this.directory, name), content, secret ? 0o600 : 0o644);
  }

  writeJson(name: string, content: unknown): Promise<void> {
    return this.write(name, `${JSON.stringify(content, null, 2)}\n`);
  }

  /** A private key, PEM, that not every use of a J-LIS needs: made when it is first wanted. */
  async ownKey(
    name: string,
    make: () => Promise<{ readonly privateKeyPem: string }>,
  ): Promise<string> {
    const file = `${name}-key.pem`;
    if (!(await this.exists(file))) await this.write(file, (await make()).privateKeyPem);
    return this.text(file);
  }

  async readState(): Promise<JlisState> {
    if (!(await this.exists('state.json'))) {
      const hint = `sandbox jlis new ${this.directory}`;
      throw new GateError('ERR_JLIS_MISSING', `${this.directory} holds no J-LIS`, { hint });
    }
    const state = stateSchema.safeParse(parseJson(await this.text('state.json')));
    if (state.success) return state.data;
    throw new GateError(
      'ERR_JLIS_STATE',
      `${join(this.directory, 'state.json')}: not a J-LIS's state`,
    );
  }

  async exists(name: string): Promise<boolean> {
    try {
      await this.text(name);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
