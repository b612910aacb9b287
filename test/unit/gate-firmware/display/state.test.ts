import { DisplayBus, type DisplayState } from '@pinless-gate/gate-firmware/display/state';
import { describe, expect, test } from 'vitest';

describe('DisplayBus', () => {
  test('tells every watcher, and remembers', () => {
    const bus = new DisplayBus();
    const seen: DisplayState[] = [];
    bus.subscribe((state) => seen.push(state));
    bus.show({ state: 'hold', progress: 0.5 });
    bus.show({ state: 'closed' });
    expect(seen).toEqual([{ state: 'hold', progress: 0.5 }, { state: 'closed' }]);
    expect(bus.current).toEqual({ state: 'closed' });
  });

  test('no more watchers than allowed; one that leaves makes room', () => {
    const bus = new DisplayBus({ state: 'idle' }, 2);
    const watcher = () => undefined;
    const leave = bus.subscribe(() => undefined);
    expect(bus.subscribe(() => undefined)).toBeDefined();
    expect(bus.subscribe(watcher)).toBeUndefined();
    leave?.();
    expect(bus.subscribe(watcher)).toBeDefined();
    expect(bus.clients).toBe(2);
  });
});
