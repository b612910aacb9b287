import { ATTENDEE_TEXT } from '../admission/refusal.ts';
import { atOnce, type ViewSettings } from './settings.ts';
import type { DisplayState } from './state.ts';
import { OutOfService, View } from './view.tsx';
import { MESSAGES } from './words/languages.ts';

interface PageProps {
  readonly state: DisplayState;
  readonly settings: ViewSettings;
  /** 0 to 1. */
  readonly volume: number;
}

const STYLES = [
  ...['tokens', 'font', 'numbers'],
  ...['display', 'touch', 'result', 'notice', 'seat', 'languages'],
].map((name) => `${name}.css`);

/** The whole page: complete as it stands, kept up to date by `display.js`. */
export const Page = ({ state, settings, volume }: PageProps) => (
  <html lang={settings.languages[0]}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{MESSAGES[settings.languages[0]!].page}</title>
      <link rel="icon" href="data:," />
      {STYLES.map((name) => (
        <link rel="stylesheet" href={`/display/assets/${name}`} />
      ))}
      <script type="module" src="/display/assets/display.js" />
    </head>
    <body data-volume={String(volume)} data-glyphs={glyphs()}>
      <main id="display" data-state={state.state} aria-live="assertive" aria-atomic="true">
        <View state={state} settings={settings} />
      </main>
      {settings.languages.length > 1 && <Languages state={state} settings={settings} />}
      <template id="lost">
        <OutOfService languages={atOnce(settings)} />
      </template>
    </body>
  </html>
);

/** Beside the screen's own text, not in it: nothing is read out again because somebody reaches for it. */
const Languages = ({ state, settings }: Omit<PageProps, 'volume'>) => {
  const { languages } = settings;
  const [chosen] = atOnce(settings, 'language' in state ? state.language : undefined);
  return (
    <nav id="languages" aria-label={MESSAGES[languages[0]!].chooseLanguage}>
      {languages.map((language) => (
        <button
          type="button"
          lang={language}
          data-language={language}
          aria-pressed={String(language === chosen)}
        >
          {MESSAGES[language].name}
        </button>
      ))}
    </nav>
  );
};

/** Every character of our own texts, so that the page can fetch their slices of the font before they are needed. */
function glyphs(): string {
  const texts = JSON.stringify([ATTENDEE_TEXT, MESSAGES], (_, value: unknown) =>
    typeof value === 'function' ? (value as (a: number, b: number) => string)(1, 2) : value,
  );
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return [...new Set(texts + digits)]
    .filter((character) => character > ' ')
    .sort()
    .join('');
}
