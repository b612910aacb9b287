import { GateError } from '@pinless-gate/protocol/errors';

/** What stands in double braces, already escaped. `title`, `seat` and `qr` are lines of markup of their own. */
const NAMES = [
  'title',
  'seat',
  'qr',
  'event',
  'venue',
  'starts',
  'date',
  'time',
  'gate',
  'block',
  'row',
  'number',
  'party',
  'ticket',
  'entered',
  'code',
  'copy',
  'keep',
  'label.gate',
  'label.block',
  'label.row',
  'label.number',
  'label.party',
  'label.ticket',
  'label.entered',
] as const;
export type PlaceholderName = (typeof NAMES)[number];
export type Values = Readonly<Record<PlaceholderName, string>>;

/** These stand alone on their line. */
const BLOCKS: ReadonlySet<string> = new Set(['title', 'seat', 'qr']);
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** A template that a receipt cannot be made of. The message names the line. */
export class TemplateError extends GateError {}

interface Line {
  readonly text: string;
  readonly names: readonly PlaceholderName[];
}

/**
 * A receipt in receiptline's markup with placeholders in double braces. A line on which one is empty for a ticket is
 * left out, and of empty lines that follow each other one remains.
 */
export class Template {
  readonly #lines: readonly Line[];

  /** `name` is for messages. Throws `TemplateError`. */
  constructor(text: string, name: string) {
    this.#lines = text
      .replace(/\n$/, '')
      .split(/\r?\n/)
      .map((line, index) => parseLine(line, `${name}:${index + 1}`));
  }

  fill(values: Values): string {
    return this.#lines
      .filter(({ names }) => names.every((name) => values[name] !== ''))
      .map(({ text }) =>
        text.replace(PLACEHOLDER, (_, name: string) => values[name.trim() as PlaceholderName]),
      )
      .filter((line, i, lines) => line !== '' || lines[i - 1] !== '')
      .join('\n');
  }
}

/** From a file of the venue's, UTF-8. */
export function readTemplate(octets: Uint8Array, name: string): Template {
  return new Template(new TextDecoder().decode(octets), name);
}

function parseLine(text: string, place: string): Line {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, inner = '']) => {
    const known = NAMES.find((name) => name === inner.trim());
    if (known) return known;
    throw new TemplateError('ERR_TEMPLATE_NAME', `${place}: {{${inner}}} is unknown`, {
      hint: `known are ${NAMES.join(', ')}`,
    });
  });
  if (/\{\{|\}\}/.test(text.replace(PLACEHOLDER, ''))) {
    throw new TemplateError(
      'ERR_TEMPLATE_BRACES',
      `${place}: braces of a placeholder do not match`,
    );
  }
  const block = names.find((name) => BLOCKS.has(name));
  if (block && text.replace(PLACEHOLDER, '').trim() !== '') {
    throw new TemplateError('ERR_TEMPLATE_LINE', `${place}: {{${block}}} stands alone on its line`);
  }
  return { text, names };
}

/** What a gate prints without a template of the venue's; `gate receipt template` gives it to start from. */
export const DEFAULT_TEMPLATE_TEXT = `{width:auto}
\`^^^ {{copy}} ^^^\`

{{title}}

{{starts}}
{{venue}}
-
{{seat}}
-
{width:12 *}

|{{label.party}} |"^^^{{party}}^^^" |

|{{label.ticket}} |{{ticket}} |
|{{label.entered}} |{{entered}} |
{width:auto}

{{qr}}

"^^^{{code}}^^^"

{{keep}}
`;

export const DEFAULT_TEMPLATE = new Template(DEFAULT_TEMPLATE_TEXT, 'default');
