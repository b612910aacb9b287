import { devicePrinter } from '@pinless-gate/gate-firmware/receipt/device-printer';
import type { PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type SandboxSerial, startSerial } from '../../../sandbox/serial.ts';

const JOB = Buffer.from('receipt\x1dr1', 'latin1');
const ASK = '100402';
const SOON = { timeout: 10_000 };

async function stand(options: { status?: boolean; timeoutMs?: number } = {}) {
  const serial = await startSerial();
  const printer = devicePrinter({
    device: serial.device,
    status: true,
    timeoutMs: 5000,
    queueLimit: 4,
    ...options,
  });
  onTestFinished(async () => {
    await printer.close();
    await serial.close();
  });
  const reports: PrintReport[] = [];
  printer.onReport((report) => reports.push(report));
  return { serial, printer, reports };
}

const says = (serial: SandboxSerial, octet: number) => serial.send(String.fromCharCode(octet));

describe('devicePrinter', () => {
  test('asked, written, confirmed', async () => {
    const { serial, printer, reports } = await stand();
    printer.print({ id: '1', bytes: JOB });
    await vi.waitFor(() => expect(serial.received()).toBe(ASK), SOON);
    says(serial, 0x12);
    await vi.waitFor(() => expect(serial.received()).toBe(ASK + JOB.toString('hex')), SOON);
    says(serial, 0x03);
    await vi.waitFor(() => expect(reports).toEqual([{ id: '1', outcome: 'printed' }]), SOON);
    expect(printer.state).toBe('paper-low');
  });

  test('cover open: nothing is written that would print later', async () => {
    const { serial, printer, reports } = await stand();
    printer.print({ id: '1', bytes: JOB });
    await vi.waitFor(() => expect(serial.received()).toBe(ASK), SOON);
    says(serial, 0x16);
    const why = 'ERR_PRINTER_COVER_OPEN';
    await vi.waitFor(
      () => expect(reports).toEqual([{ id: '1', outcome: 'not-printed', why }]),
      SOON,
    );
    expect(serial.received()).toBe(ASK);
  });

  test('no answer by the deadline: unconfirmed, once', async () => {
    const { serial, printer, reports } = await stand({ timeoutMs: 100 });
    printer.print({ id: '1', bytes: JOB });
    printer.print({ id: '1', bytes: JOB });
    const why = 'ERR_PRINTER_UNKNOWN';
    await vi.waitFor(
      () => expect(reports).toEqual([{ id: '1', outcome: 'unconfirmed', why }]),
      SOON,
    );
    expect(serial.received().split(JOB.toString('hex'))).toHaveLength(2);
  });

  test('without status: sent', async () => {
    const { printer, reports } = await stand({ status: false });
    printer.print({ id: '1', bytes: JOB });
    await vi.waitFor(() => expect(reports).toEqual([{ id: '1', outcome: 'sent' }]), SOON);
  });

  test('no such device', async () => {
    const { serial, printer, reports } = await stand();
    await serial.close();
    printer.print({ id: '1', bytes: JOB });
    const why = 'ERR_PRINTER_OFFLINE';
    await vi.waitFor(
      () => expect(reports).toEqual([{ id: '1', outcome: 'not-printed', why }]),
      SOON,
    );
    expect(printer.state).toBe('offline');
  });
});
