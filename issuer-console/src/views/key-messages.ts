import type { CeremonyAction, CeremonyStep } from '../domain/ceremony.ts';
import type { EnrolmentRefusal } from '../domain/enrolment.ts';
import type { CvcLayout, FileKind } from '../domain/key-file.ts';
import type { KeyStage } from '../domain/key-report.ts';
import type { Advice } from './advice.ts';

/** A step of a guided procedure. */
export interface StepWords {
  readonly title: string;
  readonly what: string;
}

/** The words of the pages of keys, ceremony and one gate. */
export interface KeyMessages {
  readonly title: string;
  readonly what: string;
  readonly institution: string;
  readonly institutionNone: string;
  readonly institutionOpen: string;
  readonly layouts: Readonly<Record<CvcLayout, string>>;
  readonly events: string;
  readonly eventsNone: string;
  readonly unnamed: string;
  readonly heading: (event: string) => string;
  readonly admission: (from: string, until: string) => string;
  readonly stages: Readonly<Record<KeyStage, string>>;
  readonly next: Readonly<Record<KeyStage, string>>;
  readonly holding: (taken: string, gates: string) => string;
  readonly owing: (n: string) => string;
  readonly lapsing: (gates: string, moment: string) => string;
  readonly atModule: string;
  readonly command: string;
  readonly read: string;
  readonly file: string;
  readonly send: string;
  readonly hints: Readonly<Record<FileKind, string>>;
  readonly taken: (kept: string, known: string) => string;
  readonly noSecret: string;
  readonly noPublishers: string;
  readonly begin: StepWords;
  readonly request: StepWords;
  readonly digest: string;
  readonly keyHash: string;
  readonly received: (moment: string) => string;
  readonly certificates: StepWords;
  readonly holder: string;
  readonly issuer: string;
  readonly layout: string;
  readonly expiry: string;
  readonly undated: string;
  readonly expired: string;
  readonly importing: StepWords;
  readonly log: StepWords;
  readonly logNone: string;
  readonly ceremony: string;
  readonly head: string;
  readonly lines: (n: string) => string;
  readonly operators: string;
  readonly required: (n: string) => string;
  readonly steps: string;
  readonly stepsNone: string;
  readonly verified: string;
  readonly approvedBy: (names: string) => string;
  readonly actions: Readonly<Record<CeremonyAction, string>>;
  readonly outcomes: Readonly<Record<CeremonyStep['outcome'], string>>;
  readonly details: string;
  readonly gates: StepWords;
  readonly gatesNone: string;
  readonly gate: string;
  readonly gateKey: string;
  readonly gateKeyOf: (gate: string) => string;
  readonly gateKeyMissing: string;
  readonly comparison: string;
  readonly compared: string;
  readonly notCompared: string;
  readonly wrap: StepWords;
  readonly envelopes: StepWords;
  readonly delivery: StepWords;
  readonly renew: StepWords;
  readonly destroy: StepWords;
  readonly order: string;
  readonly ordered: string;
  readonly records: StepWords;
  readonly atIssuer: StepWords;
  readonly eventSteps: string;
  readonly alarms: {
    readonly conflict: (gate: string) => Advice;
    readonly owing: (event: string, gates: string) => Advice;
    readonly window: (event: string, until: string) => Advice;
    readonly expiry: (holder: string, until: string) => Advice;
  };
  readonly gatePage: GateMessages;
  readonly sheet: SheetMessages;
}

export interface GateMessages {
  readonly open: (gate: string) => string;
  readonly events: string;
  readonly everyEvent: string;
  readonly statement: string;
  readonly noStatement: string;
  readonly waiting: (until: string) => string;
  readonly conflict: string;
  readonly conflictNext: string;
  readonly refused: (moment: string, why: string) => string;
  readonly refusals: Readonly<Record<EnrolmentRefusal, string>>;
  readonly manufacturer: string;
  readonly model: string;
  readonly description: string;
  readonly version: string;
  readonly serial: string;
  readonly program: string;
  readonly capabilities: string;
  readonly deviceKey: string;
  readonly transportKey: string;
  readonly compare: string;
  readonly compareWhat: string;
  readonly code: string;
  readonly codeHint: string;
  readonly send: string;
  readonly comparedAt: (moment: string) => string;
  readonly keys: string;
  readonly keysNone: string;
  readonly back: string;
}

export interface SheetMessages {
  readonly title: (gate: string) => string;
  readonly once: string;
  readonly token: string;
  readonly until: (moment: string) => string;
  readonly qr: string;
  readonly steps: readonly string[];
  readonly print: string;
  readonly code: string;
  readonly open: string;
}
