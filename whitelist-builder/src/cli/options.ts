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

/** The one argument of a command that takes a bundle directory. */
export function bundleArgument(positionals: readonly string[]): string {
  const [bundle, ...more] = positionals;
  if (!bundle || more.length > 0) {
    throw new UsageError('give one bundle directory', 'see whitelist --help');
  }
  return bundle;
}
