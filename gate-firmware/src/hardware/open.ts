import { readFileSync } from 'node:fs';
import { GateError } from '@pinless-gate/protocol/errors';
import type { HardwareTables, LightsTable, SensorTable, TurnstileTable } from './config.ts';
import { contactOf, type EvacuationContact, noEvacuationContact } from './evacuation-contact.ts';
import { execTurnstile } from './exec-turnstile.ts';
import { httpTurnstile } from './http-turnstile.ts';
import { execLights, httpLights, relayLights } from './light-drivers.ts';
import { type Lights, noLights } from './lights.ts';
import { execLines, type LineSource, pushedLines, serialLines } from './line-source.ts';
import { noPassageSensor, type PassageSensor, sensorOf } from './passage-sensor.ts';
import { relayTurnstile } from './relay-turnstile.ts';
import { SerialBoards } from './serial-port.ts';
import { noTurnstile, type Turnstile } from './turnstile.ts';

/** What a device of the venue may say through the gate's HTTP server. */
export interface PushedInput {
  readonly name: 'passage' | 'evacuation';
  readonly token: string;
  push(line: string): void;
}

/** What stands in the lane beside reader, display and printer. */
export interface Hardware {
  readonly turnstile: Turnstile;
  readonly lights: Lights;
  readonly passages: PassageSensor;
  readonly evacuation: EvacuationContact;
  readonly inputs: readonly PushedInput[];
  close(): Promise<void>;
}

/** Tells a lasting trouble of a device, and with undefined that it is over. */
export type OnTrouble = (device: string, error: GateError | undefined) => void;

const MIN_TOKEN_LENGTH = 16;

export function openHardware(tables: HardwareTables, onTrouble: OnTrouble): Hardware {
  const boards = new SerialBoards();
  const inputs: PushedInput[] = [];
  const lines = (name: PushedInput['name'], table: SensorTable): LineSource | undefined => {
    const told = { onTrouble: (error: GateError | undefined) => onTrouble(name, error) };
    switch (table.driver) {
      case 'none':
        return undefined;
      case 'exec':
        return execLines(table.command, told);
      case 'serial':
        return serialLines(table, told);
      case 'http': {
        const pushed = pushedLines();
        inputs.push({ name, token: readToken(table.token_file), push: pushed.push });
        return pushed;
      }
    }
  };
  const passage = lines('passage', tables.passage);
  const evacuation = lines('evacuation', tables.evacuation);
  const hardware = {
    turnstile: openTurnstile(tables.turnstile, boards, onTrouble),
    lights: openLights(tables.lights, boards, (error) => onTrouble('lights', error)),
    passages: passage ? sensorOf(passage) : noPassageSensor(),
    evacuation: evacuation ? contactOf(evacuation) : noEvacuationContact(),
    inputs,
  };
  return {
    ...hardware,
    async close() {
      const { turnstile, lights, passages } = hardware;
      await Promise.all([passages.close(), hardware.evacuation.close(), lights.close()]);
      await turnstile.close();
      await boards.close();
    },
  };
}

export function openTurnstile(
  table: TurnstileTable,
  boards: SerialBoards,
  onTrouble: OnTrouble,
): Turnstile {
  switch (table.driver) {
    case 'none':
      return noTurnstile();
    case 'http':
      return httpTurnstile({ url: new URL(table.url), timeoutMs: table.timeout_ms });
    case 'exec':
      return execTurnstile({
        command: table.command,
        hold: table.hold,
        timeoutMs: table.timeout_ms,
      });
    case 'serial-relay':
      return relayTurnstile({
        board: boards.board(table),
        relays: { in: table.relay, out: table.exit_relay ?? table.relay },
        pulseMs: table.pulse_ms,
        pulseFor: table.pulse_for,
        timeoutMs: table.timeout_ms,
        onTrouble: (error) => onTrouble('turnstile', error),
      });
  }
}

function openLights(
  table: LightsTable,
  boards: SerialBoards,
  onTrouble: (error: GateError | undefined) => void,
): Lights {
  switch (table.driver) {
    case 'none':
      return noLights();
    case 'http':
      return httpLights(new URL(table.url), table.timeout_ms, onTrouble);
    case 'exec':
      return execLights(table.command, table.timeout_ms, onTrouble);
    case 'serial-relay': {
      const { green, amber, red } = table;
      const lamps = { ...(green && { green }), ...(amber && { amber }), ...(red && { red }) };
      return relayLights(boards.board(table), lamps, onTrouble);
    }
  }
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new GateError('ERR_SENSOR_TOKEN', `${file}: cannot be read`, { cause });
  }
  if (token.length >= MIN_TOKEN_LENGTH) return token;
  throw new GateError('ERR_SENSOR_TOKEN', `${file}: shorter than ${MIN_TOKEN_LENGTH} characters`, {
    hint: `openssl rand -hex 16 > ${file}`,
  });
}
