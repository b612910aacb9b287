/**
 * What Chromium is started with to be a screen and nothing else. Each takes something away that would cover the page,
 * ask the attendee something, call out, or keep the page silent.
 */
export const KIOSK_FLAGS: readonly string[] = [
  '--kiosk',
  // The page plays its sounds though nobody has clicked.
  '--autoplay-policy=no-user-gesture-required',
  '--touch-events=enabled',
  '--disable-pinch',
  '--overscroll-history-navigation=0',
  '--no-first-run',
  '--no-default-browser-check',
  '--noerrdialogs',
  '--hide-crash-restore-bubble',
  '--disable-features=Translate',
  '--password-store=basic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-pings',
];

/** Where the browser keeps its own things: a profile of its own is not asked about by anybody else's windows. */
const PROFILE = '/var/lib/pinless-gate-display/chromium';

/** The command for a shell. */
export function kioskCommand(url: string, profile: string = PROFILE): string {
  return ['chromium', ...KIOSK_FLAGS, `--user-data-dir=${profile}`, url].join(' ');
}
