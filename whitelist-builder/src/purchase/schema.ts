import { LANGUAGES } from '@pinless-gate/protocol/record';
import { z } from 'zod';

/** Most tickets that one card opens: with the longest texts they still fit a sealed record (64 KiB). */
export const MAX_TICKETS_PER_CARD = 50;
const MAX_COMPANIONS = 50;
const MAX_CERTIFICATE_LENGTH = 8192; // base64 of 4096 octets and a little room for other key types

const CONTROL = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** Numbers and ids of the vendor: printable ASCII without spaces, so that no name fits in by accident. */
const identifier = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, { error: 'must be 1 to 64 printable ASCII characters, no spaces' });

/** Text for a ticket or a display: no control, format or unassigned characters. */
const label = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(32, { error: 'must be at most 32 characters' })
  .regex(CONTROL, { error: 'must not hold control characters' });

const instant = z.iso.datetime({
  offset: true,
  error: 'must be a date and time with offset (2026-12-20T15:00:00+09:00)',
});

const admission = z.strictObject({ from: instant, until: instant });

const seat = z.strictObject({
  gate: label,
  block: label.optional(),
  row: label.optional(),
  number: label.optional(),
});

const ticketDetails = {
  zone: label.optional(),
  category: label.optional(),
  admission: admission.optional(),
  entries: z.int().min(1).max(99).optional(),
  reentry: z.boolean().optional(),
  with: identifier.optional(),
};

const ticket = z.strictObject({ ticketNo: identifier, seat, ...ticketDetails });

/** What linking a card for the profile `kazashi` captured (protocol.md 1.4). */
const kazashi = z.strictObject({
  reference: z.string().regex(/^[0-9]{6}$/, { error: 'must be six digits' }),
  birthDate: z.string().regex(/^[0-9]{8}$/, { error: 'must be eight digits, YYYYMMDD' }),
  modulusHash: z.string().regex(/^[0-9a-fA-F]{64}$/, { error: 'must be 64 hex digits' }),
  signerKeyId: z.string().regex(/^[0-9a-fA-F]{32}$/, { error: 'must be 32 hex digits' }),
  /** For gates with pinned taps only. */
  modulus: z
    .string()
    .regex(/^[A-Za-z0-9+/]{342}==$/, { error: 'must be base64 of 256 octets' })
    .optional(),
});

const certificateHolder = z.strictObject({
  certificate: z.string().min(1).max(MAX_CERTIFICATE_LENGTH),
  kazashi: kazashi.optional(),
});
const serialHolder = z.strictObject({
  serial: z.string().regex(/^[0-9a-fA-F]{1,40}$/, { error: 'must be 1 to 40 hex digits' }),
  issuer: label,
  kazashi: kazashi.optional(),
});
const holder = z.union([certificateHolder, serialHolder]);

const companion = z.strictObject({
  ticketNo: identifier,
  holder,
  seat: seat.optional(),
  ...ticketDetails,
});

/** One line of the purchase feed. Times stay text; what goes together is checked in `cardsOf`. */
export const purchaseSchema = z.strictObject({
  purchaseId: identifier,
  status: z.enum(['paid', 'pending', 'cancelled']),
  holder,
  enrolment: z.strictObject({
    evidenceId: identifier,
    method: label,
    at: instant,
  }),
  language: z.enum(LANGUAGES).optional(),
  tickets: z.array(ticket).min(1).max(MAX_TICKETS_PER_CARD),
  companions: z.array(companion).max(MAX_COMPANIONS).optional(),
});

export type Purchase = z.infer<typeof purchaseSchema>;
export type PurchaseTicket = Purchase['tickets'][number];
export type Companion = NonNullable<Purchase['companions']>[number];
export type HolderField = Purchase['holder'];
export type KazashiField = NonNullable<HolderField['kazashi']>;

/** JSON Schema (draft 2020-12) of a line, with the `x_` columns that the reader drops. */
export function purchaseJsonSchema(): object {
  return {
    $id: 'https://pinless-gate.invalid/purchase.schema.json',
    title: 'A purchase: one line of the feed of `whitelist build`',
    ...z.toJSONSchema(purchaseSchema, {
      override: ({ jsonSchema }) => {
        if (jsonSchema.type === 'object') jsonSchema.patternProperties = { '^x_': {} };
      },
    }),
  };
}
