import { z } from 'zod';

const word = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be a word of a-z, 0-9 and -');

/** The `[staff]` table. Without it nobody does anything by hand at this gate. */
export const staffTable = z.strictObject({
  /** Who may, and the hashes of their PINs: kept by `gate staff add`. */
  operators: z.string().min(1),
  /** Of the staff page: loopback, or an address in a network of the staff's own. */
  host: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
  port: z.int().min(0).max(65535).default(8461),
  /** What may stand in for a card, as it is journalled: the kind, never a number. */
  proofs: z.array(word).min(1).max(20).default(['driving-licence', 'passport', 'residence-card']),
  /** How long an admission can be taken back. */
  undo_within_s: z.int().min(1).max(3600).default(600),
  /** How long the lane waits for a face check before it refuses. */
  look_timeout_s: z.int().min(5).max(600).default(60),
  /** Signed out after so long without an act. */
  session_minutes: z.int().min(1).max(720).default(30),
});
export type StaffTable = z.infer<typeof staffTable>;
