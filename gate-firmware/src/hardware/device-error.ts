import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';

/** A device of the lane did not do what it was told, or nobody knows whether it did. */
export class DeviceError extends GateError {}

/** Devices that take orders; their codes are `ERR_TURNSTILE_…` and `ERR_LIGHTS_…`. */
export type Device = 'turnstile' | 'lights';

export function deviceCode(device: Device, what: string): ErrorCode {
  return `ERR_${device.toUpperCase()}_${what}`;
}

export function late(device: Device, timeoutMs: number): DeviceError {
  return new DeviceError(deviceCode(device, 'TIMEOUT'), `${device}: not done in ${timeoutMs} ms`);
}
