import type { Seat } from '@pinless-gate/protocol/record';
import type { WrittenLanguage } from '../admission/language.ts';
import { MESSAGES } from './languages.ts';
import type { ShownTicket } from './state.ts';
import { Both } from './text.tsx';

const FIELDS = ['gate', 'block', 'row', 'number'] as const;
type FieldName = (typeof FIELDS)[number];

interface Field {
  readonly name: FieldName;
  readonly value: string;
}

/** Widths beyond this are wrapped, not shrunk further. */
const WIDEST = 24;
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
  const own = FIELDS.filter((name) => !shared.includes(name));
  const fieldsOfTicket = (ticket: ShownTicket) =>
    fieldsOf(ticket.seat).filter(({ name }) => own.includes(name));
  const widest = Math.max(
    ...tickets.map((ticket) =>
      fieldsOfTicket(ticket).reduce((sum, { value }) => sum + width(value) + UNIT_WIDTH, 0),
    ),
  );
  const common = first ? fieldsOf(first.seat).filter(({ name }) => shared.includes(name)) : [];
  return (
    <div class={`seats ${common.length > 0 ? 'with-common' : ''}`}>
      {common.length > 0 && (
        <p
          class={`common w-${clampWidth(common.reduce((sum, { value }) => sum + width(value) + UNIT_WIDTH, 0))}`}
        >
          {common.map((field) => (
            <Place field={field} languages={languages} />
          ))}
        </p>
      )}
      <div class="list-area">
        <ol class={`tickets ${grid(tickets.length)} w-${clampWidth(widest)}`}>
          {tickets.map((ticket) => (
            <li>
              <p class="guest">
                <span>
                  {ticket.place} / {partySize}
                </span>{' '}
                <Both
                  languages={languages}
                  text={(language) => categoryIn(language, ticket.category)}
                />
              </p>
              <p class="where">
                {fieldsOfTicket(ticket).map((field) => (
                  <Place field={field} languages={languages} />
                ))}
              </p>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
};

/** Half-width characters that a field's label and gap take beside its value. */
const UNIT_WIDTH = 2;

const Place = ({
  field,
  languages,
}: {
  readonly field: Field;
  readonly languages: readonly WrittenLanguage[];
}) => (
  <span class="place">
    <span class="unit">
      <Both languages={languages} text={(language) => MESSAGES[language][field.name]} />
    </span>{' '}
    <b>{field.value}</b>
  </span>
);

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
  return clampWidth(halves);
}

function clampWidth(halves: number): number {
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

/** Classes `x-1` … `x-24` that hand a number to the style sheet: the page allows no inline styles. */
export function numberClasses(): string {
  const names = ['w', 'rows', 'p-cols', 'p-rows', 'l-cols', 'l-rows'];
  const numbers = Array.from({ length: WIDEST }, (_, i) => i + 1);
  return names.flatMap((name) => numbers.map((n) => `.${name}-${n}{--${name}:${n}}`)).join('\n');
}
