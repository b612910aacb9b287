import { LANGUAGES } from '@pinless-gate/protocol/record';
import { z } from 'zod';

const written = z.enum(LANGUAGES);
/** Words of the venue, in the languages it has them in. */
const words = z.partialRecord(written, z.string().min(1));

/** The `[display]` table. */
export const displayTable = z.strictObject({
  languages: z
    .array(written)
    .min(1)
    .default([...LANGUAGES]),
  default_language: written.default('ja'),
  /** 0 is silent. */
  volume: z.number().min(0).max(1).default(0.5),
  /** Where refused attendees go, as the signs of the venue say it. */
  help_desk: words.default({}),
});
export type DisplayTable = z.infer<typeof displayTable>;
