import { ceremonyTable } from '@pinless-gate/hsm/ceremony/config';
import { hsmTable } from '@pinless-gate/hsm/config';
import { DEFAULT_LABELS } from '@pinless-gate/hsm/key-store';
import { z } from 'zod';
import { displayTable } from './display/config.ts';
import { lightsTable, sensorTable, turnstileTable } from './hardware/config.ts';
import { printerTable } from './receipt/config.ts';
import { staffTable } from './staff/config.ts';

/** 16 octets as 32 hex digits, with or without the dashes of a UUID. */
const id = z
  .string()
  .transform((text) => text.replaceAll('-', ''))
  .refine((text) => /^[0-9a-fA-F]{32}$/.test(text), 'must be 32 hex digits');
const path = z.string().min(1);
const milliseconds = z.int().min(10).max(60_000);

const certificatesTable = z.strictObject({ certificates: z.array(path).min(1) });

/** `gate.toml` as it is typed. */
export const gateTable = z.strictObject({
  gate: z.strictObject({
    /** Of a gate that an operator made known; a gate that enrolled itself names its enrolment instead. */
    id: id.optional(),
    enrolment: path.optional(),
    name: z.string().min(1),
    /** The gates, as printed on tickets, that this lane leads through. */
    serves: z.array(z.string().min(1)).min(1),
    /** Which way its reader is. */
    direction: z.enum(['in', 'out']).default('in'),
    time_zone: z
      .string()
      .default('Asia/Tokyo')
      .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone), 'unknown time zone'),
  }),
  event: z.strictObject({ id }),
  hsm: hsmTable,
  /** For the commands of `hsm` alone. */
  ceremony: ceremonyTable.optional(),
  keys: z
    .strictObject({
      institution: z.string().default(DEFAULT_LABELS.institution),
      device: z.string().default(DEFAULT_LABELS.device),
      event: z.string().optional(),
      transport: z.string().default(DEFAULT_LABELS.transport),
      /** Where the envelopes of keys that were sent to this gate are kept. */
      directory: path.default('keys'),
    })
    .prefault({}),
  reader: z
    .strictObject({
      name: z.string().min(1).optional(),
      socket: path.optional(),
      command_timeout_ms: milliseconds.default(1500),
      tap_timeout_ms: milliseconds.default(3000),
      debounce_ms: z.int().min(0).max(10_000).default(2500),
    })
    .prefault({}),
  card: z.strictObject({
    /** CA certificates that users' certificates are verified under, PEM or DER. */
    anchors: z.array(path).min(1),
    jpki: certificatesTable.optional(),
    iso: certificatesTable.optional(),
    kazashi: z.strictObject({ ca: path, pinned: z.boolean().default(false) }).optional(),
  }),
  whitelist: z.strictObject({
    directory: path,
    source: path.optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    poll_seconds: z.int().min(1).max(86_400).default(10),
    /** Public keys (PEM) of those who may publish. */
    publishers: z.array(path).min(1).optional(),
    threshold: z.int().min(1).optional(),
  }),
  journal: z.strictObject({ directory: path }),
  printer: printerTable.prefault({ driver: 'none' }),
  receipt: z.strictObject({ template: path.optional() }).optional(),
  receipts: z.strictObject({ directory: path }).optional(),
  turnstile: turnstileTable.prefault({ driver: 'none' }),
  lights: lightsTable.prefault({ driver: 'none' }),
  passage: sensorTable.prefault({ driver: 'none' }),
  evacuation: sensorTable.prefault({ driver: 'none' }),
  display: displayTable.prefault({}),
  http: z
    .strictObject({
      host: z.enum(['127.0.0.1', '::1']).default('127.0.0.1'),
      port: z.int().min(0).max(65535).default(8460),
    })
    .prefault({}),
  staff: staffTable.optional(),
  console: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }).optional(),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') })
    .prefault({}),
});
