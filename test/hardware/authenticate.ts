import type { CardChannel } from '@pinless-gate/gate-firmware/card/channel';
import type { CardDialogue, Terminal } from '@pinless-gate/gate-firmware/card/dialogue';
import type { CardProfile } from '@pinless-gate/gate-firmware/card/profiles/profile';
import { formatStatusWord, SW_SUCCESS } from '@pinless-gate/protocol/apdu/status-word';
import { type CertificateHead, readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import { readName } from '@pinless-gate/protocol/certificate/name';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import type { Guard } from './guard.ts';
import type { Questions } from './questions.ts';
import { DeclinedError, type Report } from './report.ts';

export interface Parts {
  readonly guard: Guard;
  readonly dialogue: CardDialogue;
  readonly profile: CardProfile;
  readonly terminal: Terminal;
  readonly questions: Questions;
  readonly report: Report;
}

/** Before the terminal has proven itself: today's card gives its certificate to anyone, others need not. */
export async function lookAtHead(
  channel: CardChannel,
  profile: CardProfile,
  report: Report,
): Promise<void> {
  report.begin('certificate, before we are known');
  const [answer] = await channel.exchange([profile.readHead]);
  report.pass(
    answer!.sw === SW_SUCCESS
      ? describeHead(readCertificateHead(answer!.data))
      : `not given to a terminal that it does not know: ${formatStatusWord(answer!.sw)}`,
  );
}

/** The dialogue's own terminal authentication, with a person between its parts. */
export async function authenticate(parts: Parts): Promise<CertificateHead> {
  const { guard, dialogue, profile, terminal, questions, report } = parts;
  const count = terminal.certificates.length;
  report.begin('CV certificates, challenge');
  await agree(questions, `load ${count} CV certificates (${profile.name}) and get a challenge?`);
  const head = await dialogue.authenticateTerminal({
    ...terminal,
    sign: async (challenge) => {
      report.pass(`${count} accepted by the card, challenge of ${challenge.length} octets`);
      report.begin('HSM signature');
      const signature = await terminal.sign(challenge);
      // A bad one goes back as it is: the dialogue refuses to send it, in its own words.
      if (verifyRsaPkcs1(terminal.publicKey, 'sha256', challenge, signature)) {
        report.pass(`${signature.length} octets, verified here`);
        report.begin('EXTERNAL AUTHENTICATE');
        await agree(questions, 'send EXTERNAL AUTHENTICATE? once; it may burn a try on this card');
        guard.allowExternalAuthenticate();
      }
      return signature;
    },
  });
  report.pass('accepted');
  return head;
}

async function agree(questions: Questions, question: string): Promise<void> {
  if (!(await questions.confirm(question))) throw new DeclinedError();
}

/** Issuer and length: never the serial number. */
export function describeHead({ issuerName, length }: CertificateHead): string {
  const { rdns } = readName(issuerName, 'issuer');
  const issuer = rdns.flat().map(({ type, text }) => `${SHORT_NAMES[type] ?? type}=${text ?? '?'}`);
  return `${length} octets, issuer ${issuer.join(', ')}`;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
