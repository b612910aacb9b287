import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readCeremonyConfig } from '@pinless-gate/hsm/ceremony/config';
import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { destroyEventKeyCommand } from '@pinless-gate/hsm/cli/destroy-event-key';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { type GateConfig, readGateConfig } from '../config.ts';
import {
  type DeliveryParts,
  deliverKeys,
  deliveryParts,
  reportDestruction,
} from '../fleet/key-delivery.ts';
import { codeOf } from '../gate-code.ts';
import { Journal } from '../journal/journal.ts';
import { systemClock } from '../lane/clock.ts';
import { configFile } from './options.ts';

/** `gate keys fetch`: takes what the console holds for this gate, while the gate does not run. */
export const fetchKeysCommand: Command = async (argv, io) => {
  const { config, file, json } = await options(argv);
  const destroy = (await readCeremonyConfig(file)).kind !== 'directory';
  const { taken, destroyed, trouble } = await withDelivery(config, destroy, deliverKeys);
  if (json) io.out(JSON.stringify({ taken, destroyed, code: trouble?.code }));
  for (const label of json ? [] : taken) io.out(`key "${label}" taken into the module`);
  for (const event of json ? [] : destroyed) io.out(`keys of event ${event} destroyed`);
  if (trouble) throw trouble;
  if (!json && taken.length + destroyed.length === 0) io.err('gate keys fetch: nothing new');
  return EXIT_OK;
};

/** `gate keys show`: the keys that were sent to this gate, and until when they may be used. */
export const showKeysCommand: Command = async (argv, io) => {
  const { config, json } = await options(argv);
  const directory = new KeyDirectory(config.keyDirectory);
  const store = await openKeyStore(config.hsm);
  const labels = new Set((await store.keys()).map(({ label }) => label));
  const { device, transport } = config.labels;
  const enrolled = labels.has(device) && labels.has(transport);
  const code = enrolled ? await codeOf(store, { device, transport }) : undefined;
  await store.close();
  if (!json && code !== undefined) io.err(`gate keys show: this gate's code is ${code}`);
  const now = systemClock.now() / 1000;
  const keys = (await directory.envelopes()).map(({ envelope }) => ({
    label: envelope.label,
    event: envelope.eventId && toHex(envelope.eventId),
    generation: envelope.generation,
    validFrom: new Date(1000 * envelope.validFrom).toISOString(),
    validUntil: new Date(1000 * envelope.validUntil).toISOString(),
    inModule: labels.has(envelope.label),
    open: now >= envelope.validFrom && now < envelope.validUntil,
  }));
  if (json) io.out(JSON.stringify(keys));
  else if (keys.length === 0) io.err('gate keys show: no keys were sent to this gate');
  for (const { label, inModule, open, validFrom, validUntil } of json ? [] : keys) {
    const where = inModule ? 'in the module' : 'not in the module';
    io.out(`${label}  ${where}  ${validFrom} to ${validUntil}${open ? '' : '  (not now)'}`);
  }
  return EXIT_OK;
};

/** `gate keys destroy --event ID`: as `hsm event-key destroy`, and the console is told. */
export const destroyKeysCommand: Command = async (argv, io) => {
  const { config, json, event, file } = await options(argv);
  if (event === undefined) throw new UsageError('--event ID is needed');
  const eventId = fromHex(event.replaceAll('-', '').toLowerCase());
  const more = json ? ['--json'] : [];
  const gateId = toHex(config.gateId);
  const argument = ['--config', file, '--event', event, '--gate', gateId, ...more];
  const code = await destroyEventKeyCommand(argument, io);
  if (code !== EXIT_OK) return code;
  try {
    await withDelivery(config, false, (parts) => reportDestruction(parts, eventId));
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    io.err(
      `gate keys destroy: destroyed, and the console was not told: ${error.message} [${error.code}]`,
    );
    io.err('  run it again when the console is there: the record is kept');
    return EXIT_REFUSED;
  }
  return EXIT_OK;
};

/** With module and journal open, for as long as `use` runs. */
async function withDelivery<T>(
  config: GateConfig,
  destroy: boolean,
  use: (parts: DeliveryParts) => Promise<T>,
): Promise<T> {
  await mkdir(config.journalDirectory, { recursive: true });
  const closers: (() => unknown)[] = [await lockDirectory(config.journalDirectory)];
  try {
    const journal = Journal.open(config.journalDirectory, config.gateId);
    closers.push(() => journal.close());
    const store = await openKeyStore(config.hsm);
    closers.push(() => store.close());
    return await use(deliveryParts(config, store, journal, destroy));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function options(argv: readonly string[]) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      event: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const file = configFile(values.config);
  return { ...values, file, config: await readGateConfig(file) };
}
