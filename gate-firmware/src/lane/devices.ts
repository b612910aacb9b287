import type { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from '../config.ts';
import type { DisplayBus } from '../display/state.ts';
import { type Hardware, type OnTrouble, openHardware } from '../hardware/open.ts';
import type { Metrics } from '../metrics.ts';
import { openPrinter } from '../receipt/config.ts';
import { fileReceipts } from '../receipt/file-receipts.ts';
import type { Printer } from '../receipt/printer.ts';
import { troubleLog } from '../trouble.ts';
import { followDisplay } from './lights.ts';
import { PrinterNotes } from './printer-notes.ts';

/** What a lane opens and prints with. None of it can hold up or fail a tap. */
export interface Devices
  extends Pick<Hardware, 'turnstile' | 'passages' | 'evacuation' | 'inputs'> {
  readonly printer: Printer;
  /** Receipts as pictures, where they are wanted. */
  readonly pictures: Printer | undefined;
  close(): Promise<void>;
}

export interface DeviceSurroundings {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly display: DisplayBus;
  /** Into the journal, as a fault. */
  readonly note: (detail: string) => void;
}

export function openDevices(
  config: GateConfig,
  { log, metrics, display, note }: DeviceSurroundings,
): Devices {
  const hardware = openHardware(config.hardware, deviceTrouble(log, metrics));
  followDisplay(display, hardware.lights);
  const printer = openPrinter(config.printer);
  const notes = new PrinterNotes({ note });
  if (config.printer.driver !== 'none') {
    printer.onReport(({ id, outcome, why }) => {
      if (why === undefined) return;
      log.warn({ receipt: id, outcome, code: why }, 'receipt not confirmed');
      metrics.deviceErrors.inc({ device: 'printer' });
    });
    printer.onState((state) => {
      log.info({ state }, 'printer');
      notes.become(state);
    });
  }
  const { receiptsDirectory } = config;
  const pictures = receiptsDirectory === undefined ? undefined : fileReceipts(receiptsDirectory);
  return {
    turnstile: hardware.turnstile,
    passages: hardware.passages,
    evacuation: hardware.evacuation,
    inputs: hardware.inputs,
    printer,
    pictures,
    async close() {
      await pictures?.close();
      await hardware.close();
      await printer.close();
      notes.close();
    },
  };
}

/** One log line when a device's trouble begins and one when it ends, however often it is met. */
function deviceTrouble(log: Logger, metrics: Metrics): OnTrouble {
  const told = new Map<string, (error: GateError | undefined) => void>();
  return (device, error) => {
    if (error) metrics.deviceErrors.inc({ device });
    const tell = told.get(device) ?? troubleLog(log, device);
    told.set(device, tell);
    tell(error);
  };
}
