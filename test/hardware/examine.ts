import { randomBytes } from 'node:crypto';
import { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import { CardDialogue } from '@pinless-gate/gate-firmware/card/dialogue';
import { kazashi } from '@pinless-gate/gate-firmware/card/profiles/kazashi';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { isWell } from '@pinless-gate/gate-firmware/card/reader-messages';
import type { Transcript } from '@pinless-gate/gate-firmware/card/transcript';
import type { GateConfig } from '@pinless-gate/gate-firmware/config';
import type { ProfileInUse } from '@pinless-gate/gate-firmware/lane/tap';
import { profilesInUse } from '@pinless-gate/gate-firmware/profiles-in-use';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { sha256 } from '@pinless-gate/protocol/bundle';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { GateError } from '@pinless-gate/protocol/errors';
import { possessionMessage } from '@pinless-gate/protocol/possession';
import { type PublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import type { Io } from '@pinless-gate/runtime/program';
import { authenticate, describeHead, lookAtHead } from './authenticate.ts';
import { Guard } from './guard.ts';
import type { Questions } from './questions.ts';
import type { Report } from './report.ts';
import { openSurface } from './surface.ts';

export interface Setup {
  readonly config: GateConfig;
  /** Exact PC/SC name. */
  readonly reader: string;
  readonly io: Io;
  readonly questions: Questions;
  readonly report: Report;
  readonly transcript: Transcript;
}

type Profiles = readonly ProfileInUse[];

/** People read and answer while the card lies there. */
const SESSION_MS = 15 * 60_000;

/** Everything from the driver to the card's signature. What goes wrong ends up in the report. */
export async function examine(setup: Setup): Promise<void> {
  const { report, transcript } = setup;
  try {
    await withDevices(setup, (reader, profiles) => withCard(setup, reader, profiles));
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    report.stop(error, transcript.lastStatus);
  }
}

async function withDevices(
  setup: Setup,
  use: (reader: Reader, profiles: Profiles) => Promise<void>,
): Promise<void> {
  const { config } = setup;
  // A lane without an institution key has nothing in the HSM that a card would ask for.
  const store = config.terminals.size > 0 ? await openHsm(setup) : undefined;
  try {
    const profiles = store ? await openProfiles(setup, store) : surfaceOnly(config);
    setup.report.begin('reader properties');
    const reader = await Reader.open({ reader: setup.reader, socket: config.reader.socket });
    try {
      await use(reader, profiles);
    } finally {
      await reader.close();
    }
  } finally {
    await store?.close();
  }
}

function openHsm({ config, report }: Setup): Promise<KeyStore> {
  report.begin('HSM and CV certificates');
  return openKeyStore(config.hsm);
}

async function openProfiles({ config, report }: Setup, store: KeyStore): Promise<Profiles> {
  await store.require({ [config.labels.institution]: 'institution' });
  const profiles = await profilesInUse(store, config, Date.now());
  report.pass(`fit together, for ${[...config.terminals.keys()].join(', ')}`);
  return profiles;
}

const surfaceOnly = ({ surface }: GateConfig): Profiles =>
  surface ? [{ profile: kazashi, surface }] : [];

async function withCard(setup: Setup, reader: Reader, profiles: Profiles): Promise<void> {
  const { config, io, report, transcript } = setup;
  report.pass(await lookAtReader(setup, reader, profiles));
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
    const profile = await dialogue.identify(profiles.map((one) => one.profile));
    report.pass(`profile ${profile.name}, with a user-authentication certificate`);
    const { terminal, surface } = profiles.find((one) => one.profile === profile)!;
    await lookAtHead(channel, profile, report);
    const parts = { ...setup, guard, channel, dialogue };
    const head = terminal
      ? await authenticate({ ...parts, profile, terminal })
      : await dialogue.readHead();
    report.begin('READ BINARY certificate head');
    report.pass(describeHead(head));
    const key = await readCertificate(setup, dialogue, profile);
    const chip =
      surface && (await openSurface({ ...parts, ca: surface.ca, surface: profile.surface! }));
    await prove(setup, dialogue, profile, chip ?? key);
  } finally {
    // Resets the card: what it granted us ends here.
    await reader.disconnect();
  }
}

async function lookAtReader(
  { reader: name }: Setup,
  reader: Reader,
  profiles: Profiles,
): Promise<string> {
  const state = await reader.watch();
  if (!isWell(state)) {
    const names = 'names' in state ? state.names.map((one) => `"${one}"`).join(', ') : state.why;
    throw new GateError('ERR_READER_MISSING', `"${name}" is not there: ${names || 'no reader'}`);
  }
  const { maxApduDataSize } = await reader.properties();
  const longest = longestCommand(profiles);
  if (maxApduDataSize === undefined) {
    return `the driver does not tell its longest command; ${longest} octets are needed`;
  }
  if (maxApduDataSize < longest) {
    const why = `commands up to ${maxApduDataSize} octets, ${longest} are needed`;
    throw new GateError('ERR_READER_EXTENDED_LENGTH', why);
  }
  return `commands up to ${maxApduDataSize} octets, ${longest} are needed`;
}

/** Of the commands whose length differs from profile to profile. */
function longestCommand(profiles: Profiles): number {
  const commands = profiles.flatMap(({ profile, terminal }) => [
    profile.prove(new Uint8Array(32)),
    ...(terminal ? profile.terminal!.commands(terminal) : []),
  ]);
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

/** The whole certificate. Gives its key, whether or not it is accepted. */
async function readCertificate(
  { config, report }: Setup,
  dialogue: CardDialogue,
  profile: CardProfile,
): Promise<PublicKey> {
  report.begin('certificate');
  const der = await dialogue.readCertificate();
  const verdict = verifyUserCertificate(der, config.anchors, Date.now(), profile.certificates);
  if (verdict.ok) {
    const { fingerprint } = verdict.certificate.anchor;
    report.pass(`${der.length} octets, signed by the CA ${fingerprint.slice(0, 16)}…, valid now`);
    return verdict.certificate.publicKey;
  }
  // Cards of a test hierarchy end up here, and their signature is still of interest.
  report.fail(`${der.length} octets, not accepted: ${verdict.reason}`);
  return readPublicKey(parseCertificate(der).spki);
}

/** The card's proof that it holds this key. */
async function prove(
  { config, report }: Setup,
  dialogue: CardDialogue,
  profile: CardProfile,
  key: PublicKey,
): Promise<void> {
  report.begin('possession signature');
  const { eventId, gateId } = config;
  const nonce = randomBytes(32);
  const message = possessionMessage({ eventId, gateId, unixMs: Date.now(), nonce });
  const signature = await dialogue.prove(sha256(message));
  if (profile.verifyProof(key, message, signature)) {
    const whose = profile.surface ? 'the key in the surface record' : "the certificate's key";
    report.pass(`${signature.length} octets, without PIN, verified with ${whose}`);
  } else {
    report.fail('does not verify with that key', 'ERR_HARDWARE_PROOF');
  }
}
