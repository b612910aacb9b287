import type { Language } from '@pinless-gate/protocol/record';

/** Languages that texts for attendees are written in: every language that a ticket may name. */
export type WrittenLanguage = Language;

/** A text in every language. One that is missing does not compile. */
export type Written<T> = Readonly<Record<WrittenLanguage, T>>;
