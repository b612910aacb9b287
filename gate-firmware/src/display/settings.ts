import type { Language } from '@pinless-gate/protocol/record';
import type { WrittenLanguage } from '../admission/language.ts';
import type { ArrowName } from './icons.tsx';

/** A text of the venue, in the languages it has it in. */
export type VenueText = Partial<Readonly<Record<WrittenLanguage, string>>>;

/** From the lane to the seat. */
export interface Way {
  readonly arrow?: ArrowName | undefined;
  readonly text: VenueText;
}

export interface ViewSettings {
  /** The lane's own first; the others can be chosen. */
  readonly languages: readonly WrittenLanguage[];
  /** Where refused attendees go, in the venue's words. */
  readonly helpDesk?: VenueText | undefined;
  /** By zone or gate, as tickets name it. */
  readonly ways?: ReadonlyMap<string, Way> | undefined;
}

/** More than two texts of each kind would be too small to read from two metres. */
const AT_ONCE = 2;

/** The languages of one screen: the visit's first, then the lane's. */
export function atOnce(
  { languages }: ViewSettings,
  leading: Language = languages[0]!,
): readonly WrittenLanguage[] {
  return [leading, ...languages.filter((other) => other !== leading)].slice(0, AT_ONCE);
}
