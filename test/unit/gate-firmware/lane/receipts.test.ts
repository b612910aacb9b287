import { generateKeyPairSync, sign } from 'node:crypto';
import { type Printed, Receipts } from '@pinless-gate/gate-firmware/lane/receipts';
import type { PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { tcpPrinter } from '@pinless-gate/gate-firmware/receipt/tcp-printer';
import { DEFAULT_TEMPLATE } from '@pinless-gate/gate-firmware/receipt/template';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type SandboxPrinter, startPrinter } from '../../../sandbox/printer.ts';
import { CONTENT, TICKET } from '../receipt/content.ts';

const SOON = { timeout: 10_000 };
const COPY = Buffer.from([0x8d, 0xc4, 0x94, 0xad, 0x8d, 0x73]); // 再発行
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function admission(sequence: number, party = 1): Printed {
  const tickets = Array.from({ length: party }, (_, index) => ({
    ticket: { ...TICKET, ticketNo: `T-${sequence}-${index + 1}`, place: index + 1 },
  }));
  return {
    id: `gate-${sequence}`,
    sequence,
    tickets,
    code: 'K7-42',
    at: CONTENT.enteredAt,
    record: { language: 'ja', party: { size: party } },
    list: { manifest: { event: CONTENT.event }, passport: { version: 14 } },
  } as never;
}

interface StandOptions {
  readonly sign?: (message: Uint8Array) => Promise<Uint8Array>;
  readonly port?: number;
  readonly timeoutMs?: number;
}

async function stand(options: StandOptions = {}) {
  const sandbox = await startPrinter();
  const printer = tcpPrinter({
    host: '127.0.0.1',
    port: sandbox.port,
    status: true,
    timeoutMs: options.timeoutMs ?? 5000,
    queueLimit: 8,
    askAgainMs: 30,
  });
  const reports: PrintReport[] = [];
  printer.onReport((report) => reports.push(report));
  const lost: string[] = [];
  const warned: object[] = [];
  const pictures: string[] = [];
  const receipts = new Receipts({
    eventId: new Uint8Array(16).fill(1),
    gateId: new Uint8Array(16).fill(2),
    timeZone: 'Asia/Tokyo',
    printer,
    encoding: 'cp932',
    languages: ['ja', 'en'],
    template: DEFAULT_TEMPLATE,
    pictures: {
      print: ({ bytes }: { bytes: Uint8Array }) => pictures.push(Buffer.from(bytes).toString()),
    } as never,
    sign: async (message) =>
      sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    log: { warn: (fields: object) => warned.push(fields) } as never,
    onLost: (id) => lost.push(id),
    ...options,
  });
  onTestFinished(async () => {
    await receipts.close();
    await printer.close();
    await sandbox.close();
  });
  const reported = (count: number) => vi.waitFor(() => expect(reports).toHaveLength(count), SOON);
  return { sandbox, printer, receipts, reports, reported, lost, warned, pictures };
}

const isCopy = (sandbox: SandboxPrinter) =>
  sandbox.jobs.map(({ bytes }) => Buffer.from(bytes).includes(COPY));

describe('a party', () => {
  test('a receipt each, cut apart, in order', async () => {
    const { receipts, reported, reports, sandbox } = await stand();
    receipts.print(admission(7, 3));
    await reported(3);
    expect(reports.map(({ id }) => id)).toEqual(['gate-7-1', 'gate-7-2', 'gate-7-3']);
    const cuts = sandbox.jobs.map(({ bytes }) => Buffer.from(bytes).includes('\x1dVB\x00'));
    expect(cuts).toEqual([true, true, true]);
    expect(isCopy(sandbox)).toEqual([false, false, false]);
  });

  test('who comes back has one; staff can print it again', async () => {
    const { receipts, reported, reports } = await stand();
    const party = admission(7, 2) as Printed;
    const [first, second] = party.tickets;
    receipts.print({ ...party, tickets: [{ ...first!, returns: true }, second!] });
    await reported(1);
    expect(receipts.reprint(7)).toBe(2);
    await reported(3);
    const jobs = reports.map(({ id }) => id);
    expect(jobs).toEqual(['gate-7-2', 'gate-7-1.copy1', 'gate-7-2.copy1']);
  });
});

describe('the signature', () => {
  test('is of the device key, over what the receipt says', async () => {
    const signed: Uint8Array[] = [];
    const { receipts, reported } = await stand({
      sign: async (message) => {
        signed.push(message);
        return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      },
    });
    receipts.print(admission(8, 2));
    await reported(2);
    expect(signed).toHaveLength(2);
    const text = signed.map((message) => Buffer.from(message).toString('latin1'));
    expect(text[0]).toContain('T-8-1');
    expect(text[1]).toContain('T-8-2');
  });

  test('that does not come does not hold the receipt up', async () => {
    const { receipts, reported, reports, warned } = await stand({
      sign: () => new Promise(() => {}),
    });
    receipts.print(admission(9));
    await reported(1);
    expect(reports).toEqual([{ id: 'gate-9-1', outcome: 'printed' }]);
    expect(warned).toEqual([{ sequence: 9, code: 'ERR_RECEIPT_SIGN_LATE' }]);
  });
});

describe('printing again', () => {
  test('marks each copy, on paper and in what is signed', async () => {
    const messages: Uint8Array[] = [];
    const { receipts, reported, sandbox } = await stand({
      sign: async (message) => {
        messages.push(message);
        return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      },
    });
    receipts.print(admission(10));
    expect(receipts.reprint(10)).toBe(1);
    expect(receipts.reprint(10)).toBe(1);
    await reported(3);
    expect(isCopy(sandbox)).toEqual([false, true, true]);
    const copyAt = 'pinless-gate/receipt/1\0'.length + 25;
    expect(messages.map((message) => message[copyAt])).toEqual([0, 1, 2]);
  });

  test('a later entry of one ticket has a receipt of its own, which is no copy', async () => {
    const { receipts, reported, sandbox } = await stand();
    receipts.print(admission(14));
    receipts.print({ ...admission(15), tickets: admission(14).tickets });
    await reported(2);
    expect(isCopy(sandbox)).toEqual([false, false]);
  });

  test('of what is not remembered prints nothing', async () => {
    const { receipts, sandbox } = await stand();
    for (let sequence = 1; sequence <= 65; sequence++) {
      receipts.print({ ...admission(sequence), tickets: [] });
    }
    expect([receipts.reprint(1), receipts.reprint(99)]).toEqual([0, 0]);
    expect(sandbox.jobs).toEqual([]);
  });
});

describe('faults of the printer', () => {
  test('L1: no paper: nothing is lost but paper; it is noticed when there is some, and printed again as a copy', async () => {
    const { receipts, reported, sandbox, lost, printer } = await stand();
    sandbox.set('paper-out');
    receipts.print(admission(20));
    await reported(1);
    expect(lost).toEqual(['gate-20']);
    expect(receipts.unable).toBe(true);
    sandbox.set('ready');
    await vi.waitFor(() => expect(printer.state).toBe('ok'), SOON);
    expect(receipts.unable).toBe(false);
    receipts.reprint(20);
    await reported(2);
    expect(isCopy(sandbox)).toEqual([true]);
  });

  test('L2: a printer that hangs holds up nobody', async () => {
    const { receipts, reported, reports, sandbox } = await stand({ timeoutMs: 300 });
    sandbox.set('hung');
    receipts.print(admission(21));
    // It returned, and nothing has become of the receipt yet.
    expect(reports).toEqual([]);
    await reported(1);
    expect(reports[0]).toMatchObject({ outcome: 'unconfirmed' });
  });

  test('L3: paper ends in the middle, then it is switched off and on: one copy at the most', async () => {
    const { receipts, reported, sandbox } = await stand({ timeoutMs: 1500 });
    receipts.print(admission(22));
    await reported(1);
    // Known to be well, so that the job is written before the paper's end is seen.
    sandbox.set('paper-out');
    receipts.print(admission(23));
    await reported(2);
    sandbox.powerCycle();
    receipts.print(admission(24));
    await reported(3);
    const printed = sandbox.jobs.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    const copies = (no: string) => printed.filter((job) => job.includes(no)).length;
    expect([copies('T-22-1'), copies('T-23-1'), copies('T-24-1')]).toEqual([1, 0, 1]);
    receipts.reprint(23);
    await reported(4);
    expect(isCopy(sandbox)).toEqual([false, false, true]);
  });

  test('L4: what queued while the paper was out never comes out for somebody else', async () => {
    const { receipts, reported, sandbox, printer } = await stand();
    sandbox.set('paper-out');
    for (let sequence = 30; sequence < 36; sequence++) receipts.print(admission(sequence));
    await reported(6);
    sandbox.set('ready');
    await vi.waitFor(() => expect(printer.state).toBe('ok'), SOON);
    receipts.print(admission(40));
    await reported(7);
    expect(sandbox.jobs).toHaveLength(1);
  });

  test('L5: what a list says is no command', async () => {
    const { receipts, reported, sandbox, pictures } = await stand();
    const one = admission(50);
    const seat = { gate: 'B\x1b@', number: '1{command:\x10\x14}|`"_~\\' };
    const hostile = { ...TICKET, ticketNo: '\x1dV\x00{{seat}}', seat };
    receipts.print({ ...one, tickets: [{ ticket: hostile }] });
    await reported(1);
    const text = Buffer.from(sandbox.jobs[0]!.bytes).toString('latin1');
    expect(text.split('\x1b@')).toHaveLength(2);
    expect(text.split('\x1dV')).toHaveLength(2);
    expect(text).not.toContain('\x10\x14');
    expect(pictures[0]).toContain('<svg');
  });
});
