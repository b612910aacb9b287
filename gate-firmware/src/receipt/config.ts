import { LANGUAGES } from '@pinless-gate/protocol/record';
import { z } from 'zod';
import { cupsPrinter } from './cups-printer.ts';
import { devicePrinter } from './device-printer.ts';
import { PRINTER_ENCODINGS } from './encoding.ts';
import { nullPrinter, type Printer } from './printer.ts';
import { tcpPrinter } from './tcp-printer.ts';
import { EVERYWHERE } from './words.ts';

/** That the printer's font has the characters of. */
const languages = z.array(z.enum(LANGUAGES)).default([...EVERYWHERE]);

const common = {
  languages,
  encoding: z.enum(PRINTER_ENCODINGS).default('cp932'),
  timeout_ms: z.int().min(100).max(60_000).default(5000),
  queue_limit: z.int().min(1).max(100).default(8),
};
/** False for printers that do not answer status requests. */
const status = z.boolean().default(true);

/** The `[printer]` table. */
export const printerTable = z
  .discriminatedUnion('driver', [
    z.strictObject({ driver: z.literal('none') }),
    z.strictObject({
      driver: z.literal('tcp'),
      host: z.string().min(1),
      port: z.int().min(1).max(65535).default(9100),
      status,
      ...common,
    }),
    z.strictObject({
      driver: z.literal('device'),
      device: z.string().startsWith('/').default('/dev/usb/lp0'),
      status,
      ...common,
    }),
    z.strictObject({
      driver: z.literal('cups'),
      queue: z.string().regex(/^[0-9A-Za-z_][0-9A-Za-z_.-]{0,126}$/, 'not the name of a queue'),
      ...common,
    }),
  ])
  .refine(
    (table) =>
      table.driver === 'none' ||
      table.encoding === 'utf-8' ||
      table.languages.every((language) => EVERYWHERE.includes(language)),
    { path: ['languages'], message: 'cp932 holds ja and en; others need encoding = "utf-8"' },
  );
export type PrinterTable = z.infer<typeof printerTable>;

export function openPrinter(table: PrinterTable): Printer {
  if (table.driver === 'none') return nullPrinter();
  const queued = { ...table, timeoutMs: table.timeout_ms, queueLimit: table.queue_limit };
  switch (queued.driver) {
    case 'tcp':
      return tcpPrinter(queued);
    case 'device':
      return devicePrinter(queued);
    case 'cups':
      return cupsPrinter(queued);
  }
}
