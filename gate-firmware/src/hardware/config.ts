import { z } from 'zod';
import { relayTable } from './relay.ts';

const timeoutMs = z.int().min(10).max(10_000).default(1000);
const command = z.array(z.string().min(1)).min(1);
const url = z.url({ protocol: /^https?$/ });
const none = z.strictObject({ driver: z.literal('none') });
const serial = {
  /** `/dev/serial/by-id/…`: it stays when the board is plugged in elsewhere. */
  device: z.string().startsWith('/'),
  baud: z.int().min(300).max(4_000_000).default(9600),
};

/** The `[turnstile]` table. */
export const turnstileTable = z.discriminatedUnion('driver', [
  none,
  z.strictObject({ driver: z.literal('http'), url, timeout_ms: timeoutMs }),
  z.strictObject({
    driver: z.literal('exec'),
    /** Program and its first arguments; id, direction and number of people are added. */
    command,
    /** The same for holding the way open: `open` or `normal` is added. */
    hold: command.optional(),
    timeout_ms: timeoutMs,
  }),
  z.strictObject({
    driver: z.literal('serial-relay'),
    ...serial,
    relay: relayTable,
    /** Of the way out, where it has a relay of its own. */
    exit_relay: relayTable.optional(),
    pulse_ms: z.int().min(20).max(10_000).default(300),
    /** One pulse however many pass, or one for each person, which the turnstile counts. */
    pulse_for: z.enum(['once', 'person']).default('person'),
    timeout_ms: timeoutMs,
  }),
]);
export type TurnstileTable = z.infer<typeof turnstileTable>;

/** The `[lights]` table. */
export const lightsTable = z.discriminatedUnion('driver', [
  none,
  z.strictObject({ driver: z.literal('http'), url, timeout_ms: timeoutMs }),
  /** The state is added to the command. */
  z.strictObject({ driver: z.literal('exec'), command, timeout_ms: timeoutMs }),
  z.strictObject({
    driver: z.literal('serial-relay'),
    ...serial,
    green: relayTable.optional(),
    amber: relayTable.optional(),
    red: relayTable.optional(),
  }),
]);
export type LightsTable = z.infer<typeof lightsTable>;

/** The `[passage]` and `[evacuation]` tables: where their lines come from. */
export const sensorTable = z.discriminatedUnion('driver', [
  none,
  /** Posted to the gate on loopback by whoever knows the token. */
  z.strictObject({ driver: z.literal('http'), token_file: z.string().min(1) }),
  /** A long-running program prints them. */
  z.strictObject({ driver: z.literal('exec'), command }),
  z.strictObject({ driver: z.literal('serial'), ...serial }),
]);
export type SensorTable = z.infer<typeof sensorTable>;

export interface HardwareTables {
  readonly turnstile: TurnstileTable;
  readonly lights: LightsTable;
  readonly passage: SensorTable;
  readonly evacuation: SensorTable;
}
