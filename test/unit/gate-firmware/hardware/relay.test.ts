import { turnstileTable } from '@pinless-gate/gate-firmware/hardware/config';
import { relayLights } from '@pinless-gate/gate-firmware/hardware/light-drivers';
import { type RelayCodes, relayTable } from '@pinless-gate/gate-firmware/hardware/relay';
import {
  type RelayTurnstileOptions,
  relayTurnstile,
} from '@pinless-gate/gate-firmware/hardware/relay-turnstile';
import { SerialBoard } from '@pinless-gate/gate-firmware/hardware/serial-port';
import type { GateError } from '@pinless-gate/protocol/errors';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startSerial } from '../../../sandbox/serial.ts';

const IN = relayTable.parse({ board: 'lcus', number: 1 });
const OUT = relayTable.parse({ board: 'kmtronic', number: 2 });
const [IN_ON, IN_OFF, OUT_ON, OUT_OFF] = ['a00101a2', 'a00100a1', 'ff0201', 'ff0200'];
const SOON = { timeout: 10_000 };

async function stand(options: Partial<RelayTurnstileOptions> = {}) {
  const serial = await startSerial();
  const board = new SerialBoard({ device: serial.device, baud: 9600 });
  const trouble: string[] = [];
  const turnstile = relayTurnstile({
    board,
    relays: { in: IN, out: OUT },
    pulseMs: 20,
    pulseFor: 'person',
    timeoutMs: 5000,
    onTrouble: ({ code }: GateError) => trouble.push(code),
    ...options,
  });
  onTestFinished(async () => {
    await turnstile.close();
    await board.close();
    await serial.close();
  });
  await vi.waitFor(() => expect(serial.received()).toBe(IN_OFF + OUT_OFF), SOON);
  return { serial, board, turnstile, trouble };
}

describe('relayTurnstile', () => {
  test('switches off at the start, then one pulse a person, once for each id', async () => {
    const { serial, turnstile } = await stand();
    await turnstile.open({ id: 'a', direction: 'in', people: 2 });
    await turnstile.open({ id: 'a', direction: 'in', people: 2 });
    await turnstile.open({ id: 'b', direction: 'out', people: 1 });
    const pulses = (IN_ON + IN_OFF).repeat(2) + OUT_ON + OUT_OFF;
    await vi.waitFor(() => expect(serial.received()).toBe(IN_OFF + OUT_OFF + pulses), SOON);
  });

  test('one pulse however many, where the table says so', async () => {
    const { serial, turnstile } = await stand({ pulseFor: 'once' });
    await turnstile.open({ id: 'a', direction: 'in', people: 4 });
    await turnstile.close();
    await vi.waitFor(() => expect(serial.received()).toMatch(`${IN_ON}${IN_OFF}`), SOON);
    expect(serial.received().split(IN_ON)).toHaveLength(2);
  });

  test('held open: no pulse ends it, until it is let go', async () => {
    const { serial, turnstile } = await stand();
    const start = IN_OFF + OUT_OFF;
    await turnstile.hold(true);
    await turnstile.open({ id: 'a', direction: 'in', people: 3 });
    await turnstile.hold(false);
    const held = IN_ON + OUT_ON + IN_OFF + OUT_OFF;
    await vi.waitFor(() => expect(serial.received()).toBe(start + held), SOON);
  });

  test('closing ends a pulse under way, and begins no other', async () => {
    const { serial, turnstile } = await stand({ pulseMs: 60_000 });
    await turnstile.open({ id: 'a', direction: 'in', people: 5 });
    await turnstile.close();
    const pulse = IN_ON + IN_OFF;
    await vi.waitFor(() => expect(serial.received()).toBe(IN_OFF + OUT_OFF + pulse), SOON);
  });

  test('whoever waited too long is not opened for', async () => {
    const { serial, turnstile } = await stand({ pulseMs: 60_000, timeoutMs: 1000 });
    const first = turnstile.open({ id: 'a', direction: 'in', people: 1 });
    const second = turnstile.open({ id: 'b', direction: 'in', people: 1 });
    await expect(second).rejects.toMatchObject({ code: 'ERR_TURNSTILE_TIMEOUT' });
    await first;
    await turnstile.close();
    expect(serial.received().split(IN_ON)).toHaveLength(2);
  });

  test('a board that is pulled out', async () => {
    const { serial, turnstile, trouble } = await stand();
    await serial.close();
    await expect(turnstile.open({ id: 'a', direction: 'in', people: 1 })).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_RELAY',
    });
    expect(trouble).toEqual([]);
  });

  test('a board that was never there', async () => {
    const board = new SerialBoard({ device: '/dev/ttyNONE', baud: 9600 });
    const trouble = vi.fn();
    const turnstile = relayTurnstile({
      board,
      relays: { in: IN, out: IN },
      pulseMs: 20,
      pulseFor: 'once',
      timeoutMs: 5000,
      onTrouble: trouble,
    });
    await expect(turnstile.hold(true)).rejects.toMatchObject({
      code: 'ERR_TURNSTILE_RELAY',
      hint: expect.stringContaining('dialout'),
    });
    await turnstile.close();
    expect(trouble).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'ERR_SERIAL_OPEN' }),
    );
  });
});

test('lights share the board, one relay a lamp; a fault has two lamps', async () => {
  const { serial, board } = await stand();
  const lamp = (number: number): RelayCodes => relayTable.parse({ board: 'kmtronic', number });
  const told = vi.fn();
  const lights = relayLights(board, { green: lamp(5), amber: lamp(6), red: lamp(7) }, told);
  lights.show('fault');
  await lights.close();
  await vi.waitFor(() => expect(serial.received()).toMatch(/ff0500ff0601ff0701$/), SOON);
  lights.show('admitted');
  await lights.close();
  await vi.waitFor(() => expect(serial.received()).toMatch(/ff0501ff0600ff0700$/), SOON);
});

describe('the table of a relay', () => {
  test('octets as the manual gives them', () => {
    expect(relayTable.parse({ on: 'FF 01 01', off: 'ff:01:00' })).toEqual({
      on: Uint8Array.of(0xff, 1, 1),
      off: Uint8Array.of(0xff, 1, 0),
    });
  });

  test.each([
    [{ board: 'other', number: 1 }],
    [{ board: 'lcus', number: 0 }],
    [{ on: 'FF 01 01' }],
    [{ on: 'FF0', off: 'FF' }],
    [{ on: '', off: 'FF' }],
  ])('refuses %j', (relay) => {
    const table = { driver: 'serial-relay', device: '/dev/ttyUSB0', relay };
    expect(turnstileTable.safeParse(table).success).toBe(false);
  });
});
