import type { Language } from '@pinless-gate/protocol/record';

/** Languages that texts for attendees are written in today. A new one does not compile until it is whole. */
export type WrittenLanguage = 'ja' | 'en';

/** What a ticket's language reads today: those not yet written fall back to English. */
export const WRITTEN_AS: Record<Language, WrittenLanguage> = {
  ja: 'ja',
  en: 'en',
  zh: 'en',
  ko: 'en',
};

/** A text in every language it is written in. */
export type Written<T> = Readonly<Record<WrittenLanguage, T>>;

/** All written languages, the one asked for first. */
export function startingWith(language: Language): readonly WrittenLanguage[] {
  return WRITTEN_AS[language] === 'ja' ? ['ja', 'en'] : ['en', 'ja'];
}
