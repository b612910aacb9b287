import { setTimeout as wait } from 'node:timers/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { DisplayState } from '../display/state.ts';
import { type Plan, type PlanStep, untapped } from './plan.ts';
import type { StepReport } from './report.ts';
import type { Played, Stage } from './stage.ts';

export interface RehearseParts {
  readonly plan: Plan;
  readonly stage: Pick<Stage, 'tapped' | 'show'>;
  readonly mode: () => LaneMode;
  /** Which card is to be tapped now. */
  readonly onTap: (step: PlanStep) => void;
  readonly onStep: (report: StepReport) => void;
  /** For so long a tester may take to tap a card. Milliseconds. */
  readonly tapMs: number;
  /** For so long each refusal that no card brings about is shown, to be looked at. Milliseconds. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** Every card of the plan, then every reason for a refusal that none of them brings about. */
export async function rehearse(parts: RehearseParts): Promise<StepReport[]> {
  const { plan, stage, onTap, onStep, signal, tapMs, pauseMs } = parts;
  const reports: StepReport[] = [];
  const add = (report: StepReport) => {
    assertGoesOn(parts);
    reports.push(report);
    onStep(report);
  };
  for (const step of plan.steps) {
    assertGoesOn(parts);
    onTap(step);
    add(tappedReport(step, await stage.tapped(tapMs, signal)));
  }
  for (const reason of untapped(plan)) {
    assertGoesOn(parts);
    add(shownReport(reason, stage.show(reason)));
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return reports;
}

/** In any other mode a tap would count. */
function assertGoesOn({ mode, signal }: RehearseParts): void {
  if (signal.aborted) throw new GateError('ERR_REHEARSAL_ENDED', 'ended before its last step');
  const now = mode();
  if (now === 'rehearsal') return;
  throw new GateError('ERR_REHEARSAL_MODE', `somebody set the lane to ${now}`);
}

function tappedReport({ name, expect: expected }: PlanStep, played: Played | undefined) {
  const head = { name, way: 'tapped', expected } as const;
  if (!played?.result) {
    return { ...head, actual: 'no-tap', display: 'idle', screens: 0, asExpected: false };
  }
  const { result, display, ...times } = played;
  const { decision, steps } = result;
  const actual = decision.admitted ? 'admitted' : decision.reason;
  return {
    ...head,
    actual,
    display: display.state,
    ...times,
    steps: { ...steps },
    asExpected:
      actual === expected &&
      (decision.admitted ? display.state === 'admitted' : says(display, decision.reason)) &&
      devicesDid(played),
  };
}

function shownReport(reason: RefusalReason, { display, screens, shownAfter }: Played): StepReport {
  const said = says(display, reason);
  return {
    name: reason,
    way: 'shown',
    expected: reason,
    actual: said ? reason : display.state,
    display: display.state,
    screens,
    shownAfter,
    asExpected: said,
  };
}

/** Two reasons have a picture of their own. */
function says(display: DisplayState, reason: RefusalReason): boolean {
  if (reason === 'card-removed') return display.state === 'removed';
  if (reason === 'already-open') return display.state === 'already-open';
  return display.state === 'refused' && display.reason === reason;
}

function devicesDid({ turnstile = 'opened', receipts = [] }: Played): boolean {
  const printed = receipts.every((outcome) => outcome === 'printed' || outcome === 'sent');
  return turnstile === 'opened' && printed;
}
