import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { z } from 'zod';
import { MISSING } from '../receipt/cp932.ts';
import { PRINTER_ENCODINGS, type PrinterEncoding, toPrintable } from '../receipt/encoding.ts';
import { renderEscPos, renderText } from '../receipt/escpos.ts';
import { type ReceiptContent, receiptDocument } from '../receipt/layout.ts';
import { renderPng } from '../receipt/png.ts';
import { renderSvg } from '../receipt/svg.ts';
import { DEFAULT_TEMPLATE, DEFAULT_TEMPLATE_TEXT, readTemplate } from '../receipt/template.ts';

const isoTime = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** As long as that of a gate, and signed by nobody. */
const SAMPLE_CODE = `PG1:${'A'.repeat(170)}`;

/** What `gate receipt preview --ticket` reads; a feed's ticket fits as it is. */
const previewFile = z.strictObject({
  event: z.strictObject({ name: z.string(), place: z.string(), startsAt: isoTime }),
  ticket: z.object({
    ticketNo: z.string(),
    seat: z.strictObject({
      gate: z.string(),
      block: z.string().optional(),
      row: z.string().optional(),
      number: z.string().optional(),
    }),
    category: z.string().default('adult'),
    place: z.int().min(1).default(1),
  }),
  partySize: z.int().min(1).default(1),
  code: z.string().default('K7-42'),
  /** What the QR holds; a made-up statement of the usual length where it is absent. */
  signed: z.string().default(SAMPLE_CODE),
  language: z.enum(LANGUAGES).default('ja'),
  enteredAt: isoTime.optional(),
  copy: z.boolean().default(false),
  timeZone: z.string().default('Asia/Tokyo'),
});

type Rendered = string | Uint8Array | Promise<Uint8Array>;
type Render = (document: string, encoding: PrinterEncoding) => Rendered;

const RENDERERS: Readonly<Record<string, Render>> = {
  '.svg': renderSvg,
  '.png': (document) => renderPng(renderSvg(document)),
  '.txt': renderText,
  '.escpos': (document, encoding) => renderEscPos(document, { encoding }),
};

/** `gate receipt preview`: a receipt as the printer of the lane would print it. */
export async function receiptPreviewCommand(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ticket: { type: 'string' },
      out: { type: 'string' },
      template: { type: 'string' },
      encoding: { type: 'string', default: 'cp932' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.ticket === undefined || values.out === undefined) {
    throw new UsageError('--ticket FILE.json and --out FILE are needed');
  }
  const render = RENDERERS[extname(values.out)];
  if (!render)
    throw new UsageError(`--out ${values.out}: ends in none of .svg, .png, .txt, .escpos`);

  const encoding = PRINTER_ENCODINGS.find((known) => known === values.encoding);
  if (!encoding) throw new UsageError(`--encoding ${values.encoding}: cp932 or utf-8`);
  const template =
    values.template === undefined
      ? DEFAULT_TEMPLATE
      : readTemplate(await readFile(values.template), values.template);

  const content = parseContent(await readFile(values.ticket, 'utf8'), values.ticket);
  const languages = encoding === 'utf-8' ? LANGUAGES : undefined;
  const { document, missing } = toPrintable(
    receiptDocument(content, template, languages),
    encoding,
  );
  await writeFileDurably(values.out, await render(document, encoding));
  if (missing > 0) {
    io.err(`${missing} characters are not in a printer of ${encoding} and print as ${MISSING}`);
  }
  io.out(values.json ? JSON.stringify({ out: values.out, missing }) : values.out);
  return EXIT_OK;
}

/** `gate receipt template`: what is printed without a template of the venue's, to start one from. */
export async function receiptTemplateCommand(argv: readonly string[], io: Io): Promise<number> {
  parseArgs({ args: [...argv], options: {} });
  io.out(DEFAULT_TEMPLATE_TEXT.trimEnd());
  return EXIT_OK;
}

function parseContent(text: string, path: string): ReceiptContent {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new GateError('ERR_RECEIPT_JSON', `${path}: not JSON`, { cause });
  }
  const result = previewFile.safeParse(json);
  if (!result.success) {
    const { path: key, message } = result.error.issues[0]!;
    throw new GateError(
      'ERR_RECEIPT_TICKET',
      `${path}: ${key.join('.') || 'file'}: ${message.toLowerCase()}`,
    );
  }
  const { event, ticket, enteredAt, ...rest } = result.data;
  assertTimeZone(rest.timeZone, path);
  return {
    ...rest,
    event: { ...event, startsAt: event.startsAt / 1000 },
    // What a receipt does not show.
    ticket: {
      ...ticket,
      admission: { from: 0, until: 0 },
      entries: 1,
      reentry: false,
      flags: [],
    },
    enteredAt: enteredAt ?? event.startsAt,
  };
}

function assertTimeZone(timeZone: string, path: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new GateError('ERR_RECEIPT_TICKET', `${path}: timeZone: unknown time zone`, { cause });
  }
}
