import { z } from 'zod';

const written = z.enum(['ja', 'en']);

/** The `[display]` table. */
export const displayTable = z.strictObject({
  languages: z.array(written).min(1).default(['ja', 'en']),
  default_language: written.default('ja'),
  /** 0 is silent. */
  volume: z.number().min(0).max(1).default(0.5),
  /** Where refused attendees go, as the signs of the venue say it. */
  help_desk: z.strictObject({ ja: z.string().optional(), en: z.string().optional() }).default({}),
});
export type DisplayTable = z.infer<typeof displayTable>;
