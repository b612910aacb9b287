// What each outcome sounds like: sine tones with soft edges, told apart by pitch, number and direction.

/** The loudest of any sound at full volume, of 1. */
export const PEAK = 0.6;

/** @type {Record<string, { notes: { hz: number, atS: number, lengthS: number, loudness: number }[], everyS?: number }>} */
export const SOUNDS = {
  /** Two rising notes: E5, A5. */
  admitted: {
    notes: [
      { hz: 659.3, atS: 0, lengthS: 0.35, loudness: 0.5 },
      { hz: 880, atS: 0.16, lengthS: 0.6, loudness: 0.5 },
    ],
  },
  /** The same on the way out, falling and softer. */
  goodbye: {
    notes: [
      { hz: 880, atS: 0, lengthS: 0.35, loudness: 0.3 },
      { hz: 659.3, atS: 0.16, lengthS: 0.6, loudness: 0.3 },
    ],
  },
  /** One low, soft note: A3. */
  refused: { notes: [{ hz: 220, atS: 0, lengthS: 0.9, loudness: 0.5 }] },
  /** Two short notes of one pitch: C5. */
  removed: {
    notes: [
      { hz: 523.3, atS: 0, lengthS: 0.18, loudness: 0.4 },
      { hz: 523.3, atS: 0.24, lengthS: 0.18, loudness: 0.4 },
    ],
  },
  /** Two falling notes in the middle: G4, E4. */
  staff: {
    notes: [
      { hz: 392, atS: 0, lengthS: 0.4, loudness: 0.4 },
      { hz: 329.6, atS: 0.3, lengthS: 0.8, loudness: 0.4 },
    ],
  },
  /** One short, high note: A5. */
  'already-open': { notes: [{ hz: 880, atS: 0, lengthS: 0.25, loudness: 0.3 }] },
  /** Three slow notes, C5 G4 C5, again and again. */
  evacuate: {
    notes: [
      { hz: 523.3, atS: 0, lengthS: 0.9, loudness: 0.5 },
      { hz: 392, atS: 0.9, lengthS: 0.9, loudness: 0.5 },
      { hz: 523.3, atS: 1.8, lengthS: 1.2, loudness: 0.5 },
    ],
    everyS: 4.5,
  },
};

const HOLD = { hz: 277.2, loudness: 0.25 };

/**
 * Plays a sound once, from `atS` on the context's clock; `volume` 0 to 1.
 * @param {BaseAudioContext} context
 */
export function play(context, name, volume, atS = context.currentTime) {
  for (const { hz, atS: after, lengthS, loudness } of SOUNDS[name].notes) {
    const start = atS + after;
    const gain = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { type: 'sine', frequency: hz });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume * loudness, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + lengthS);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + lengthS);
  }
}

/**
 * One steady note at half the volume of an outcome, C♯4; what it returns ends it.
 * @param {BaseAudioContext} context
 */
export function playHold(context, volume) {
  const gain = new GainNode(context, { gain: 0 });
  const tone = new OscillatorNode(context, { type: 'sine', frequency: HOLD.hz });
  gain.gain.setValueAtTime(0, context.currentTime);
  gain.gain.linearRampToValueAtTime(volume * HOLD.loudness, context.currentTime + 0.2);
  tone.connect(gain).connect(context.destination);
  tone.start();
  return () => {
    gain.gain.cancelScheduledValues(context.currentTime);
    gain.gain.setTargetAtTime(0, context.currentTime, 0.03);
    tone.stop(context.currentTime + 0.2);
  };
}

/** Of the page: silent where the browser forbids sound or the volume is 0. */
export class Speaker {
  #volume;
  #context;
  #endHold;
  #repeated;
  #again;

  constructor(volume) {
    this.#volume = volume;
    if (volume > 0 && 'AudioContext' in globalThis) this.#context = new AudioContext();
    // Without the kiosk's flag a browser allows sound once somebody touched the screen.
    addEventListener('pointerdown', () => void this.#context?.resume(), { once: true });
  }

  hold(on) {
    if (!on) {
      this.#endHold?.();
      this.#endHold = undefined;
    } else if (this.#audible && !this.#endHold) {
      this.#endHold = playHold(this.#context, this.#volume);
    }
  }

  /** A sound that repeats itself does so until the next is played, or none. */
  play(name) {
    if (name !== undefined && name === this.#repeated) return;
    clearInterval(this.#again);
    this.#repeated = undefined;
    if (name === undefined || !(name in SOUNDS)) return;
    const once = () => this.#audible && play(this.#context, name, this.#volume);
    once();
    const { everyS } = SOUNDS[name];
    if (everyS === undefined) return;
    this.#repeated = name;
    this.#again = setInterval(once, everyS * 1000);
  }

  get #audible() {
    return this.#context?.state === 'running';
  }
}
