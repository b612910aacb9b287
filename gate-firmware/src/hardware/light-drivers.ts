import type { GateError } from '@pinless-gate/protocol/errors';
import { runCommand } from './command.ts';
import { HttpOrders } from './http-orders.ts';
import { type LightState, type Lights, orderedLights } from './lights.ts';
import type { RelayCodes } from './relay.ts';
import type { SerialBoard } from './serial-port.ts';

type OnTrouble = (error: GateError | undefined) => void;

export type Lamp = 'green' | 'amber' | 'red';

/** Which lamps burn. A fault has two, so that it is told from a refusal without colours. */
const LAMPS: Readonly<Record<LightState, readonly Lamp[]>> = {
  idle: [],
  admitted: ['green'],
  refused: ['red'],
  staff: ['amber'],
  fault: ['amber', 'red'],
  evacuate: ['green'],
};

/** Runs a program with the state as its last argument. */
export function execLights(
  command: readonly string[],
  timeoutMs: number,
  onTrouble: OnTrouble,
): Lights {
  return orderedLights(
    (state) => runCommand([...command, state], { device: 'lights', timeoutMs }),
    onTrouble,
  );
}

/** Posts `{"light", "at"}`. */
export function httpLights(url: URL, timeoutMs: number, onTrouble: OnTrouble): Lights {
  const orders = new HttpOrders({ url, timeoutMs, device: 'lights' });
  const lights = orderedLights((light) => orders.post({ light }), onTrouble);
  return {
    show: lights.show,
    async close() {
      await lights.close();
      orders.close();
    },
  };
}

/** One relay for each lamp there is. */
export function relayLights(
  board: SerialBoard,
  lamps: Readonly<Partial<Record<Lamp, RelayCodes>>>,
  onTrouble: OnTrouble,
): Lights {
  return orderedLights(async (state) => {
    for (const [lamp, relay] of Object.entries(lamps) as [Lamp, RelayCodes][]) {
      await board.write(LAMPS[state].includes(lamp) ? relay.on : relay.off);
    }
  }, onTrouble);
}
