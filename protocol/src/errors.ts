/** A stable, searchable name of what failed: part of the interface of every command and API. */
export type ErrorCode = `ERR_${string}`;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** The next action, for the person who reads the message. */
  readonly hint?: string;
}

/**
 * Base of every error that this project throws on purpose. Anything else that is thrown is a defect.
 * Messages are lower case, name the step in the standard's words, and never hold a key, a PIN, a
 * serial number, a certificate or a whole APDU.
 */
export class GateError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
  }
}

/** Bytes that are not what the format says. */
export class FormatError extends GateError {}

/** What `read` gives, or what becomes of the `FormatError` that it threw. Other errors pass: they are defects. */
export function readOr<T, U>(read: () => T, otherwise: (error: FormatError) => U): T | U {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return otherwise(error);
    throw error;
  }
}
