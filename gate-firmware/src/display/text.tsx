import type { WrittenLanguage } from '../admission/language.ts';

interface BothProps {
  readonly languages: readonly WrittenLanguage[];
  readonly text: (language: WrittenLanguage) => string;
}

/** A text in every language of the screen, the first one leading; once where they read the same. */
export const Both = ({ languages, text }: BothProps) => {
  const [first, ...others] = languages;
  return (
    <>
      {first && (
        <span class="first" lang={first}>
          {text(first)}
        </span>
      )}
      {others
        .filter((language) => first === undefined || text(language) !== text(first))
        .map((language) => (
          <>
            {' '}
            <span class="other" lang={language}>
              {text(language)}
            </span>
          </>
        ))}
    </>
  );
};
