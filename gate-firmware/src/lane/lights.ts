import type { DisplayBus, StateName } from '../display/state.ts';
import type { LightState, Lights } from '../hardware/lights.ts';

const LIGHT: Readonly<Record<StateName, LightState>> = {
  idle: 'idle',
  hold: 'idle',
  removed: 'idle',
  admitted: 'admitted',
  'already-open': 'admitted',
  open: 'admitted',
  refused: 'refused',
  staff: 'staff',
  evacuate: 'evacuate',
  'out-of-service': 'fault',
  closed: 'fault',
};

/** The lamps say what the display says, from now on. */
export function followDisplay(display: DisplayBus, lights: Lights): void {
  lights.show(LIGHT[display.current.state]);
  display.follow(({ state }) => lights.show(LIGHT[state]));
}
