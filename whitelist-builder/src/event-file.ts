import { readFile } from 'node:fs/promises';
import { ceremonyTable } from '@pinless-gate/hsm/ceremony/config';
import { type HsmConfig, hsmTable, resolveHsmConfig } from '@pinless-gate/hsm/config';
import { DEFAULT_LABELS, eventKeyLabel } from '@pinless-gate/hsm/key-store';
import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Policy } from '@pinless-gate/protocol/policy';
import { ConfigError, readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';
import { instant, policyTable, text } from './policy-table.ts';
import { type Issuer, readAnchor } from './validity/issuer.ts';
import { DEFAULT_VALIDITY, type ValidityPlan, validityTable } from './validity/plan.ts';

/** What event.toml says, with defaults filled in. Unix seconds. */
export interface EventPlan {
  readonly eventId: Uint8Array;
  readonly name: string;
  readonly place: string;
  readonly startsAt: number;
  readonly admission: { readonly from: number; readonly until: number };
  readonly expiresAt: number;
  readonly policy: Policy;
  readonly issuers: readonly Issuer[];
  /** Absent where the file says nothing of it: cards that nobody speaks of are then listed. */
  readonly validity?: ValidityPlan | undefined;
  /** Public key, PEM file, of who signs lists of renewals. */
  readonly renewalSigner?: string | undefined;
  /** Labels in the HSM. */
  readonly keys: { readonly event: string; readonly publisher: string };
  readonly hsm: HsmConfig;
}

const LIST_OUTLASTS_ADMISSION_S = 24 * 3600;

const eventId = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}$/, {
    error: 'must be 32 hex digits',
  })
  .transform((text) => fromHex(text.replaceAll('-', '')));

const eventFile = z.strictObject({
  id: eventId,
  name: text,
  place: text,
  starts_at: instant,
  admission: z
    .strictObject({ from: instant, until: instant })
    .refine(({ from, until }) => from < until, { path: ['until'], error: 'must be after from' }),
  list: z.strictObject({ expires_at: instant.optional() }).optional(),
  policy: policyTable,
  validity: validityTable.optional(),
  renewals: z.strictObject({ signer: text }).optional(),
  issuers: z.array(z.strictObject({ name: text, certificate: text })).min(1),
  keys: z.strictObject({ event: text.optional(), publisher: text.optional() }).optional(),
  hsm: hsmTable,
  /** For the commands of `hsm` alone. */
  ceremony: ceremonyTable.optional(),
});

type EventFile = z.infer<typeof eventFile>;

/** Reads event.toml and the CA certificates that it names. Throws `ConfigError` with key and line. */
export async function readEventFile(path: string): Promise<EventPlan> {
  const file: EventFile = await readConfig(path, eventFile as z.ZodType<EventFile>);
  const { admission, policy } = file;
  return {
    eventId: file.id,
    name: file.name,
    place: file.place,
    startsAt: file.starts_at,
    admission,
    expiresAt: file.list?.expires_at ?? admission.until + LIST_OUTLASTS_ADMISSION_S,
    policy,
    validity: file.validity && validityOf(path, file.validity),
    renewalSigner: file.renewals && resolveFrom(path, file.renewals.signer),
    issuers: await readIssuers(path, file.issuers),
    keys: {
      event: file.keys?.event ?? eventKeyLabel(toHex(file.id)),
      publisher: file.keys?.publisher ?? DEFAULT_LABELS.publisher,
    },
    hsm: resolveHsmConfig(path, file.hsm),
  };
}

function validityOf(path: string, table: NonNullable<EventFile['validity']>): ValidityPlan {
  const { requestor } = table;
  const certificate = requestor && resolveFrom(path, requestor.certificate);
  return {
    ...DEFAULT_VALIDITY,
    ...table,
    requestor: requestor && certificate ? { ...requestor, certificate } : undefined,
  };
}

async function readIssuers(path: string, tables: EventFile['issuers']): Promise<Issuer[]> {
  const issuers: Issuer[] = [];
  for (const [i, { name, certificate }] of tables.entries()) {
    const anchor = await readCa(path, i, resolveFrom(path, certificate));
    const nameDer = anchor.certificate.subject.encoded;
    const sameName = issuers.findIndex((issuer) => issuer.name === name);
    const sameDn = issuers.findIndex((issuer) => equal(issuer.nameDer, nameDer));
    if (sameName !== sameDn) {
      const why = sameName < 0 ? 'the DN of another issuer' : `another DN than the first "${name}"`;
      throw await keyError(path, ['issuers', i, 'certificate'], why);
    }
    const generations = [...(issuers[sameName]?.generations ?? []), anchor];
    issuers.splice(sameName < 0 ? issuers.length : sameName, 1, { name, nameDer, generations });
  }
  return issuers;
}

async function readCa(path: string, index: number, file: string): Promise<TrustAnchor> {
  const key = ['issuers', index, 'certificate'];
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw await keyError(path, key, `${file} cannot be read (${code})`);
  }
  try {
    return readAnchor(bytes);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    throw await keyError(path, key, error.message, error.hint);
  }
}

/** An error of a key that only shows outside of the file: with the line that `readConfig` finds. */
async function keyError(
  path: string,
  key: (string | number)[],
  message: string,
  hint?: string,
): Promise<ConfigError> {
  const refusing = z.unknown().superRefine((_, context) => {
    context.addIssue({ code: 'custom', path: key, message });
  });
  try {
    await readConfig(path, refusing);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return hint === undefined
      ? error
      : new ConfigError(error.code, error.message, { cause: error, hint });
  }
  return new ConfigError('ERR_CONFIG_KEY', `${path}: ${key.join('.')}: ${message}`);
}
