import { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import { DeviceError } from '@pinless-gate/gate-firmware/hardware/device-error';
import { execLights, httpLights } from '@pinless-gate/gate-firmware/hardware/light-drivers';
import { orderedLights } from '@pinless-gate/gate-firmware/hardware/lights';
import { followDisplay } from '@pinless-gate/gate-firmware/lane/lights';
import { expect, test } from 'vitest';
import { startTurnstile } from '../../../sandbox/turnstile.ts';

test('of several orders while one is under way, the newest counts', async () => {
  const done: string[] = [];
  let release: (() => void) | undefined;
  const lights = orderedLights(
    async (state) => {
      done.push(state);
      if (done.length === 1) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
    },
    () => undefined,
  );
  for (const state of ['idle', 'admitted', 'idle', 'refused'] as const) lights.show(state);
  release?.();
  await lights.close();
  expect(done).toEqual(['idle', 'refused']);
});

test('a lamp that fails is told, and tried again with the next order', async () => {
  const told: unknown[] = [];
  let broken = true;
  const lights = orderedLights(
    async () => {
      if (broken) throw new DeviceError('ERR_LIGHTS_ANSWER', 'lights: answered HTTP 500');
    },
    (error) => told.push(error?.code),
  );
  lights.show('fault');
  await lights.close();
  broken = false;
  lights.show('fault');
  await lights.close();
  expect(told).toEqual(['ERR_LIGHTS_ANSWER', undefined]);
});

test('by a program, which is handed the state', async () => {
  const told: unknown[] = [];
  const told2 = (error?: { code: string }) => told.push(error?.code);
  const lights = execLights(['sh', '-c', 'test "$1" = evacuate', 'lamp'], 5000, told2);
  lights.show('evacuate');
  await lights.close();
  lights.show('idle');
  await lights.close();
  expect(told).toEqual([undefined, 'ERR_LIGHTS_COMMAND']);
});

test('by HTTP', async () => {
  const turnstile = await startTurnstile();
  const told: unknown[] = [];
  const lights = httpLights(new URL(turnstile.url), 5000, (error) => told.push(error?.code));
  lights.show('admitted');
  await lights.close();
  turnstile.fail(503);
  const failing = httpLights(new URL(turnstile.url), 5000, (error) => told.push(error?.code));
  failing.show('admitted');
  await failing.close();
  await turnstile.close();
  expect(turnstile.light).toBe('admitted');
  expect(told).toEqual([undefined, 'ERR_LIGHTS_ANSWER']);
});

test('they follow the display', () => {
  const display = new DisplayBus({ state: 'idle' });
  const shown: string[] = [];
  followDisplay(display, { show: (state) => shown.push(state), close: async () => undefined });
  display.show({ state: 'already-open', language: 'ja' });
  display.show({ state: 'staff', language: 'ja', code: 'K7-42', why: 'face-check' });
  display.show({ state: 'evacuate' });
  display.show({ state: 'closed' });
  expect(shown).toEqual(['idle', 'admitted', 'staff', 'evacuate', 'fault']);
});
