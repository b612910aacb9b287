import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type HsmConfig, resolveHsmConfig } from '@pinless-gate/hsm/config';
import { eventKeyLabel } from '@pinless-gate/hsm/key-store';
import type { Publishers } from '@pinless-gate/protocol/bundle';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  AnchorError,
  type TrustAnchor,
  trustAnchors,
} from '@pinless-gate/protocol/certificate/anchors';
import type { Direction } from '@pinless-gate/protocol/lane-mode';
import { derBlocks } from '@pinless-gate/protocol/pem';
import { ConfigError, placeOf, readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import type { TerminalProfileName } from './card/profiles/profile.ts';
import type { DisplayTable } from './display/config.ts';
import { type Enrolment, readEnrolment } from './enrolment-file.ts';
import type { ConsoleAddress } from './fleet/console-client.ts';
import { gateTable } from './gate-table.ts';
import type { HardwareTables, SensorTable } from './hardware/config.ts';
import type { SurfaceTrust } from './lane/surface.ts';
import type { PrinterTable } from './receipt/config.ts';
import { DEFAULT_TEMPLATE, readTemplate, type Template } from './receipt/template.ts';
import type { StaffTable } from './staff/config.ts';
import type { SourceName } from './whitelist/source.ts';

/** What `gate.toml` says, with paths resolved and files read. */
export interface GateConfig {
  /** Where the gate enrolled itself. */
  readonly enrolment: Enrolment | undefined;
  readonly gateId: Uint8Array;
  readonly eventId: Uint8Array;
  readonly name: string;
  readonly gates: readonly string[];
  /** Which way its reader is. */
  readonly direction: Direction;
  readonly timeZone: string;
  readonly hsm: HsmConfig;
  readonly labels: {
    readonly institution: string;
    readonly device: string;
    readonly transport: string;
    readonly event: string;
  };
  readonly keyDirectory: string;
  readonly reader: {
    readonly name: string | undefined;
    readonly socket: string | undefined;
    readonly commandTimeoutMs: number;
    readonly tapTimeoutMs: number;
    /** For so long after an admission the same card hears the same again. */
    readonly debounceMs: number;
  };
  readonly anchors: readonly TrustAnchor[];
  /** CV certificates in loading order, for each profile in use that wants the institution key. */
  readonly terminals: ReadonlyMap<TerminalProfileName, readonly Uint8Array[]>;
  /** Where the profile `kazashi` is in use. */
  readonly surface: SurfaceTrust | undefined;
  readonly whitelist: {
    readonly directory: string;
    readonly source: SourceName | undefined;
    readonly pollMs: number;
    readonly publishers: Publishers;
  };
  readonly journalDirectory: string;
  readonly printer: PrinterTable;
  readonly receiptsDirectory: string | undefined;
  readonly receiptTemplate: Template;
  readonly hardware: HardwareTables;
  readonly display: DisplayTable;
  readonly http: { readonly host: string; readonly port: number };
  /** Absent: nobody does anything by hand here. */
  readonly staff: StaffTable | undefined;
  readonly console: ConsoleAddress | undefined;
  readonly logLevel: string;
}

export async function readGateConfig(file: string): Promise<GateConfig> {
  const table = await readConfig(file, gateTable);
  const { gate, event, keys, reader, card, whitelist } = table;
  const at = (relative: string) => resolveFrom(file, relative);
  const read = async (relative: string, keys: readonly string[]) => {
    try {
      return new Uint8Array(await readFile(at(relative)));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const place = await placeOf(file, ...keys);
      const message = `${place}: ${relative} cannot be read (${code})`;
      throw new ConfigError('ERR_CONFIG_FILE', message, { cause });
    }
  };
  const readAll = (paths: readonly string[], ...keys: readonly string[]) =>
    Promise.all(paths.map((one) => read(one, keys)));
  const sensor = (table: SensorTable): SensorTable =>
    table.driver === 'http' ? { ...table, token_file: at(table.token_file) } : table;
  const wrong = async (what: string, ...keys: readonly string[]) =>
    new ConfigError('ERR_CONFIG_KEY', `${await placeOf(file, ...keys)}: ${what}`);

  if ((gate.id === undefined) === (gate.enrolment === undefined)) {
    throw await wrong('needs either id or enrolment', 'gate');
  }
  const enrolment = gate.enrolment === undefined ? undefined : await readOwn(at(gate.enrolment));
  const gateId = enrolment?.gateId ?? fromHex(gate.id!);
  if (whitelist.source !== undefined && whitelist.url !== undefined) {
    throw await wrong('excludes source', 'whitelist', 'url');
  }
  if (card.jpki && card.kazashi) {
    const message = `${await placeOf(file, 'card', 'kazashi')}: jpki and kazashi exclude each other`;
    throw new ConfigError('ERR_CONFIG_KEY', message, {
      hint: 'both are for the same plastic card; iso goes with either',
    });
  }
  const terminals = new Map<TerminalProfileName, readonly Uint8Array[]>();
  for (const name of ['jpki', 'iso'] as const) {
    const profile = card[name];
    if (profile) {
      const { certificates } = profile;
      terminals.set(name, await readAll(certificates, 'card', name, 'certificates'));
    }
  }
  if (terminals.size === 0 && !card.kazashi) {
    throw await wrong('needs at least one of jpki, kazashi, iso', 'card');
  }
  const surface = card.kazashi && {
    ca: surfaceCa(
      await read(card.kazashi.ca, ['card', 'kazashi', 'ca']),
      `${file}: card.kazashi.ca`,
    ),
    pinned: card.kazashi.pinned,
  };
  const anchors = await readAll(card.anchors, 'card', 'anchors');
  const publishers = (await readAll(whitelist.publishers ?? [], 'whitelist', 'publishers')).map(
    (octets) => publicKeyDer(octets, file),
  );
  const believed: Publishers | undefined = whitelist.publishers
    ? { keys: publishers, threshold: whitelist.threshold ?? 1 }
    : enrolment && {
        keys: enrolment.publishers,
        threshold: whitelist.threshold ?? enrolment.threshold,
      };
  if (!believed)
    throw await wrong('publishers are missing, and the gate is not enrolled', 'whitelist');
  // One publisher listed twice is still one.
  if (believed.threshold > new Set(believed.keys.map(toHex)).size) {
    throw await wrong('more than there are publishers', 'whitelist', 'threshold');
  }
  return {
    enrolment,
    gateId,
    eventId: fromHex(event.id),
    name: gate.name,
    gates: gate.serves,
    direction: gate.direction,
    timeZone: gate.time_zone,
    hsm: resolveHsmConfig(file, table.hsm),
    labels: {
      institution: keys.institution,
      device: keys.device,
      transport: keys.transport,
      event: keys.event ?? eventKeyLabel(toHex(fromHex(event.id))),
    },
    keyDirectory: at(keys.directory),
    reader: {
      name: reader.name,
      socket: reader.socket === undefined ? undefined : at(reader.socket),
      commandTimeoutMs: reader.command_timeout_ms,
      tapTimeoutMs: reader.tap_timeout_ms,
      debounceMs: reader.debounce_ms,
    },
    anchors: pinnedAnchors(anchors, file),
    terminals,
    surface,
    whitelist: {
      directory: at(whitelist.directory),
      source: sourceName(whitelist.source && at(whitelist.source), whitelist.url),
      pollMs: 1000 * whitelist.poll_seconds,
      publishers: believed,
    },
    journalDirectory: at(table.journal.directory),
    printer: table.printer,
    receiptsDirectory: table.receipts && at(table.receipts.directory),
    receiptTemplate: table.receipt?.template
      ? readTemplate(
          await read(table.receipt.template, ['receipt', 'template']),
          table.receipt.template,
        )
      : DEFAULT_TEMPLATE,
    hardware: {
      turnstile: table.turnstile,
      lights: table.lights,
      passage: sensor(table.passage),
      evacuation: sensor(table.evacuation),
    },
    display: table.display,
    http: table.http,
    staff: table.staff && { ...table.staff, operators: at(table.staff.operators) },
    console: table.console ? { url: baseUrl(table.console.url) } : enrolment?.console,
    logLevel: table.log.level,
  };
}

async function readOwn(path: string): Promise<Enrolment> {
  try {
    return await readEnrolment(path);
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (cause?.code !== 'ENOENT') throw error;
    throw new ConfigError('ERR_ENROLMENT_MISSING', `${path}: this gate is not enrolled yet`, {
      cause,
      hint: 'gate enrol --config gate.toml --console URL',
    });
  }
}

function sourceName(
  directory: string | undefined,
  url: string | undefined,
): SourceName | undefined {
  if (url !== undefined) return { url: baseUrl(url).href };
  return directory === undefined ? undefined : { directory };
}

/** Files are named relative to it. */
function baseUrl(text: string): URL {
  return new URL(text.endsWith('/') ? text : `${text}/`);
}

/** A PEM file may hold several generations of a CA: all of them are pinned. */
function pinnedAnchors(files: readonly Uint8Array[], file: string): readonly TrustAnchor[] {
  try {
    return trustAnchors(files.flatMap((octets) => derBlocks(octets, 'CERTIFICATE')));
  } catch (cause) {
    if (!(cause instanceof AnchorError)) throw cause;
    const message = `${file}: card.anchors: ${cause.message}`;
    if (cause.code === 'ERR_ANCHOR_MALFORMED')
      throw new ConfigError('ERR_CONFIG_FILE', message, { cause });
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new AnchorError(cause.code, message, { cause, ...hint });
  }
}

function publicKeyDer(octets: Uint8Array, file: string): Uint8Array {
  try {
    const key = createPublicKey(Buffer.from(octets));
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new ConfigError('ERR_CONFIG_FILE', `${file}: whitelist.publishers: not a public key`, {
      cause,
    });
  }
}
