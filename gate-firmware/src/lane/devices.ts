import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from '../config.ts';
import { openTurnstile } from '../hardware/config.ts';
import { type EvacuationContact, noEvacuationContact } from '../hardware/evacuation-contact.ts';
import { noPassageSensor, type PassageSensor } from '../hardware/passage-sensor.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import type { Metrics } from '../metrics.ts';
import { openPrinter } from '../receipt/config.ts';
import { fileReceipts } from '../receipt/file-receipts.ts';
import type { Printer } from '../receipt/printer.ts';

/** What a lane opens and prints with. None of it can hold up or fail a tap. */
export interface Devices {
  readonly printer: Printer;
  readonly turnstile: Turnstile;
  readonly passages: PassageSensor;
  readonly evacuation: EvacuationContact;
  /** Receipts as pictures, where they are wanted. */
  readonly pictures: Printer | undefined;
  close(): Promise<void>;
}

export function openDevices(config: GateConfig, log: Logger, metrics: Metrics): Devices {
  const printer = openPrinter(config.printer);
  if (config.printer.driver !== 'none') {
    printer.onReport(({ id, outcome, why }) => {
      if (why === undefined) return;
      log.warn({ receipt: id, outcome, code: why }, 'receipt not confirmed');
      metrics.deviceErrors.inc({ device: 'printer' });
    });
    printer.onState((state) => log.info({ state }, 'printer'));
  }
  const turnstile = openTurnstile(config.turnstile);
  const passages = noPassageSensor();
  const evacuation = noEvacuationContact();
  const { receiptsDirectory } = config;
  const pictures = receiptsDirectory === undefined ? undefined : fileReceipts(receiptsDirectory);
  return {
    printer,
    turnstile,
    passages,
    evacuation,
    pictures,
    async close() {
      await pictures?.close();
      await passages.close();
      await evacuation.close();
      await turnstile.close();
      await printer.close();
    },
  };
}
