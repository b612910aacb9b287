import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { Transcript } from '@pinless-gate/gate-firmware/card/transcript';
import { type GateConfig, readGateConfig } from '@pinless-gate/gate-firmware/config';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { EXIT_OK, EXIT_REFUSED, type Io, UsageError } from '@pinless-gate/runtime/program';
import { examine } from './examine.ts';
import { Questions } from './questions.ts';
import { Report } from './report.ts';

export const USAGE = `test:hardware: the whole dialogue with a real reader, card and HSM, step by step

  npm run test:hardware -- --reader NAME --config FILE [--transcript FILE] [--json]

  --reader NAME      exact PC/SC name of the reader; nothing starts without it
  --config FILE      a gate.toml: trust anchors; HSM, institution key and CV certificates, or the CA of surface records
  --transcript FILE  where the masked transcript goes (.run/hardware-transcript.txt)

It asks before it loads CV certificates, and again before EXTERNAL AUTHENTICATE, which it sends once at most: a
wrong answer may use up a counter on the card. It sends no VERIFY but that of the birth date, for the profile
kazashi, once, with the digits that it was told. No, or no answer, ends it.

exit codes: 0 every step passed, 1 one did not or was declined, 2 wrong usage, 70 a defect of ours`;

const DEFAULT_TRANSCRIPT = '.run/hardware-transcript.txt';

/** Guides a person through one card. `answers` is where theirs come from, one a line. */
export async function hardwareCommand(
  argv: readonly string[],
  io: Io,
  answers: Readable,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      reader: { type: 'string' },
      config: { type: 'string' },
      transcript: { type: 'string', default: DEFAULT_TRANSCRIPT },
      json: { type: 'boolean', default: false },
    },
  });
  const { reader, config: file, transcript: path, json } = values;
  if (!reader) throw new UsageError('--reader is missing', 'name the reader: pcsc_scan lists them');
  if (!file) throw new UsageError('--config is missing', 'for instance: --config gate.toml');
  const config = await readGateConfig(file);
  for (const line of plan(reader, config)) io.err(line);

  const questions = new Questions(answers, io);
  const report = new Report(json ? io.err : io.out);
  const transcript = new Transcript(reader, new Date());
  try {
    await examine({ config, reader, io, questions, report, transcript });
  } finally {
    questions.close();
    await mkdir(dirname(path), { recursive: true });
    await writeFileDurably(path, transcript.text, 0o600);
  }
  io.err(`transcript, masked: ${path}`);
  const { passed, steps } = report;
  if (json) io.out(JSON.stringify({ passed, steps, transcript: path }));
  return passed ? EXIT_OK : EXIT_REFUSED;
}

function plan(reader: string, { terminals, surface }: GateConfig): string[] {
  const withKey = [
    'load the CV certificates, after asking, and get a challenge',
    "have the HSM sign the challenge, and verify that here with the institution's public key",
    'EXTERNAL AUTHENTICATE, after asking, once; a wrong answer may use up a counter on the card',
    'read the certificate, have the card sign one hash without PIN, verify both',
  ];
  const withSurface = [
    'read the certificate, verify it, select the surface application, look how many tries it has left',
    'present the birth date as it is told, once; a wrong value uses up one of ten tries',
    'read record and signer, have the card sign one hash, verify all of it',
  ];
  const steps = [
    'look at it: SELECT, token label, availability, first 256 octets of the certificate',
    ...(surface ? withSurface : withKey),
  ];
  return [
    `reader "${reader}"`,
    'with the one card that you put on it:',
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
    ...(surface && terminals.size > 0
      ? ['  or, with a card of profile iso:', ...withKey.map((step) => `  - ${step}`)]
      : []),
    `${surface ? 'No PIN is ever sent' : 'VERIFY is never sent'}, and nothing is written to the card.`,
  ];
}
