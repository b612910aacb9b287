// Keeps the page at the lane's state. The gate renders every state; this file only swaps it in, plays
// its sound, and says so when the gate is silent.

import { press } from './languages.js';
import { Speaker } from './sound.js';

const LOST_AFTER_MS = 3000;
const RECONNECT_AFTER_MS = 2000;

const screen = document.getElementById('display');
const lost = document.getElementById('lost');
const speaker = new Speaker(Number(document.body.dataset.volume));

/** @type {EventSource | undefined} */
let source;
let heardAt = performance.now();
let connectedAt = 0;

function connect() {
  source?.close();
  connectedAt = performance.now();
  source = new EventSource('/display/events');
  source.addEventListener('beat', heard);
  source.addEventListener('state', (event) => {
    heard();
    show(JSON.parse(event.data));
  });
}

function heard() {
  heardAt = performance.now();
}

function watch() {
  const now = performance.now();
  if (now - heardAt < LOST_AFTER_MS) return;
  if (screen.dataset.state !== 'lost') {
    screen.dataset.state = 'lost';
    screen.replaceChildren(lost.content.cloneNode(true));
    speaker.hold(false);
    speaker.play(undefined);
  }
  if (now - connectedAt > RECONNECT_AFTER_MS) connect();
}

/** @param {{ state: string, html: string, language: string, sound?: string, progress?: number }} next */
function show(next) {
  const before = screen.dataset.state;
  const ring = screen.querySelector('.ring-fill');
  if (next.state === 'hold' && before === 'hold' && ring) {
    // Only the ring moves on: its fill is animated, and nothing is read out again.
    ring.setAttribute('stroke-dasharray', `${Math.round(next.progress * 100)} 100`);
    return;
  }
  screen.dataset.state = next.state;
  // Rendered and escaped by the gate that served this page.
  screen.innerHTML = next.html;
  press(next.language);
  const left = screen.querySelector('[data-remaining-ms]');
  if (left) left.style.animationDuration = `${left.dataset.remainingMs}ms`;
  speaker.hold(next.state === 'hold');
  // A state found on connecting is not news, but that everybody shall leave is.
  const news = before !== 'lost' && before !== next.state;
  if (news || next.state === 'evacuate') speaker.play(next.sound);
}

/** A pointer is seen while it is moved: a kiosk has none. */
function hidePointer() {
  let timer;
  document.body.classList.add('unpointed');
  addEventListener('mousemove', () => {
    document.body.classList.remove('unpointed');
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add('unpointed'), 2000);
  });
}

// Fetches the font's slices now, so that no state appears in another face first.
document.fonts.load('400 1em "Noto Sans JP Variable"', document.body.dataset.glyphs);

hidePointer();
connect();
setInterval(watch, 250);
