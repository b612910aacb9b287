// Keeps the page at the lane's state. The gate renders every state; this file only swaps it in, plays
// its sound, and says so when the gate is silent.

const LOST_AFTER_MS = 3000;
const RECONNECT_AFTER_MS = 2000;

const screen = document.getElementById('display');
const lost = document.getElementById('lost');

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
    sound.hold(false);
  }
  if (now - connectedAt > RECONNECT_AFTER_MS) connect();
}

/** @param {{ state: string, html: string, progress?: number }} next */
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
  sound.hold(next.state === 'hold');
  // A state found on connecting is not news.
  if (before === 'lost' || before === next.state) return;
  if (next.state === 'admitted') sound.admitted();
  if (next.state === 'refused') sound.refused();
}

/** Gentle tones by WebAudio; silent where the browser forbids sound or the volume is 0. */
const sound = (() => {
  const volume = Number(document.body.dataset.volume);
  const context = volume > 0 && 'AudioContext' in globalThis ? new AudioContext() : undefined;
  /** @type {GainNode | undefined} */
  let holding;

  function note(frequency, startS, lengthS, loudness) {
    const start = context.currentTime + startS;
    const gain = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { type: 'sine', frequency });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume * loudness, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + lengthS);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + lengthS);
  }

  function hold(on) {
    if (on && context?.state === 'running' && !holding) {
      const tone = new OscillatorNode(context, { type: 'sine', frequency: 330 });
      holding = new GainNode(context, { gain: 0 });
      holding.gain.linearRampToValueAtTime(volume * 0.1, context.currentTime + 0.2);
      tone.connect(holding).connect(context.destination);
      tone.start();
      holding.tone = tone;
    } else if (!on && holding) {
      holding.gain.cancelScheduledValues(context.currentTime);
      holding.gain.setTargetAtTime(0, context.currentTime, 0.03);
      holding.tone.stop(context.currentTime + 0.2);
      holding = undefined;
    }
  }

  const audible = () => context?.state === 'running';
  return {
    hold,
    /** Two rising notes: E5, A5. */
    admitted() {
      if (!audible()) return;
      note(659.3, 0, 0.35, 0.5);
      note(880, 0.16, 0.6, 0.5);
    },
    /** One low, soft note: A3. */
    refused() {
      if (audible()) note(220, 0, 0.9, 0.6);
    },
  };
})();

// Fetches the font's slices now, so that no state appears in another face first.
document.fonts.load('400 1em "Noto Sans JP Variable"', document.body.dataset.glyphs);

connect();
setInterval(watch, 250);
