import { Format, LANGUAGES, type Language } from './language.ts';
import { MESSAGES, type Messages } from './messages.ts';

/** What every component is given: words, numbers and times of one language. */
export interface View {
  readonly text: Messages;
  readonly format: Format;
}

export type Views = Readonly<Record<Language, View>>;

export function viewsIn(timeZone: string): Views {
  const view = (language: Language): View => ({
    text: MESSAGES[language],
    format: new Format(language, timeZone),
  });
  return Object.fromEntries(LANGUAGES.map((language) => [language, view(language)])) as Record<
    Language,
    View
  >;
}
