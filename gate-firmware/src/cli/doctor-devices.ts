import { statfs } from 'node:fs/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import { Reader } from '../card/reader.ts';
import { isWell } from '../card/reader-messages.ts';
import type { GateConfig } from '../config.ts';
import { MIN_FREE_SHARE } from '../journaling.ts';
import type { PrinterTable } from '../receipt/config.ts';
import { probeCups } from '../receipt/cups-printer.ts';
import { probeDevice } from '../receipt/device-printer.ts';
import { cannotPrint, codeOfState, type PrinterState } from '../receipt/printer.ts';
import { probePrinter as probeTcp } from '../receipt/tcp-printer.ts';
import { attempt, type Finding } from './finding.ts';

// What `gate doctor` asks of the machine that the lane stands on.

/** The longest command of a tap: header, extended Lc, a CV certificate's body, no Le. */
const LONGEST_COMMAND = 4 + 3 + 307;
const PROBE_MS = 2000;

export async function reader({ reader: wanted }: GateConfig): Promise<Finding[]> {
  const opened = await attempt('reader', 'plug it in, start pcscd, check [reader]', async () => {
    const cards = await Reader.open({ reader: wanted.name, socket: wanted.socket });
    const state = await cards.watch();
    if (isWell(state)) return [`"${state.reader}"`, cards] as const;
    await cards.close();
    const what = state.kind === 'no-service' ? `no PC/SC service: ${state.why}` : undefined;
    const names = 'names' in state ? state.names.map((name) => `"${name}"`).join(', ') : '';
    throw new GateError('ERR_READER', what ?? `${state.kind}: ${names || 'none there'}`);
  });
  const cards = opened.value;
  if (!cards) return [opened.finding];
  const check = 'extended length';
  const length = await attempt(check, 'use a reader and driver with extended APDUs', async () => {
    const { maxApduDataSize } = await cards.properties();
    if (maxApduDataSize !== undefined && maxApduDataSize < LONGEST_COMMAND) {
      throw new GateError(
        'ERR_READER_EXTENDED_LENGTH',
        `commands up to ${maxApduDataSize} octets, ${LONGEST_COMMAND} are needed`,
      );
    }
    return [maxApduDataSize, undefined] as const;
  });
  await cards.close();
  const { finding } = length;
  if (finding.outcome === 'ok' && finding.what === 'undefined') {
    return [
      opened.finding,
      {
        check,
        outcome: 'unknown',
        what: 'the driver does not tell; the first tap will',
        action: 'tap a card once before doors open',
      },
    ];
  }
  return [opened.finding, finding];
}

export async function printer({ printer: table }: GateConfig): Promise<Finding> {
  if (table.driver === 'none') return { check: 'printer', outcome: 'ok', what: 'none configured' };
  const where =
    table.driver === 'tcp'
      ? `${table.host}:${table.port}`
      : table.driver === 'device'
        ? table.device
        : `queue ${table.queue}`;
  const result = await attempt('printer', 'check cable, power, paper and [printer]', async () => {
    const state = await probe(table);
    if (cannotPrint(state)) throw new GateError(codeOfState(state), where);
    return [`${where}: ${SAID[state] ?? state}`, undefined] as const;
  });
  return result.finding;
}

const SAID: Readonly<Partial<Record<PrinterState, string>>> = {
  'paper-low': 'prints, and wants a new roll soon',
  unknown: 'there, and does not say how it is',
};

function probe(table: Exclude<PrinterTable, { driver: 'none' }>): Promise<PrinterState> {
  if (table.driver === 'tcp') return probeTcp({ ...table, timeoutMs: PROBE_MS });
  if (table.driver === 'device') return probeDevice(table.device);
  return probeCups({ queue: table.queue, timeoutMs: PROBE_MS });
}

export async function disk({ journalDirectory }: GateConfig): Promise<Finding> {
  const result = await attempt('disk', 'free some space before doors open', async () => {
    const { bavail, blocks, bsize } = await statfs(journalDirectory);
    const share = bavail / blocks;
    const what = `${Math.round((bavail * bsize) / 2 ** 20)} MiB free, ${Math.round(100 * share)} %`;
    if (share < MIN_FREE_SHARE) throw new GateError('ERR_DISK_LOW', what);
    return [what, undefined] as const;
  });
  return result.finding;
}
