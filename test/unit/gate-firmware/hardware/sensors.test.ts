import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputRoutes } from '@pinless-gate/gate-firmware/display/inputs';
import { contactOf } from '@pinless-gate/gate-firmware/hardware/evacuation-contact';
import {
  execLines,
  pushedLines,
  serialLines,
} from '@pinless-gate/gate-firmware/hardware/line-source';
import { openHardware } from '@pinless-gate/gate-firmware/hardware/open';
import { sensorOf } from '@pinless-gate/gate-firmware/hardware/passage-sensor';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startSerial } from '../../../sandbox/serial.ts';
import { temporary } from '../fixture.ts';

const SOON = { timeout: 10_000 };
const NONE = { driver: 'none' } as const;
const TOKEN = 'a-token-of-the-venue';

test('a program that prints who passes, started again when it ends', async () => {
  const told: unknown[] = [];
  const lines = execLines(['sh', '-c', 'echo in; echo nonsense; echo out'], {
    onTrouble: (error) => told.push(error?.code),
    retryMs: 10,
  });
  const sensor = sensorOf(lines);
  const passed: string[] = [];
  sensor.subscribe(({ direction }) => passed.push(direction));
  await vi.waitFor(() => expect(passed.slice(0, 4)).toEqual(['in', 'out', 'in', 'out']), SOON);
  await sensor.close();
  expect(told).toContain('ERR_SENSOR_COMMAND');
});

test('a program that is not there is told, and closing does not wait for it', async () => {
  const told: unknown[] = [];
  const lines = execLines(['/nonexistent'], {
    onTrouble: (error) => told.push(error?.code),
    retryMs: 60_000,
  });
  await vi.waitFor(() => expect(told).toEqual(['ERR_SENSOR_COMMAND']), SOON);
  await lines.close();
});

test('a sensor on a serial line: told when it is pulled out', async () => {
  const serial = await startSerial();
  const told: unknown[] = [];
  const lines = serialLines(
    { device: serial.device, baud: 9600 },
    { onTrouble: (error) => told.push(error?.code), retryMs: 60_000 },
  );
  const sensor = sensorOf(lines);
  onTestFinished(() => sensor.close());
  const passed: string[] = [];
  sensor.subscribe(({ direction }) => passed.push(direction));
  serial.send('in\r\nout\n');
  await vi.waitFor(() => expect(passed).toEqual(['in', 'out']), SOON);
  await serial.close();
  await vi.waitFor(() => expect(told.at(-1)).toBe('ERR_SENSOR_SERIAL'), SOON);
});

test('the evacuation contact tells changes, and nothing when it is lost', () => {
  const lines = pushedLines();
  const contact = contactOf(lines);
  const told: boolean[] = [];
  contact.subscribe((active) => told.push(active));
  for (const line of ['off', 'on', 'on', 'garbage', '', 'off', 'off']) lines.push(line);
  expect(told).toEqual([true, false]);
});

describe('inputs by HTTP', () => {
  async function stand() {
    const file = join(await temporary(), 'token');
    await writeFile(file, `${TOKEN}\n`);
    const http = { driver: 'http', token_file: file } as const;
    const hardware = openHardware(
      { turnstile: NONE, lights: NONE, passage: http, evacuation: http },
      () => undefined,
    );
    onTestFinished(() => hardware.close());
    const passed: string[] = [];
    const evacuated: boolean[] = [];
    hardware.passages.subscribe(({ direction }) => passed.push(direction));
    hardware.evacuation.subscribe((active) => evacuated.push(active));
    const app = inputRoutes(hardware.inputs);
    const post = async (path: string, body: string, token = TOKEN) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-length': String(Buffer.byteLength(body)),
      };
      const response = await app.request(`/inputs/${path}`, { method: 'POST', body, headers });
      return response.status;
    };
    return { passed, evacuated, post };
  }

  test('with the token', async () => {
    const { post, passed, evacuated } = await stand();
    expect(await post('passage', '{"direction": "in"}')).toBe(204);
    expect(await post('evacuation', '{"active": true}')).toBe(204);
    expect([passed, evacuated]).toEqual([['in'], [true]]);
  });

  test.each([
    ['without the token', '{"direction": "in"}', 'another-token-entirely', 401],
    ['another direction', '{"direction": "up"}', TOKEN, 400],
    ['no JSON', 'in', TOKEN, 400],
    ['null', 'null', TOKEN, 400],
    ['too long', `{"direction": "in", "x": "${'x'.repeat(300)}"}`, TOKEN, 400],
  ])('%s', async (_, body, token, status) => {
    const { post, passed } = await stand();
    expect(await post('passage', body, token)).toBe(status);
    expect(passed).toEqual([]);
  });

  test('a short token is none', async () => {
    const file = join(await temporary(), 'token');
    await writeFile(file, 'short');
    const passage = { driver: 'http', token_file: file } as const;
    const tables = { turnstile: NONE, lights: NONE, passage, evacuation: NONE };
    expect(() => openHardware(tables, () => undefined)).toThrow('shorter than 16');
  });
});
