import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  CONTROL,
  encodeFrame,
  FrameReader,
  type VpcdCard,
  VpcdConnection,
} from '@pinless-gate/test/sandbox/vpcd';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

describe('encodeFrame', () => {
  test.each([
    [0, '0000'],
    [1, '0001'],
    [255, '00ff'],
    [256, '0100'],
    [65_535, 'ffff'],
  ])('a message of %i octets begins with %s', (length, header) => {
    const frame = encodeFrame(new Uint8Array(length));
    expect(toHex(frame.subarray(0, 2))).toBe(header);
    expect(frame.length).toBe(length + 2);
  });

  test('65,536 octets are too many', () => {
    expect(() => encodeFrame(new Uint8Array(65_536))).toThrow(RangeError);
  });
});

describe('FrameReader', () => {
  const stream = fromHex('0001040004b0b1b2b30000000102');
  const messages = ['04', 'b0b1b2b3', '', '02'];

  test('cuts several messages out of one chunk', () => {
    expect(new FrameReader().push(stream).map(toHex)).toEqual(messages);
  });

  test('puts messages together from single octets', () => {
    const reader = new FrameReader();
    const frames = [...stream].flatMap((octet) => reader.push(Uint8Array.of(octet)));
    expect(frames.map(toHex)).toEqual(messages);
  });

  test('keeps an unfinished message', () => {
    expect(new FrameReader().push(stream.subarray(0, 8)).map(toHex)).toEqual(['04']);
  });
});

/** The driver's end. */
async function reader() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  onTestFinished(() => void server.close());
  return { port: address.port, accepted };
}

async function connected(card: Partial<VpcdCard> = {}) {
  const { port, accepted } = await reader();
  const whole: VpcdCard = {
    atr: fromHex('3b80'),
    reset: vi.fn(),
    transmit: async () => fromHex('9000'),
    ...card,
  };
  const connection = await VpcdConnection.open(whole, port);
  const socket = await accepted;
  onTestFinished(() => void socket.destroy());
  const frames = new FrameReader();
  const queue: string[] = [];
  socket.on('data', (chunk) => queue.push(...frames.push(chunk).map(toHex)));
  const next = async () => {
    await vi.waitFor(() => expect(queue.length).toBeGreaterThan(0), { interval: 1 });
    return queue.shift();
  };
  const say = (hex: string) => socket.write(encodeFrame(fromHex(hex)));
  return { connection, card: whole, socket, say, next };
}

describe('VpcdConnection', () => {
  test('gives the ATR when asked', async () => {
    const { say, next } = await connected();
    say('04');
    expect(await next()).toBe('3b80');
  });

  test('power and reset are not answered, but reach the card', async () => {
    const { card, say, next } = await connected();
    for (const code of ['01', '02', '00', '04']) say(code);
    expect(await next()).toBe('3b80');
    expect(card.reset).toHaveBeenCalledTimes(3);
  });

  test('is seen at the first ATR, powered at the first ATR after power on', async () => {
    const { connection, say, next } = await connected();
    const powered = vi.fn();
    connection.powered.then(powered);
    say('04');
    await next();
    await connection.seen;
    expect(powered).not.toHaveBeenCalled();
    say('01');
    say('04');
    await next();
    await connection.powered;
  });

  test('answers APDUs one after the other, however long one takes', async () => {
    const answers = ['6a82', '9000'].map(fromHex);
    const transmit = vi.fn(async (command: Uint8Array) => {
      if (command[1] === 1) await new Promise((resolve) => setTimeout(resolve, 20));
      return answers[command[1]! - 1];
    });
    const { socket, next } = await connected({ transmit });
    socket.write(concat(encodeFrame(fromHex('00010000')), encodeFrame(fromHex('00020000'))));
    expect([await next(), await next()]).toEqual(['6a82', '9000']);
  });

  test('a mute card sends nothing, and answers what comes after', async () => {
    const transmit = vi.fn(async () => undefined);
    const { say, next } = await connected({ transmit });
    say('00a40000');
    say('04');
    expect(await next()).toBe('3b80');
    expect(transmit).toHaveBeenCalledOnce();
  });

  test('tells who ended it', async () => {
    const one = await connected();
    await one.connection.leave();
    expect(await one.connection.left).toBe('card');
    const other = await connected();
    other.socket.destroy();
    expect(await other.connection.left).toBe('reader');
  });

  test('no reader is an error that says what to do', async () => {
    const { card } = await connected();
    const { port } = await reader();
    // Listens on 127.0.0.1 only.
    await expect(VpcdConnection.open(card, port, '127.0.0.2')).rejects.toMatchObject({
      code: 'ERR_VPCD_CONNECT',
      hint: expect.stringContaining('sandbox reader'),
    });
  });

  test('the control codes are those of the driver', () => {
    expect(CONTROL).toEqual({ off: 0, on: 1, reset: 2, atr: 4 });
  });
});
