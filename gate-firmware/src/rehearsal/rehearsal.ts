import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { GateConfig } from '../config.ts';
import type { DisplayBus } from '../display/state.ts';
import type { GateKeys } from '../gate-keys.ts';
import type { Journaling } from '../journaling.ts';
import { systemClock } from '../lane/clock.ts';
import type { Lane } from '../lane/lane.ts';
import { admissionId } from '../lane/outcome.ts';
import { VERSION } from '../version.ts';
import type { Lists } from '../whitelist/lists.ts';
import { type SignedReport, type StepReport, signReport } from './report.ts';
import { Stage } from './stage.ts';

export interface RehearsalParts {
  readonly config: GateConfig;
  readonly journaling: Journaling;
  readonly keys: GateKeys;
  readonly lists: Lists;
  readonly lane: Lane;
  readonly display: DisplayBus;
  /** Who asked for it, for the journal. */
  readonly operator: string;
}

const PRINT_MS = 10_000;
/** People pass meanwhile: nobody rehearses then. */
const IN_USE: ReadonlySet<LaneMode> = new Set(['always-open', 'evacuate']);

/** A lane of a gate while it counts nothing, and the report that its device key vouches for. */
export class Rehearsal {
  readonly #parts: RehearsalParts;
  readonly #before: LaneMode;
  readonly #after: number;
  readonly #from: number;
  readonly stage: Stage;

  constructor(parts: RehearsalParts) {
    const { config, journaling, lane, display } = parts;
    this.#parts = parts;
    this.#before = this.mode;
    if (IN_USE.has(this.#before)) {
      throw new GateError('ERR_REHEARSAL_MODE', `the lane is ${this.#before}`, {
        hint: 'rehearse when nobody comes: gate run, then gate staff mode closed',
      });
    }
    this.#after = journaling.journal.sequence;
    this.#from = journaling.clock.now();
    this.#become('rehearsal');
    this.stage = new Stage({
      display,
      taps: lane.taps,
      printer: lane.devices.printer,
      turnstile: config.hardware.turnstile.driver === 'none' ? undefined : lane.devices.turnstile,
      showRefusal: (reason) => lane.showRefusal(reason),
      idOf: (sequence) => admissionId(config.gateId, sequence),
      now: systemClock.monotonic,
      printMs: PRINT_MS,
    });
  }

  get mode(): LaneMode {
    return this.#parts.lane.crossing.modes.current;
  }

  /** Throws ERR_LIST_MISSING. */
  async report(steps: readonly StepReport[]): Promise<SignedReport> {
    const { config, journaling, keys, lists, operator } = this.#parts;
    const list = lists.current;
    if (!list) throw new GateError('ERR_LIST_MISSING', 'the list went while it was rehearsed');
    const { gateId, name, eventId, printer, hardware, labels } = config;
    const report = {
      version: VERSION,
      gate: { id: toHex(gateId), name },
      event: toHex(eventId),
      list: { version: list.passport.version, fingerprint: list.passport.fingerprint },
      devices: { printer: printer.driver, turnstile: hardware.turnstile.driver },
      operator,
      from: this.#from,
      until: journaling.clock.now(),
      journal: { after: this.#after, last: journaling.journal.sequence },
      steps: [...steps],
      asExpected: steps.every(({ asExpected }) => asExpected),
    };
    return signReport(report, (message) => keys.store.sign(labels.device, message));
  }

  /** As it was before; what somebody else set meanwhile stays. */
  close(): void {
    if (this.mode === 'rehearsal') this.#become(this.#before);
  }

  #become(mode: LaneMode): void {
    if (this.mode === mode) return;
    const { lane, operator } = this.#parts;
    const reason = mode === 'rehearsal' ? 'a rehearsal begins' : 'the rehearsal is over';
    const act = { operator: { id: operator, role: 'lead' }, reason } as const;
    // Killed meanwhile, it must not wave people through for whom nothing counts.
    lane.crossing.modes.take(mode, act, this.#before);
  }
}
