import type { ErrorCode } from '@pinless-gate/protocol/errors';
import type { CardFile } from './card/card-file.ts';
import type { CardReport } from './card/session.ts';
import type { Step } from './card/virtual-card.ts';

/** What `reader.ts` and its child `reader-host.ts` say to each other over node's own channel. */
export interface HostInit {
  readonly directory: string;
  /** False on a machine that gives no namespaces: the host then uses the machine's own daemon and ports. */
  readonly isolated: boolean;
  readonly maxCommandLength?: number;
}

export type Slot = 0 | 1;

export interface InsertRequest {
  readonly card: CardFile;
  readonly slot: Slot;
  readonly timing?: string;
  readonly removeAfterStep?: Step;
  readonly forMs?: number;
  /** Do not wait until pcscd can have noticed that the last card left this slot. */
  readonly atOnce?: boolean;
}

export interface HostMethods {
  start(init: HostInit): Promise<void>;
  /** Answers the number of the card, for the methods below. */
  insert(request: InsertRequest): Promise<number>;
  remove(card: number): Promise<void>;
  report(card: number): Promise<CardReport>;
  killPcscd(): Promise<void>;
  startPcscd(): Promise<void>;
  pcscdPid(): Promise<number | undefined>;
}

export type HostMethod = keyof HostMethods;

export interface HostRequest {
  readonly id: number;
  readonly method: HostMethod;
  readonly argument: unknown;
}

export type HostMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { code: ErrorCode; message: string; hint?: string } }
  | { readonly removed: number; readonly report: CardReport };
