import { SW_SUCCESS } from '@pinless-gate/protocol/apdu/status-word';
import { equal } from '@pinless-gate/protocol/bytes';
import { type CardCommand, parseCommand, status } from './command.ts';
import { SURFACE_AID, type SurfaceApplication } from './surface-application.ts';
import type { Exchange, Step, VirtualCard } from './virtual-card.ts';

/** A plastic card with its surface application beside the JPKI application: one of them is selected at a time. */
export class TwoApplications implements VirtualCard {
  readonly #jpki: VirtualCard;
  readonly #surface: SurfaceApplication;
  #surfaceSelected = false;

  constructor(jpki: VirtualCard, surface: SurfaceApplication) {
    this.#jpki = jpki;
    this.#surface = surface;
  }

  get atr(): Uint8Array {
    return this.#jpki.atr;
  }

  reset(): void {
    this.#jpki.reset();
    this.#leaveSurface();
  }

  stepOf(bytes: Uint8Array): Step | undefined {
    const command = this.#surfaceSelected ? parseCommand(bytes) : undefined;
    return command ? this.#surface.stepOf(command) : this.#jpki.stepOf(bytes);
  }

  exchange(bytes: Uint8Array): Exchange {
    const command = parseCommand(bytes);
    const selects = command?.cla === 0x00 && command.ins === 0xa4 && command.p1 === 0x04;
    if (selects && equal(command.data, SURFACE_AID)) return this.#enterSurface();
    if (selects || !command) return this.#toJpki(bytes);
    return this.#surfaceSelected && isPlain(command)
      ? this.#surface.exchange(command)
      : this.#jpki.exchange(bytes);
  }

  #enterSurface(): Exchange {
    this.#jpki.reset();
    this.#surface.forget();
    this.#surfaceSelected = true;
    return status(SW_SUCCESS);
  }

  /** SELECT of another application: where it succeeds, this one is left. */
  #toJpki(bytes: Uint8Array): Exchange {
    const answer = this.#jpki.exchange(bytes);
    if (answer.response.at(-2) === 0x90) this.#leaveSurface();
    return answer;
  }

  #leaveSurface(): void {
    this.#surfaceSelected = false;
    this.#surface.forget();
  }
}

/** Channels, secure messaging and foreign classes are answered alike in both. */
function isPlain({ cla }: CardCommand): boolean {
  return cla === 0x00 || cla === 0x80;
}
