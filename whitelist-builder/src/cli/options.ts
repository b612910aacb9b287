import { resolve } from 'node:path';
import { UsageError } from '@pinless-gate/runtime/program';

export function required(value: string | undefined, option: string): string {
  if (!value) throw new UsageError(`${option} is required`, 'see whitelist --help');
  return value;
}

/** A whole number within bounds, in plain digits. */
export function wholeNumber(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${option} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** Throws where a file to be written is one that is read: a slip would cost the feed. */
export function keepInputs(inputs: readonly string[], outputs: Record<string, string>): void {
  for (const [option, output] of Object.entries(outputs)) {
    const input = inputs.find((one) => resolve(one) === resolve(output));
    if (input !== undefined) throw new UsageError(`${option} would replace ${input}`);
  }
}

/** The one argument of a command that takes a bundle directory. */
export function bundleArgument(positionals: readonly string[]): string {
  const [bundle, ...more] = positionals;
  if (!bundle || more.length > 0) {
    throw new UsageError('give one bundle directory', 'see whitelist --help');
  }
  return bundle;
}
