import { randomBytes } from 'node:crypto';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { isWell } from '@pinless-gate/gate-firmware/card/reader-messages';
import type { Transcript } from '@pinless-gate/gate-firmware/card/transcript';
import type { GateConfig } from '@pinless-gate/gate-firmware/config';
import { openTerminals } from '@pinless-gate/gate-firmware/terminals';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import { possessionMessage } from '@pinless-gate/protocol/possession';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import type { Io } from '@pinless-gate/runtime/program';
import { authenticate, describeHead, lookAtHead } from './authenticate.ts';
import { Guard } from './guard.ts';
import type { Questions } from './questions.ts';
import type { Report } from './report.ts';

export interface Setup {
  readonly config: GateConfig;
  /** Exact PC/SC name. */
  readonly reader: string;
  readonly io: Io;
  readonly questions: Questions;
  readonly report: Report;
  readonly transcript: Transcript;
}

type Terminals = Awaited<ReturnType<typeof openTerminals>>;

/** People read and answer while the card lies there. */
const SESSION_MS = 15 * 60_000;

/** Everything from the driver to the card's signature. What goes wrong ends up in the report. */
export async function examine(setup: Setup): Promise<void> {
  const { report, transcript } = setup;
  try {
    await withDevices(setup, (reader, terminals) => withCard(setup, reader, terminals));
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    report.stop(error, transcript.lastStatus);
  }
}

async function withDevices(
  { config, reader: name, report }: Setup,
  use: (reader: Reader, terminals: Terminals) => Promise<void>,
): Promise<void> {
  report.begin('HSM and CV certificates');
  const { institution } = config.labels;
  const store = await openKeyStore(config.hsm);
  try {
    await store.require({ [institution]: 'institution' });
    const terminals = await openTerminals(store, institution, config.terminals, Date.now());
    report.pass(`fit together, for ${terminals.map(({ profile }) => profile.name).join(', ')}`);
    report.begin('reader properties');
    const reader = await Reader.open({ reader: name, socket: config.reader.socket });
    try {
      await use(reader, terminals);
    } finally {
      await reader.close();
    }
  } finally {
    await store.close();
  }
}

async function withCard(setup: Setup, reader: Reader, terminals: Terminals): Promise<void> {
  const { config, io, report, transcript } = setup;
  report.pass(await lookAtReader(setup, reader, terminals));
  report.begin('card');
  await waitForCard(reader, io);
  report.pass('in the field');
  const guard = new Guard(reader.session(), transcript, () => performance.now());
  const { commandTimeoutMs } = config.reader;
  const limits = { commandTimeoutMs, tapTimeoutMs: SESSION_MS };
  const channel = new CardChannel(guard.transmit, limits, () => performance.now());
  try {
    const dialogue = new CardDialogue(channel);
    report.begin('SELECT, label, availability');
    const profile = await dialogue.identify(terminals.map((one) => one.profile));
    report.pass(`profile ${profile.name}, with a user-authentication certificate`);
    const { terminal } = terminals.find((one) => one.profile === profile)!;
    await lookAtHead(channel, profile, report);
    const parts = { ...setup, guard, dialogue, profile, terminal };
    const head = await authenticate(parts);
    report.begin('READ BINARY certificate head');
    report.pass(describeHead(head));
    await prove(setup, dialogue, profile);
  } finally {
    // Resets the card: what it granted us ends here.
    await reader.disconnect();
  }
}

async function lookAtReader(
  { reader: name }: Setup,
  reader: Reader,
  terminals: Terminals,
): Promise<string> {
  const state = await reader.watch();
  if (!isWell(state)) {
    const names = 'names' in state ? state.names.map((one) => `"${one}"`).join(', ') : state.why;
    throw new GateError('ERR_READER_MISSING', `"${name}" is not there: ${names || 'no reader'}`);
  }
  const { maxApduDataSize } = await reader.properties();
  const longest = longestCommand(terminals);
  if (maxApduDataSize === undefined) {
    return `the driver does not tell its longest command; ${longest} octets are needed`;
  }
  if (maxApduDataSize < longest) {
    const why = `commands up to ${maxApduDataSize} octets, ${longest} are needed`;
    throw new GateError('ERR_READER_EXTENDED_LENGTH', why);
  }
  return `commands up to ${maxApduDataSize} octets, ${longest} are needed`;
}

function longestCommand(terminals: Terminals): number {
  const commands = terminals.flatMap(({ profile, terminal }) =>
    profile.terminal.commands(terminal),
  );
  return Math.max(...commands.map((command) => encodeCommandApdu(command).length));
}

async function waitForCard(reader: Reader, io: Io): Promise<void> {
  let state = await reader.watch();
  if (isWell(state) && state.kind === 'empty') io.err('put the card on the reader');
  while (!io.signal.aborted) {
    if (!isWell(state)) throw new GateError('ERR_READER_MISSING', `the reader went: ${state.kind}`);
    if (state.kind === 'present') return;
    state = await reader.watch(state.known);
  }
  throw new GateError('ERR_HARDWARE_INTERRUPTED', 'ended before a card came');
}

/** The whole certificate, and the card's proof that it holds its key. */
async function prove(
  { config, report }: Setup,
  dialogue: CardDialogue,
  profile: CardProfile,
): Promise<void> {
  const at = Date.now();
  report.begin('certificate');
  const der = await dialogue.readCertificate();
  const verdict = verifyUserCertificate(der, config.anchors, at, profile.certificates);
  if (verdict.ok) {
    const { fingerprint } = verdict.certificate.anchor;
    report.pass(`${der.length} octets, signed by the CA ${fingerprint.slice(0, 16)}…, valid now`);
  } else {
    // Cards of a test hierarchy end up here, and their signature is still of interest.
    report.fail(`${der.length} octets, not accepted: ${verdict.reason}`);
  }
  report.begin('possession signature');
  const { eventId, gateId } = config;
  const message = possessionMessage({ eventId, gateId, unixMs: at, nonce: randomBytes(32) });
  const signature = await dialogue.prove(sha256(message));
  const key = verdict.ok
    ? verdict.certificate.publicKey
    : readPublicKey(parseCertificate(der).spki);
  if (profile.verifyProof(key, message, signature)) {
    report.pass(`${signature.length} octets, without PIN, verified with the certificate's key`);
  } else {
    report.fail('does not verify with the key in the certificate', 'ERR_HARDWARE_PROOF');
  }
}
