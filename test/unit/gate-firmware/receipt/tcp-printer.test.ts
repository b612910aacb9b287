import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Printer, PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { probePrinter, tcpPrinter } from '@pinless-gate/gate-firmware/receipt/tcp-printer';
import { afterEach, describe, expect, test } from 'vitest';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type OnData = (socket: Socket, received: Buffer) => void;

/** A printer of a few lines: says what it got, answers as the test wishes. */
async function listener(onData: OnData): Promise<{ port: number; jobs: Buffer[]; server: Server }> {
  const jobs: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const at = jobs.push(Buffer.alloc(0)) - 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (octets) => {
      jobs[at] = Buffer.concat([jobs[at]!, octets]);
      onData(socket, jobs[at]!);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, jobs, server };
}

function printerAt(
  port: number,
  options: { timeoutMs?: number; status?: boolean; queueLimit?: number } = {},
): Printer {
  const printer = tcpPrinter({
    host: '127.0.0.1',
    port,
    timeoutMs: 300,
    queueLimit: 4,
    status: true,
    ...options,
  });
  open.unshift(() => printer.close());
  return printer;
}

const JOB = Buffer.from('receipt\x1dr1', 'latin1');
const ASK = '\x10\x04\x02';
const job = (id: string) => ({ id, bytes: JOB });

function reportsOf(printer: Printer, count: number): Promise<PrintReport[]> {
  return new Promise((resolve) => {
    const reports: PrintReport[] = [];
    printer.onReport((report) => {
      if (reports.push(report) === count) resolve(reports);
    });
  });
}

/** A good printer: on line, confirms the paper. */
const good: OnData = (socket, received) => {
  const text = received.toString('latin1');
  if (text.endsWith(ASK)) socket.write(Uint8Array.of(0x12));
  if (text.endsWith('\x1dr1')) socket.write(Uint8Array.of(0x00));
};

describe('tcpPrinter', () => {
  test('confirmed: printed, and the printer is well', async () => {
    const { port, jobs } = await listener(good);
    const printer = printerAt(port);
    const states: string[] = [];
    printer.onState((state) => states.push(state));
    const reports = reportsOf(printer, 2);
    printer.print(job('1'));
    printer.print(job('2'));
    expect(await reports).toEqual([
      { id: '1', outcome: 'printed' },
      { id: '2', outcome: 'printed' },
    ]);
    expect(states).toEqual(['ok']);
    // A printer known to be well is not asked before every job.
    expect(jobs.map((octets) => octets.toString('latin1'))).toEqual([`${ASK}${JOB}`, `${JOB}`]);
  });

  test('without status: sent whole', async () => {
    const { port, jobs } = await listener(() => undefined);
    const printer = printerAt(port, { status: false, timeoutMs: 100 });
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    expect(await reports).toEqual([{ id: '1', outcome: 'sent' }]);
    expect(jobs).toEqual([JOB]);
  });

  test('the same id twice is printed once', async () => {
    const { port, jobs } = await listener(good);
    const printer = printerAt(port);
    const reports = reportsOf(printer, 2);
    printer.print(job('1'));
    printer.print(job('1'));
    printer.print(job('2'));
    expect((await reports).map(({ id }) => id)).toEqual(['1', '2']);
    expect(jobs).toHaveLength(2);
  });

  test.each([
    ['cover open', 0x16, 'cover-open', 'ERR_PRINTER_COVER_OPEN'],
    ['paper out', 0x32, 'paper-out', 'ERR_PRINTER_PAPER_OUT'],
  ])('%s before the job: nothing is sent that would print later', async (_, octet, state, why) => {
    const { port, jobs } = await listener((socket) => socket.write(Uint8Array.of(octet)));
    const printer = printerAt(port);
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    expect(await reports).toEqual([{ id: '1', outcome: 'not-printed', why }]);
    expect(printer.state).toBe(state);
    expect(jobs.map(String)).toEqual([ASK]);
  });

  test('paper runs out during the job: unconfirmed, the cause is known, and never sent again', async () => {
    const { port, jobs } = await listener((socket, received) => {
      const asked = received.toString('latin1').split(ASK).length - 1;
      if (received.toString('latin1').endsWith(ASK)) {
        socket.write(Uint8Array.of(asked === 1 ? 0x12 : 0x32));
      }
    });
    const printer = printerAt(port, { timeoutMs: 100 });
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    expect(await reports).toEqual([
      { id: '1', outcome: 'unconfirmed', why: 'ERR_PRINTER_PAPER_OUT' },
    ]);
    await printer.close();
    expect(jobs.map((octets) => octets.toString('latin1'))).toEqual([`${ASK}${JOB}${ASK}`]);
  });

  test('power lost during the job: unconfirmed and offline', async () => {
    const { port, jobs } = await listener((socket, received) => {
      if (received.toString('latin1').endsWith(ASK)) socket.write(Uint8Array.of(0x12));
      if (received.includes('receipt')) socket.resetAndDestroy();
    });
    const printer = printerAt(port);
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    expect(await reports).toEqual([
      { id: '1', outcome: 'unconfirmed', why: 'ERR_PRINTER_OFFLINE' },
    ]);
    await printer.close();
    expect(jobs).toHaveLength(1);
  });

  test('garbage for a status says nothing: not confirmed, and not well', async () => {
    const { port } = await listener((socket) =>
      socket.write(Uint8Array.of(0x80, 0xff, 0x11, 0x01)),
    );
    const printer = printerAt(port, { timeoutMs: 80 });
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    expect(await reports).toEqual([
      { id: '1', outcome: 'unconfirmed', why: 'ERR_PRINTER_UNKNOWN' },
    ]);
    expect(printer.state).toBe('unknown');
  });

  test('a printer that takes nothing: the write ends at its deadline', async () => {
    const { port, server } = await listener(() => undefined);
    server.on('connection', (socket: Socket) => socket.pause());
    const printer = printerAt(port, { timeoutMs: 150, status: false });
    const reports = reportsOf(printer, 1);
    printer.print({ id: '1', bytes: new Uint8Array(64 << 20) });
    expect(await reports).toEqual([{ id: '1', outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE' }]);
    expect(printer.state).toBe('offline');
  });

  test('nobody there: not printed, tried until the deadline, without a throw', async () => {
    const { port, server } = await listener(good);
    server.close();
    await once(server, 'close');
    const printer = printerAt(port, { timeoutMs: 120 });
    const reports = reportsOf(printer, 2);
    printer.print(job('1'));
    printer.print(job('2'));
    expect((await reports).map(({ outcome }) => outcome)).toEqual(['not-printed', 'not-printed']);
    expect(printer.state).toBe('offline');
  });

  test('a printer that comes back before the deadline prints', async () => {
    const { port, server } = await listener(good);
    server.close();
    await once(server, 'close');
    const printer = printerAt(port, { timeoutMs: 2000 });
    const reports = reportsOf(printer, 1);
    printer.print(job('1'));
    server.listen(port, '127.0.0.1');
    expect(await reports).toEqual([{ id: '1', outcome: 'printed' }]);
  });

  test('a full queue refuses the newest at once', async () => {
    const { port } = await listener(() => undefined);
    const printer = printerAt(port, { queueLimit: 1, timeoutMs: 100 });
    const reports = reportsOf(printer, 1);
    for (const id of ['1', '2', '3']) printer.print(job(id));
    expect(await reports).toEqual([{ id: '3', outcome: 'not-printed', why: 'ERR_PRINTER_BUSY' }]);
  });

  test('closing: waiting jobs are reported, later ones too', async () => {
    const { port } = await listener(() => undefined);
    const printer = printerAt(port, { timeoutMs: 100 });
    const reports = reportsOf(printer, 3);
    printer.print(job('1'));
    printer.print(job('2'));
    await printer.close();
    printer.print(job('3'));
    expect((await reports).map(({ id, why }) => [id, why])).toEqual([
      ['2', 'ERR_PRINTER_CLOSED'],
      ['1', 'ERR_PRINTER_UNKNOWN'],
      ['3', 'ERR_PRINTER_CLOSED'],
    ]);
  });
});

describe('probePrinter', () => {
  test.each([
    ['on line', 0x12, 'ok'],
    ['cover open', 0x16, 'cover-open'],
    ['garbage', 0xff, 'unknown'],
  ])('%s', async (_, octet, state) => {
    const { port } = await listener((socket) => socket.write(Uint8Array.of(octet)));
    expect(await probePrinter({ host: '127.0.0.1', port, timeoutMs: 100 })).toBe(state);
  });

  test('nobody there', async () => {
    const { port, server } = await listener(good);
    server.close();
    await once(server, 'close');
    expect(await probePrinter({ host: '127.0.0.1', port, timeoutMs: 50 })).toBe('offline');
  });
});
