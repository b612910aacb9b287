import { z } from 'zod';
import { PRINTER_ENCODINGS } from './encoding.ts';
import { nullPrinter, type Printer } from './printer.ts';
import { tcpPrinter } from './tcp-printer.ts';

/** The `[printer]` table. */
export const printerTable = z.discriminatedUnion('driver', [
  z.strictObject({ driver: z.literal('none') }),
  z.strictObject({
    driver: z.literal('tcp'),
    host: z.string().min(1),
    port: z.int().min(1).max(65535).default(9100),
    encoding: z.enum(PRINTER_ENCODINGS).default('cp932'),
    timeout_ms: z.int().min(100).max(60_000).default(5000),
    queue_limit: z.int().min(1).max(100).default(8),
    /** False for printers that do not answer status requests. */
    status: z.boolean().default(true),
  }),
]);
export type PrinterTable = z.infer<typeof printerTable>;

export function openPrinter(table: PrinterTable): Printer {
  if (table.driver === 'none') return nullPrinter();
  const { host, port, status } = table;
  return tcpPrinter({
    host,
    port,
    status,
    timeoutMs: table.timeout_ms,
    queueLimit: table.queue_limit,
  });
}
