import type { Seat } from '@pinless-gate/protocol/record';
import type { WrittenLanguage } from '../admission/language.ts';
import type { ShownTicket } from './state.ts';
import { Both } from './text.tsx';
import { MESSAGES } from './words/languages.ts';

const FIELDS = ['gate', 'block', 'row', 'number'] as const;
type FieldName = (typeof FIELDS)[number];

interface Field {
  readonly name: FieldName;
  readonly value: string;
}

/** Widths beyond this are wrapped, not shrunk further. */
const WIDEST = 32;
/** Half-width characters that two fields side by side may have each. */
const BESIDE = 4;

/** One seat over the whole area: narrow fields in pairs, wide ones alone. */
export const SeatFields = ({ seat, languages }: SeatProps) => {
  const rows = pairUp(fieldsOf(seat));
  // Fields side by side share one size, whichever row they stand in.
  const widestBeside = Math.max(
    ...rows.filter((row) => row.length > 1).flatMap((row) => row.map(({ value }) => width(value))),
  );
  return (
    <div class="seat">
      <dl class={`fields rows-${rows.length}`}>
        {rows.flatMap((row) =>
          row.map(({ name, value }) => (
            <div
              class={
                row.length === 1
                  ? `field alone w-${width(value)}`
                  : `field beside w-${widestBeside}`
              }
            >
              <dt class="label">
                <Both languages={languages} text={(language) => MESSAGES[language][name]} />
              </dt>
              <dd>{value}</dd>
            </div>
          )),
        )}
      </dl>
    </div>
  );
};

interface SeatProps {
  readonly seat: Seat;
  readonly languages: readonly WrittenLanguage[];
}

/** More tickets than this have their guest beside the seat, not above it. */
const MANY = 5;

interface SeatListProps {
  readonly tickets: readonly ShownTicket[];
  readonly partySize: number;
  readonly languages: readonly WrittenLanguage[];
}

/** The seats of several tickets: what they share once, then a card for each. */
export const SeatList = ({ tickets, partySize, languages }: SeatListProps) => {
  const [first] = tickets;
  const shared = FIELDS.filter((name) =>
    tickets.every(({ seat }) => seat[name] === first?.seat[name]),
  );
  const common = first ? fieldsOf(first.seat).filter(({ name }) => shared.includes(name)) : [];
  const commonLines = inLines(common);
  const own = tickets.map(({ seat }) =>
    inLines(fieldsOf(seat).filter(({ name }) => !shared.includes(name))),
  );
  return (
    <div class="seats">
      {common.length > 0 && (
        <p class={`common ${sizeOf([commonLines])}`}>
          <Places lines={commonLines} languages={languages} />
        </p>
      )}
      <div class="list-area">
        <ol
          class={`${tickets.length > MANY ? 'many' : 'few'} tickets ${grid(tickets.length)} ${sizeOf(own)}`}
        >
          {tickets.map(({ place, category }, i) => (
            <li>
              <p class="guest">
                <span>
                  {place} / {partySize}
                </span>{' '}
                <Both languages={languages} text={(language) => categoryIn(language, category)} />
              </p>
              <p class="where">
                <Places lines={own[i] ?? []} languages={languages} />
              </p>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
};

interface PlacesProps {
  readonly lines: readonly Line[];
  readonly languages: readonly WrittenLanguage[];
}

/** Values with their labels to the left, in as many lines as they need. */
const Places = ({ lines, languages }: PlacesProps) => (
  <>
    {lines.map((line) => (
      <span class="line">
        {line.map(({ name, value }) => (
          <span class="place">
            <span class="unit">
              <Both languages={languages} text={(language) => MESSAGES[language][name]} />
            </span>{' '}
            <b>{value}</b>
          </span>
        ))}
      </span>
    ))}
  </>
);

type Line = readonly Field[];

/** Half-width characters that a field's label and gap take beside its value. */
const UNIT_WIDTH = 3;
/** A line longer than this is easier to read as two. */
const LONGEST_LINE = 16;

function widthOf(line: Line): number {
  return line.reduce((sum, { value }) => sum + width(value) + UNIT_WIDTH, 0);
}

/** As few lines as are short enough, as alike in length as can be. */
function inLines(fields: Line): readonly Line[] {
  if (fields.length === 0) return [];
  const longest = (lines: readonly Line[]) => Math.max(...lines.map(widthOf));
  const cost = (lines: readonly Line[]) =>
    longest(lines) > LONGEST_LINE ? longest(lines) * FIELDS.length : lines.length;
  return splits(fields).reduce((best, lines) => {
    const better = cost(lines) - cost(best) || longest(lines) - longest(best);
    return better < 0 ? lines : best;
  });
}

/** Every way to break the fields, of which there are four at most, into lines. */
function splits(fields: Line): readonly (readonly Line[])[] {
  return [
    [fields],
    ...fields
      .slice(1)
      .flatMap((_, i) =>
        splits(fields.slice(i + 1)).map((rest) => [fields.slice(0, i + 1), ...rest]),
      ),
  ];
}

/** Classes that give the longest line and the number of lines to the style sheet. */
function sizeOf(all: readonly (readonly Line[])[]): string {
  const longest = Math.max(1, ...all.flat().map(widthOf));
  const lines = Math.max(1, ...all.map(({ length }) => length));
  return `w-${Math.min(longest, WIDEST)} lines-${lines}`;
}

function fieldsOf(seat: Seat): Field[] {
  return FIELDS.flatMap((name) => {
    const value = seat[name];
    return value === undefined || value === '' ? [] : [{ name, value }];
  });
}

function pairUp(fields: readonly Field[]): Field[][] {
  const rows: Field[][] = [];
  for (const field of fields) {
    const last = rows.at(-1);
    const fits = (one: Field | undefined) => one !== undefined && width(one.value) <= BESIDE;
    if (last?.length === 1 && fits(last[0]) && fits(field)) last.push(field);
    else rows.push([field]);
  }
  return rows;
}

function width(value: string): number {
  let halves = 0;
  for (const character of value) halves += character.codePointAt(0)! < 0x2000 ? 1 : 2;
  return Math.min(Math.max(halves, 1), WIDEST);
}

/** Columns and rows of cards, for a portrait and a landscape screen. */
function grid(count: number): string {
  const portrait = count <= 5 ? 1 : 2;
  const landscape = count <= 2 ? 1 : count <= 8 ? 2 : 3;
  const rows = (columns: number) => Math.min(Math.ceil(count / columns), WIDEST);
  return `p-cols-${portrait} p-rows-${rows(portrait)} l-cols-${landscape} l-rows-${rows(landscape)}`;
}

function categoryIn(language: WrittenLanguage, category: string): string {
  return MESSAGES[language].categories[category] ?? category;
}

/** Classes `x-1` … `x-32` that hand a number to the style sheet: the page allows no inline styles. */
export function numberClasses(): string {
  const names = ['w', 'lines', 'rows', 'p-cols', 'p-rows', 'l-cols', 'l-rows'];
  const numbers = Array.from({ length: WIDEST }, (_, i) => i + 1);
  return names.flatMap((name) => numbers.map((n) => `.${name}-${n}{--${name}:${n}}`)).join('\n');
}
