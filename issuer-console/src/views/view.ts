import { Format, LANGUAGES, type Language } from './language.ts';
import type { Messages } from './messages.ts';
import { en } from './messages-en.ts';
import { ja } from './messages-ja.ts';

const MESSAGES: Readonly<Record<Language, Messages>> = { ja, en };

/** What every component is given: words, numbers and times of one language, and who looks. */
export interface View {
  readonly text: Messages;
  readonly format: Format;
  /** Undefined where nobody is signed in. */
  readonly viewer?: Viewer | undefined;
}

export interface Viewer {
  readonly name: string;
  /** What every form carries. */
  readonly formToken: string;
  /** Paths of the pages that they may see. */
  readonly pages: readonly string[];
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
