import { readFile } from 'node:fs/promises';
import { type HsmConfig, hsmTable, resolveHsmConfig } from '@pinless-gate/hsm/config';
import { DEFAULT_LABELS, eventKeyLabel } from '@pinless-gate/hsm/key-store';
import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import type { Policy } from '@pinless-gate/protocol/policy';
import { ConfigError, readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';
import { type CaCertificate, type Issuer, parseCaCertificate } from './validity/issuer.ts';

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
  /** Labels in the HSM. */
  readonly keys: { readonly event: string; readonly publisher: string };
  readonly hsm: HsmConfig;
}

const LIST_OUTLASTS_ADMISSION_S = 24 * 3600;

/** TOML knows dates without time or offset; here both are needed. */
const instant = z
  .custom<Date>(
    (value) => value instanceof Date && !(value as Date & { isLocal(): boolean }).isLocal(),
    {
      error: 'must be a date and time with offset (2026-12-20T18:00:00+09:00)',
    },
  )
  .transform((date) => Math.floor(date.getTime() / 1000));

const eventId = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}$/, {
    error: 'must be 32 hex digits',
  })
  .transform((text) => fromHex(text.replaceAll('-', '')));

const text = z.string().min(1).max(100);

const eventFile = z.strictObject({
  id: eventId,
  name: text,
  place: text,
  starts_at: instant,
  admission: z
    .strictObject({ from: instant, until: instant })
    .refine(({ from, until }) => from < until, { path: ['until'], error: 'must be after from' }),
  list: z.strictObject({ expires_at: instant.optional() }).optional(),
  policy: z.strictObject({
    gates: z.array(text).min(1),
    tolerance_minutes: z.number().min(0),
    stale_after_hours: z.number().positive(),
    refuse_after_hours: z.number().positive(),
  }),
  issuers: z.array(z.strictObject({ name: text, certificate: text })).min(1),
  keys: z.strictObject({ event: text.optional(), publisher: text.optional() }).optional(),
  hsm: hsmTable,
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
    policy: {
      gates: policy.gates,
      toleranceS: Math.round(policy.tolerance_minutes * 60),
      staleAfterS: Math.round(policy.stale_after_hours * 3600),
      refuseAfterS: Math.round(policy.refuse_after_hours * 3600),
    },
    issuers: await readIssuers(path, file.issuers),
    keys: {
      event: file.keys?.event ?? eventKeyLabel(toHex(file.id)),
      publisher: file.keys?.publisher ?? DEFAULT_LABELS.publisher,
    },
    hsm: resolveHsmConfig(path, file.hsm),
  };
}

async function readIssuers(path: string, tables: EventFile['issuers']): Promise<Issuer[]> {
  const issuers = new Map<string, CaCertificate[]>();
  for (const [i, { name, certificate }] of tables.entries()) {
    const key = `${path}: issuers[${i}].certificate`;
    const ca = await readCa(resolveFrom(path, certificate), key);
    const generations = issuers.get(name) ?? [];
    if (generations[0] && !equal(generations[0].subjectDer, ca.subjectDer)) {
      throw new ConfigError('ERR_EVENT_ISSUER', `${key}: another DN than the other "${name}"`);
    }
    issuers.set(name, [...generations, ca]);
  }
  const names = new Map<string, string>();
  for (const [name, [ca]] of issuers) {
    const other = names.get(toHex(ca!.subjectDer));
    if (other !== undefined) {
      throw new ConfigError(
        'ERR_EVENT_ISSUER',
        `${path}: issuers: "${other}" and "${name}" have one DN`,
      );
    }
    names.set(toHex(ca!.subjectDer), name);
  }
  return [...issuers].map(([name, generations]) => {
    return { name, nameDer: generations[0]!.subjectDer, generations };
  });
}

async function readCa(path: string, key: string): Promise<CaCertificate> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError('ERR_CONFIG_FILE', `${key}: cannot be read (${code})`, { cause });
  }
  return parseCaCertificate(bytes);
}
