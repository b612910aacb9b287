import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { parseReceiptCode, receiptSigner } from '@pinless-gate/protocol/receipt-code';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { type CheckedGate, receiptCheckPage } from '@pinless-gate/runtime/receipt-check';

/** `gate receipt verify --key device.pem… CODE`: what the QR of a receipt says, if a gate signed it. */
export const receiptVerifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      key: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [text] = positionals;
  if (text === undefined || positionals.length > 1 || !values.key?.length) {
    throw new UsageError('one code, PG1:…, and --key device.pem are needed');
  }
  const gates = await Promise.all(values.key.map(readGate));
  const code = parseReceiptCode(text);
  const signer = receiptSigner(
    code,
    gates.map(({ deviceKey }) => deviceKey),
  );
  if (!signer) {
    throw new GateError('ERR_RECEIPT_SIGNATURE', 'the receipt is not signed by any of these keys', {
      hint: 'the keys of the gates of this event are on the console, under gates',
    });
  }
  const { seat, ...statement } = code.statement;
  const said = {
    ...statement,
    event: toHex(statement.event),
    gate: toHex(statement.gate),
    at: new Date(1000 * statement.at).toISOString(),
    seat,
    signedBy: gates.find(({ deviceKey }) => deviceKey === signer)!.name,
  };
  if (values.json) io.out(JSON.stringify(said));
  else for (const [name, value] of Object.entries(said)) io.out(`${name}  ${shown(value)}`);
  return EXIT_OK;
};

/** `gate receipt check-page --key device.pem… --out check.html`: for the phones of staff, without a network. */
export const receiptCheckPageCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      key: { type: 'string', multiple: true },
      out: { type: 'string' },
      'time-zone': { type: 'string', default: 'Asia/Tokyo' },
    },
  });
  if (values.out === undefined || !values.key?.length) {
    throw new UsageError('--key device.pem and --out FILE.html are needed');
  }
  if (!Intl.supportedValuesOf('timeZone').includes(values['time-zone'])) {
    throw new UsageError(`--time-zone ${values['time-zone']}: unknown`);
  }
  const gates = await Promise.all(values.key.map(readGate));
  await writeFileDurably(values.out, receiptCheckPage(gates, values['time-zone']));
  io.out(values.out);
  return EXIT_OK;
};

async function readGate(file: string): Promise<CheckedGate> {
  try {
    const key = createPublicKey(await readFile(file));
    return {
      name: basename(file, '.pem'),
      deviceKey: new Uint8Array(key.export({ format: 'der', type: 'spki' })),
    };
  } catch (cause) {
    throw new GateError('ERR_RECEIPT_KEY', `${file}: not a public key`, { cause });
  }
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.values(value).filter(Boolean).join(' ')
    : String(value);
}
