import { type KeyObject, verify } from 'node:crypto';
import { concat, domain } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { GateError } from '@pinless-gate/protocol/errors';
import { z } from 'zod';

const DOMAIN = domain('pinless-gate/rehearsal/1');

const micros = z.int().min(0);
const text = z.string().max(200);

const stepReport = z.strictObject({
  name: text,
  /** `tapped`: a card brought it about. `shown`: none can, and the lane was told to show it. */
  way: z.enum(['tapped', 'shown']),
  expected: text,
  /** `no-tap` where none came in time. */
  actual: text,
  /** State of the display in the end, and how many browsers showed it. */
  display: text,
  screens: z.int().min(0),
  /**
   * Microseconds, from the card in the field, or from the order to show: until the display was told, the turnstile
   * took its order, and the last receipt was answered for.
   */
  shownAfter: micros.optional(),
  openedAfter: micros.optional(),
  printedAfter: micros.optional(),
  /** Steps of the tap, in microseconds. */
  steps: z.record(z.string(), micros).optional(),
  /** `opened`, or a code: for who is admitted. */
  turnstile: text.optional(),
  /** What became of each receipt; `late` where the printer did not say. */
  receipts: z.array(text).optional(),
  asExpected: z.boolean(),
});

const reportSchema = z.strictObject({
  version: text,
  gate: z.strictObject({ id: text, name: text }),
  event: text,
  list: z.strictObject({ version: z.int().min(0), fingerprint: text }),
  devices: z.strictObject({ printer: text, turnstile: text }),
  operator: text,
  /** Unix milliseconds. */
  from: z.int(),
  until: z.int(),
  /** The entries of the journal that it wrote lie between these sequences. */
  journal: z.strictObject({ after: z.int().min(0), last: z.int().min(0) }),
  steps: z.array(stepReport),
  asExpected: z.boolean(),
});

/** What a lane did in a rehearsal. Nothing here is of a card or a person. */
export type RehearsalReport = z.infer<typeof reportSchema>;
export type StepReport = z.infer<typeof stepReport>;

const signedSchema = z.strictObject({ report: reportSchema, signature: z.base64() });

/** As it lies in the file. The signature covers the report's deterministic CBOR, so layout does not matter. */
export type SignedReport = z.infer<typeof signedSchema>;

/** `sign` gives r‖s over the message's SHA-256. */
export async function signReport(
  report: RehearsalReport,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<SignedReport> {
  const signature = await sign(messageOf(report));
  return { report, signature: Buffer.from(signature).toString('base64') };
}

/** Throws ERR_REHEARSAL_REPORT where it is none, ERR_REHEARSAL_SIGNATURE where that key did not sign it. */
export function verifyReport(json: string, key: KeyObject, path: string): RehearsalReport {
  const { report, signature } = parseSigned(json, path);
  const signed = verify(
    'sha256',
    messageOf(report),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64'),
  );
  if (signed) return report;
  throw new GateError('ERR_REHEARSAL_SIGNATURE', `${path}: not signed by this key`, {
    hint: 'the keys of the gates of this event are on the console, under gates',
  });
}

function parseSigned(json: string, path: string): SignedReport {
  try {
    return signedSchema.parse(JSON.parse(json));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new GateError('ERR_REHEARSAL_REPORT', `${path}: no report of a rehearsal`, { cause });
  }
}

const messageOf = (report: RehearsalReport): Uint8Array => concat(DOMAIN, encodeCbor(report));
