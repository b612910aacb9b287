import { once } from 'node:events';
import { connect } from 'node:net';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { startPrinter } from '@pinless-gate/test/sandbox/printer';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

const TEXT = '1b40414243';
const CONFIRM = '1d7201';
const WHY_OFFLINE = '100402';

async function online() {
  const printer = await startPrinter();
  onTestFinished(() => printer.close());
  const socket = connect(printer.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  let answers = '';
  socket.on('data', (chunk) => {
    answers += chunk.toString('hex');
  });
  const answered = (hex: string) =>
    vi.waitFor(() => expect(answers).toBe(hex), { interval: 1, timeout: 15_000 });
  const send = (hex: string) => socket.write(fromHex(hex));
  const jobs = () => printer.jobs.map(({ bytes }) => toHex(bytes));
  return { printer, socket, send, answered, jobs };
}

describe('startPrinter', () => {
  test('a job ends with GS r 1, which is answered when it is printed', async () => {
    const { printer, send, answered } = await online();
    send(TEXT + CONFIRM);
    await answered('00');
    expect(toHex((await printer.printed(1)).bytes)).toBe(TEXT + CONFIRM);
  });

  test('however the octets arrive', async () => {
    const { printer, socket, answered, jobs } = await online();
    socket.setNoDelay(true);
    for (const octet of fromHex(TEXT + CONFIRM + TEXT + CONFIRM))
      socket.write(Uint8Array.of(octet));
    await printer.printed(2);
    expect(jobs()).toEqual([TEXT + CONFIRM, TEXT + CONFIRM]);
    await answered('0000');
  });

  test('a job without confirmation ends with its connection', async () => {
    const { printer, socket, send } = await online();
    send(TEXT);
    socket.end();
    expect(toHex((await printer.printed(1)).bytes)).toBe(TEXT);
  });

  test('a real-time request is answered at once and is no part of the job', async () => {
    const { send, answered, jobs } = await online();
    send(TEXT + WHY_OFFLINE);
    await answered('12');
    send(CONFIRM);
    await answered('1200');
    expect(jobs()).toEqual([TEXT + CONFIRM]);
  });

  test('little paper is said in the confirmation', async () => {
    const { printer, send, answered } = await online();
    printer.set('paper-low');
    send(TEXT + CONFIRM);
    await answered('03');
  });

  test.each([
    ['paper-out', '32'],
    ['cover-open', '16'],
  ] as const)('%s: nothing printed, the cause given, printed once ready', async (state, cause) => {
    const { printer, send, answered, jobs } = await online();
    printer.set(state);
    send(TEXT + CONFIRM);
    send(WHY_OFFLINE);
    await answered(cause);
    expect(jobs()).toEqual([]);
    printer.set('ready');
    await answered(`${cause}00`);
    expect(jobs()).toEqual([TEXT + CONFIRM]);
  });

  test('a hung printer answers nothing until it is ready', async () => {
    const { printer, send, answered, jobs } = await online();
    printer.set('hung');
    send(WHY_OFFLINE + TEXT + CONFIRM);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(jobs()).toEqual([]);
    printer.set('ready');
    await answered('1200');
  });
});
