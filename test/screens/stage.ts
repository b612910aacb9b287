import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { createDisplay } from '@pinless-gate/gate-firmware/display/app';
import { DisplayBus, type DisplayState } from '@pinless-gate/gate-firmware/display/state';
import { LANGUAGES, type Language } from '@pinless-gate/protocol/record';
import { type Browser, chromium, type Page } from 'playwright-core';
import { HELP_DESK, WAYS } from './states.ts';

/** Every size that the display must hold together at. */
export const SIZES = [
  [320, 480],
  [480, 800],
  [800, 480],
  [768, 1024],
  [1080, 1920],
  [1920, 1080],
  [3840, 2160],
].map(([width, height]) => ({ width: width!, height: height! }));

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--mute-audio',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });

/** The display of a lane, alone. */
export class Lane {
  readonly bus = new DisplayBus();
  readonly chosen: Language[] = [];
  readonly #language: Language;
  #server!: ServerType;
  #port = 0;

  private constructor(language: Language) {
    this.#language = language;
  }

  static async open(language: Language): Promise<Lane> {
    const lane = new Lane(language);
    await lane.start();
    return lane;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    const app = createDisplay({
      bus: this.bus,
      languages: LANGUAGES,
      defaultLanguage: this.#language,
      helpDesk: HELP_DESK,
      ways: WAYS,
      volume: 1,
      choose: (language) => {
        this.chosen.push(language);
        this.bus.show({ state: 'idle', language });
      },
    });
    this.#server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: this.#port });
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Resolves when the page shows it, in its own font. */
  async show(page: Page, state: DisplayState): Promise<void> {
    await page.evaluate('document.getElementById("display").dataset.state = "waiting"');
    this.bus.show(state);
    await page.evaluate(`(async () => {
      const screen = document.getElementById('display');
      await new Promise((resolve) => {
        const look = () => screen.dataset.state === '${state.state}' && resolve();
        new MutationObserver(look).observe(screen, { attributes: true });
        look();
      });
      screen.getBoundingClientRect();
      await document.fonts.ready;
    })()`);
  }
}
