import { LANGUAGES } from '@pinless-gate/protocol/record';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import type { WrittenLanguage } from '../admission/language.ts';
import { sendEvents } from './events.tsx';
import { fontFile, type StaticFile, staticFile } from './files.ts';
import { Page } from './page.tsx';
import { numberClasses } from './seat.tsx';
import type { ViewSettings } from './settings.ts';
import type { DisplayBus } from './state.ts';

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
  const settings = settingsOf(options);
  const app = new Hono();

  app.use('/', headers);
  app.use('/display/*', headers);

  app.get('/', (c) => {
    c.header('cache-control', 'no-store');
    const page = <Page state={bus.current} settings={settings} volume={volume} />;
    return c.html(`<!doctype html>${page}`);
  });

  app.get('/display/events', (c) => sendEvents(c, bus, settings, heartbeatMs));

  app.post('/display/language', async (c) => {
    // A page from elsewhere cannot send JSON here without asking first.
    if (c.req.header('content-type') !== 'application/json') return c.text('not JSON', 415);
    const chosen = choice.safeParse(await c.req.json().catch(() => undefined));
    if (!chosen.success) return c.text('unknown language', 400);
    options.choose?.(chosen.data.language);
    return c.body(null, 204);
  });

  app.route('/display/assets', assets());
  return app;
}

/** The lane's own language first. */
function settingsOf({ languages, defaultLanguage, helpDesk, ways }: DisplayOptions): ViewSettings {
  const others = languages.filter((language) => language !== defaultLanguage);
  return { languages: [defaultLanguage, ...others], helpDesk, ways };
}

function assets(): Hono {
  const app = new Hono();
  app.get('/numbers.css', (c) =>
    c.body(numberClasses(), 200, { 'content-type': 'text/css; charset=utf-8' }),
  );
  app.get('/:name', async (c) => send(await staticFile(c.req.param('name'))));
  app.get('/files/:name', async (c) => send(await fontFile(c.req.param('name'))));
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

function send(file: StaticFile | undefined): Response {
  if (!file) return new Response('not found', { status: 404 });
  return new Response(file.content, {
    headers: { 'content-type': file.type, 'cache-control': 'max-age=3600' },
  });
}
