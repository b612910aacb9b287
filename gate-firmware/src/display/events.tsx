import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { atOnce, type ViewSettings } from './settings.ts';
import type { DisplayBus, DisplayState } from './state.ts';
import { View } from './view.tsx';

/** A page that watches the lane, until it leaves. */
export function sendEvents(
  c: Context,
  bus: DisplayBus,
  settings: ViewSettings,
  heartbeatMs: number,
): Response {
  const changes = new Changes(bus.current);
  const unsubscribe = bus.subscribe((state) => changes.push(state));
  if (!unsubscribe) return c.text('too many displays', 503);
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => {
      unsubscribe();
      changes.end();
    });
    await follow(stream, changes, settings, heartbeatMs);
  });
}

/** Sends every change as it comes, the newest only where the page lags, and a beat when there is none. */
async function follow(
  stream: SSEStreamingApi,
  changes: Changes,
  settings: ViewSettings,
  heartbeatMs: number,
): Promise<void> {
  while (!stream.aborted && !stream.closed) {
    const state = await changes.next(heartbeatMs);
    await stream.writeSSE(
      state ? { event: 'state', data: encode(state, settings) } : { event: 'beat', data: '' },
    );
  }
}

function encode(state: DisplayState, settings: ViewSettings): string {
  const html = String(<View state={state} settings={settings} />);
  return JSON.stringify({
    state: state.state,
    language: atOnce(settings, 'language' in state ? state.language : undefined)[0],
    html,
    sound: soundOf(state),
    ...(state.state === 'hold' ? { progress: state.progress } : {}),
  });
}

/** By its name in `sound.js`; undefined for what is silent. */
function soundOf(state: DisplayState): string | undefined {
  switch (state.state) {
    case 'admitted':
      return state.direction === 'out' ? 'goodbye' : 'admitted';
    case 'refused':
    case 'removed':
    case 'staff':
    case 'already-open':
    case 'evacuate':
      return state.state;
    default:
      return undefined;
  }
}

/** The newest state that the page has not been sent. */
class Changes {
  #newest: DisplayState | undefined;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(first: DisplayState) {
    this.#newest = first;
  }

  push(state: DisplayState): void {
    this.#newest = state;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Undefined when nothing changed in that time, or when it ended. */
  async next(withinMs: number): Promise<DisplayState | undefined> {
    if (this.#newest === undefined && !this.#ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const state = this.#newest;
    this.#newest = undefined;
    return state;
  }
}
