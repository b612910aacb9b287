import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';

/** What crosses the channel between a program and its isolated process, each way. */
export type ToChild =
  | { readonly init: unknown }
  | { readonly id: number; readonly method: string; readonly args: unknown }
  | { readonly close: true };

export type FromChild =
  | { readonly up: true }
  | { readonly failed: WireError }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly event: unknown };

/** An error without its class; `code` is absent where a defect was thrown. */
export interface WireError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly stack?: string | undefined;
}

export function encodeError(error: unknown): WireError {
  if (error instanceof GateError) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}

/** A `GateError` stays one; a defect stays a plain `Error` with the stack of where it happened. */
export function decodeError({ code, message, hint, stack }: WireError): Error {
  if (code) return new GateError(code, message, hint === undefined ? {} : { hint });
  const defect = new Error(message);
  if (stack !== undefined) defect.stack = stack;
  return defect;
}
