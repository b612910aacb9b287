import type { Child } from 'hono/jsx';
import type { WrittenLanguage } from '../admission/language.ts';
import { Both } from './text.tsx';
import { MESSAGES } from './words/languages.ts';
import type { Messages, Notice as Said } from './words/messages.ts';

interface LayoutProps {
  /** Of the state: class of the style sheet. */
  readonly name: string;
  readonly languages: readonly WrittenLanguage[];
  readonly icon: Child;
}

interface TouchProps extends LayoutProps {
  readonly title: (words: Messages) => string;
  readonly action?: (words: Messages) => string;
}

/** A card in its ring, and what to do with it. */
export const Touch = ({ name, languages, icon, title, action }: TouchProps) => (
  <section class={`state touch ${name}`}>
    {icon}
    <div class="words">
      <h1>
        <Both languages={languages} text={(language) => title(MESSAGES[language])} />
      </h1>
      {action && (
        <p class="action">
          <Both languages={languages} text={(language) => action(MESSAGES[language])} />
        </p>
      )}
    </div>
  </section>
);

interface SaidProps extends LayoutProps {
  readonly says: (words: Messages, language: WrittenLanguage) => Said;
  readonly children?: Child;
}

/** A coloured head with its shape, then what to do. */
export const Result = ({ name, languages, icon, says, children }: SaidProps) => (
  <section class={`state result ${name}`}>
    <header>
      {icon}
      <h1>
        <Both languages={languages} text={(language) => says(MESSAGES[language], language).title} />
      </h1>
    </header>
    <div class="advice">
      <p class="action">
        <Both
          languages={languages}
          text={(language) => says(MESSAGES[language], language).action}
        />
      </p>
      {children}
    </div>
  </section>
);

/** One thought that fills the screen: the lane's, not an attendee's. */
export const Notice = ({ name, languages, icon, says, children }: SaidProps) => (
  <section class={`state notice ${name}`}>
    {icon}
    <div class="words">
      <h1>
        <Both languages={languages} text={(language) => says(MESSAGES[language], language).title} />
      </h1>
      <p class="action">
        <Both
          languages={languages}
          text={(language) => says(MESSAGES[language], language).action}
        />
      </p>
      {children}
    </div>
  </section>
);

interface CodeProps {
  readonly code: string;
  readonly languages: readonly WrittenLanguage[];
}

/** Leads staff to the tap, and says nothing by itself. */
export const Code = ({ code, languages }: CodeProps) => (
  <p class="code">
    <span class="unit">
      <Both languages={languages} text={(language) => MESSAGES[language].code} />
    </span>{' '}
    <b>{code}</b>
  </p>
);
