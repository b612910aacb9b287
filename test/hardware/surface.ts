import type { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import type { CardDialogue, SurfaceFiles } from '@pinless-gate/gate-firmware/card/dialogue';
import type { SurfaceApplication } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { formatStatusWord } from '@pinless-gate/protocol/apdu/status-word';
import { GateError } from '@pinless-gate/protocol/errors';
import { type SurfaceCa, verifySurface } from '@pinless-gate/protocol/kazashi/surface';
import { decodeSurfaceRecord } from '@pinless-gate/protocol/kazashi/surface-record';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import type { Guard } from './guard.ts';
import type { Questions } from './questions.ts';
import { DeclinedError, type Report } from './report.ts';

export interface SurfaceParts {
  readonly guard: Guard;
  readonly channel: CardChannel;
  readonly dialogue: CardDialogue;
  readonly surface: SurfaceApplication;
  readonly ca: SurfaceCa;
  readonly questions: Questions;
  readonly report: Report;
}

/** The surface application as far as a tap goes, with a person before the birth date. Gives the card's key. */
export async function openSurface(parts: SurfaceParts): Promise<RsaPublicKey> {
  const { guard, dialogue, questions, report } = parts;
  await lookAtTries(parts);
  report.begin('VERIFY birth date, records');
  const reference = await questions.ask(
    'the six digits of the birth date as printed on the card? a wrong value uses up one of ten tries; empty to leave it',
  );
  if (!/^[0-9]{6}$/.test(reference)) throw new DeclinedError();
  guard.allowBirthDate();
  const files = await dialogue.presentBirthDate(reference);
  const { record, signer } = files;
  report.pass(`accepted; record of ${record.length} octets, signer of ${signer.length}`);
  return readKey(files, parts);
}

/** Costs nothing, and says which form of VERIFY the card takes. */
async function lookAtTries({ channel, surface, report }: SurfaceParts): Promise<void> {
  report.begin('SELECT surface, tries left');
  const answers = await channel.exchange([surface.select, surface.queryTries]);
  const [select, tries] = answers.map(({ sw }) => formatStatusWord(sw));
  report.pass(tries === undefined ? `SELECT: ${select}` : `VERIFY query: ${tries}`);
}

function readKey({ record, signer }: SurfaceFiles, { ca, report }: SurfaceParts): RsaPublicKey {
  report.begin('surface record');
  // Where it is another CA's, the card's signature is still of interest.
  const { publicKey } = decodeSurfaceRecord(record);
  try {
    verifySurface(record, signer, ca);
    report.pass('signed by its signer, and that by the pinned CA');
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    report.fail(error.message, error.code);
  }
  return publicKey;
}
