import { LANGUAGES } from '@pinless-gate/protocol/record';
import { z } from 'zod';
import type { DisplayOptions } from './app.tsx';
import { ARROWS } from './icons.tsx';

const written = z.enum(LANGUAGES);
/** Words of the venue, in the languages it has them in. */
const words = z.partialRecord(written, z.string().min(1));

const way = z
  .strictObject({ arrow: z.enum(ARROWS).optional(), text: words.default({}) })
  .refine(({ arrow, text }) => arrow !== undefined || Object.keys(text).length > 0, {
    error: 'needs an arrow or a text',
  });

/** The `[display]` table. */
export const displayTable = z.strictObject({
  languages: z
    .array(written)
    .min(1)
    .default([...LANGUAGES]),
  default_language: written.default('ja'),
  /** 0 is silent. */
  volume: z.number().min(0).max(1).default(0.5),
  /** From the lane to the seats, by zone or gate as tickets name it. */
  ways: z.record(z.string().min(1), way).default({}),
  /** Where refused attendees go, as the signs of the venue say it. */
  help_desk: words.default({}),
});
export type DisplayTable = z.infer<typeof displayTable>;

/** What the page is made with, of what `gate.toml` says. */
export function displaySettings(table: DisplayTable): Omit<DisplayOptions, 'bus' | 'choose'> {
  return {
    languages: table.languages,
    defaultLanguage: table.default_language,
    volume: table.volume,
    helpDesk: table.help_desk,
    ways: new Map(Object.entries(table.ways)),
  };
}
