import { array, inout, load, out, pointer, sizeof, struct, type TypeObject } from 'koffi';

// libpcsclite as its header declares it on Linux: DWORD is unsigned long, LONG and both handles are long.
// Called by FFI and not through an addon: an addon's thread hop for each command cost a quarter of a tap.

const LIBRARY = 'libpcsclite.so.1';
const MAX_ATR_SIZE = 33;

const READER_STATE = struct({
  reader: 'const char *',
  userData: 'void *',
  currentState: 'unsigned long',
  eventState: 'unsigned long',
  atrLength: 'unsigned long',
  atr: array('uint8_t', MAX_ATR_SIZE, 'Array'),
});
const IO_REQUEST = struct({ protocol: 'unsigned long', length: 'unsigned long' });
const IO_REQUEST_LENGTH = sizeof(IO_REQUEST);

const library = load(LIBRARY);
const LONG = 'long';
const DWORD = 'unsigned long';
const inPointer = (type: string | TypeObject) => pointer(type);
const outPointer = (type: string | TypeObject) => out(pointer(type));
const inoutPointer = (type: string | TypeObject) => inout(pointer(type));

const establishContext = library.func('SCardEstablishContext', LONG, [
  DWORD,
  'void *',
  'void *',
  outPointer(LONG),
]);
const releaseContext = library.func('SCardReleaseContext', LONG, [LONG]);
const listReaders = library.func('SCardListReaders', LONG, [
  LONG,
  'void *',
  'void *',
  inoutPointer(DWORD),
]);
const getStatusChange = library.func('SCardGetStatusChange', LONG, [
  LONG,
  DWORD,
  inoutPointer(READER_STATE),
  DWORD,
]);
const connect = library.func('SCardConnect', LONG, [
  LONG,
  'const char *',
  DWORD,
  DWORD,
  outPointer(LONG),
  outPointer(DWORD),
]);
const disconnect = library.func('SCardDisconnect', LONG, [LONG, DWORD]);
const transmit = library.func('SCardTransmit', LONG, [
  LONG,
  inPointer(IO_REQUEST),
  'void *',
  DWORD,
  'void *',
  'void *',
  inoutPointer(DWORD),
]);
const control = library.func('SCardControl', LONG, [
  LONG,
  DWORD,
  'void *',
  DWORD,
  'void *',
  DWORD,
  outPointer(DWORD),
]);
const stringifyError = library.func('pcsc_stringify_error', 'const char *', [LONG]);

const SCARD_SCOPE_SYSTEM = 2;
const SCARD_PROTOCOL_ANY = 0x0003;
export const SCARD_SHARE_EXCLUSIVE = 1;
export const SCARD_SHARE_DIRECT = 3;
export const SCARD_LEAVE_CARD = 0;
export const SCARD_RESET_CARD = 1;
export const SCARD_STATE_PRESENT = 0x0020;
export const SCARD_STATE_MUTE = 0x0200;
export const SCARD_E_NO_READERS_AVAILABLE = 0x8010002e;
const SCARD_E_TIMEOUT = 0x8010000a;
const SCARD_S_SUCCESS = 0;

/** A call of the library that failed, with its return code. */
export class PcscFailure extends Error {
  readonly code: number;

  constructor(call: string, code: number) {
    super(`${call}: ${stringifyError(code) as string}`);
    this.name = 'PcscFailure';
    this.code = code;
  }
}

function check(call: string, result: unknown): void {
  const code = Number(result) >>> 0;
  if (code !== SCARD_S_SUCCESS) throw new PcscFailure(call, code);
}

/** A connection to the PC/SC service. One context serialises its calls. */
export class PcscContext {
  readonly #handle: number;

  constructor() {
    const handle = [0];
    check('SCardEstablishContext', establishContext(SCARD_SCOPE_SYSTEM, null, null, handle));
    this.#handle = handle[0]!;
  }

  /** Harmless where the service is gone. */
  release(): void {
    releaseContext(this.#handle);
  }

  readers(): string[] {
    const length = [0];
    const result = Number(listReaders(this.#handle, null, null, length)) >>> 0;
    if (result === SCARD_E_NO_READERS_AVAILABLE) return [];
    check('SCardListReaders', result);
    const names = Buffer.alloc(length[0]!);
    check('SCardListReaders', listReaders(this.#handle, null, names, length));
    return names
      .toString('utf8')
      .split('\0')
      .filter((name) => name !== '');
  }

  /** The reader's event state after the next change, or `known` when there was none in that time. */
  async stateChange(reader: string, known: number, timeoutMs: number): Promise<number> {
    const states = [
      {
        reader,
        userData: null,
        currentState: known,
        eventState: 0,
        atrLength: 0,
        atr: new Array(MAX_ATR_SIZE).fill(0),
      },
    ];
    const result = await new Promise<number>((resolve, reject) => {
      getStatusChange.async(this.#handle, timeoutMs, states, 1, (error: unknown, code: unknown) => {
        if (error) reject(error);
        else resolve(Number(code) >>> 0);
      });
    });
    if (result === SCARD_E_TIMEOUT) return known;
    check('SCardGetStatusChange', result);
    return states[0]!.eventState;
  }

  connect(reader: string, share: number): PcscCard {
    const handle = [0];
    const protocol = [0];
    const protocols = share === SCARD_SHARE_DIRECT ? 0 : SCARD_PROTOCOL_ANY;
    check('SCardConnect', connect(this.#handle, reader, share, protocols, handle, protocol));
    return new PcscCard(handle[0]!, protocol[0]!);
  }
}

/** A connected card. Its calls block: whoever makes them runs in a process that can be killed. */
export class PcscCard {
  readonly #handle: number;
  readonly #request: { readonly protocol: number; readonly length: number };

  constructor(handle: number, protocol: number) {
    this.#handle = handle;
    this.#request = { protocol, length: IO_REQUEST_LENGTH };
  }

  /** The octets of the response that fit `space`; a longer one is a failure. */
  transmit(command: Uint8Array, space: Uint8Array): Uint8Array {
    const length = [space.length];
    const { length: commandLength } = command;
    check(
      'SCardTransmit',
      transmit(this.#handle, this.#request, command, commandLength, null, space, length),
    );
    return space.slice(0, length[0]!);
  }

  /** What the driver answers to a control code. */
  control(code: number, space: Uint8Array): Uint8Array {
    const length = [0];
    check('SCardControl', control(this.#handle, code, null, 0, space, space.length, length));
    return space.slice(0, length[0]!);
  }

  disconnect(disposition: number): void {
    check('SCardDisconnect', disconnect(this.#handle, disposition));
  }
}
