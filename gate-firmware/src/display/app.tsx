import { LANGUAGES } from '@pinless-gate/protocol/record';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { WrittenLanguage } from '../admission/language.ts';
import { fontFile, type StaticFile, staticFile } from './files.ts';
import { Page } from './page.tsx';
import { numberClasses } from './seat.tsx';
import { atOnce, type ViewSettings } from './settings.ts';
import type { DisplayBus, DisplayState } from './state.ts';
import { View } from './view.tsx';

export interface DisplayOptions {
  readonly bus: DisplayBus;
  readonly languages: readonly WrittenLanguage[];
  readonly defaultLanguage: WrittenLanguage;
  readonly helpDesk?: ViewSettings['helpDesk'];
  readonly ways?: ViewSettings['ways'];
  /** Somebody at the screen chose a language. */
  readonly choose?: (language: WrittenLanguage) => void;
  /** 0 to 1. */
  readonly volume?: number;
  /** The page takes three silent seconds for a dead gate. */
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 1000;
const choice = z.strictObject({ language: z.enum(LANGUAGES) });

/**
 * The attendee display: `GET /`, and all else under `/display/`. Mount it at the root of a server that
 * listens on loopback only.
 */
export function createDisplay(options: DisplayOptions): Hono {
  const { bus, volume = 0.5, heartbeatMs = HEARTBEAT_MS } = options;
  const settings: ViewSettings = {
    languages: [
      options.defaultLanguage,
      ...options.languages.filter((language) => language !== options.defaultLanguage),
    ],
    helpDesk: options.helpDesk,
    ways: options.ways,
  };
  const app = new Hono();

  app.use('/', headers);
  app.use('/display/*', headers);

  app.get('/', (c) => {
    c.header('cache-control', 'no-store');
    const page = <Page state={bus.current} settings={settings} volume={volume} />;
    return c.html(`<!doctype html>${page}`);
  });

  app.get('/display/events', (c) => {
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
  });

  app.post('/display/language', async (c) => {
    // A page from elsewhere cannot send JSON here without asking first.
    if (c.req.header('content-type') !== 'application/json') return c.text('not JSON', 415);
    const chosen = choice.safeParse(await c.req.json().catch(() => undefined));
    if (!chosen.success) return c.text('unknown language', 400);
    options.choose?.(chosen.data.language);
    return c.body(null, 204);
  });

  app.get('/display/assets/numbers.css', (c) =>
    c.body(numberClasses(), 200, { 'content-type': 'text/css; charset=utf-8' }),
  );
  app.get('/display/assets/:name', async (c) => send(await staticFile(c.req.param('name'))));
  app.get('/display/assets/files/:name', async (c) => send(await fontFile(c.req.param('name'))));
  return app;
}

/** Everything from this server, nothing inline, no frames. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  // Loopback speaks plain HTTP.
  strictTransportSecurity: false,
});

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

function send(file: StaticFile | undefined): Response {
  if (!file) return new Response('not found', { status: 404 });
  return new Response(file.content, {
    headers: { 'content-type': file.type, 'cache-control': 'max-age=3600' },
  });
}
