import { parseArgs } from 'node:util';
import type { TrustAnchor } from '@pinless-gate/protocol/certificate/anchors';
import { MAX_CERTIFICATE_LENGTH } from '@pinless-gate/protocol/certificate/certificate';
import type { CertificateReason } from '@pinless-gate/protocol/certificate/error';
import {
  CERTIFICATE_PROFILES,
  type CertificateProfile,
} from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { derOf } from '@pinless-gate/protocol/pem';
import { readAnchorFiles } from '@pinless-gate/runtime/anchor-files';
import { readInputFile, shownPath } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, EXIT_REFUSED, UsageError } from '@pinless-gate/runtime/program';
import { timeOrNow } from '@pinless-gate/runtime/time';

/** A certificate in PEM, with the text that some tools put before it. */
const MAX_FILE_LENGTH = 4 * MAX_CERTIFICATE_LENGTH;

/** `gate certificate verify`: one line per file, `ok` or the reason. Exit code 0 only if all are ok. */
export const certificateVerifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      anchor: { type: 'string', multiple: true },
      policy: { type: 'string', multiple: true },
      'allow-test-anchor': { type: 'boolean', default: false },
      at: { type: 'string' },
      profile: { type: 'string', default: 'jpki' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.anchor === undefined) {
    throw new UsageError('--anchor is missing', 'for instance: --anchor ca.pem');
  }
  if (positionals.length === 0) throw new UsageError('which certificates? name their files');
  const profile = profileOf(values.profile, values.policy);
  const at = timeOrNow(values.at, '--at');
  const anchors = await readAnchorFiles(values.anchor, {
    allowTest: values['allow-test-anchor'],
  });

  let refused = 0;
  for (const file of positionals) {
    const reason = await reasonOf(file, { anchors, at, profile });
    if (reason !== undefined) refused += 1;
    if (values.json) io.out(JSON.stringify({ file, ok: reason === undefined, reason }));
    else io.out(`${shownPath(file)}: ${reason ?? 'ok'}`);
  }
  return refused === 0 ? EXIT_OK : EXIT_REFUSED;
};

interface Verification {
  readonly anchors: readonly TrustAnchor[];
  readonly at: number;
  readonly profile: CertificateProfile;
}

/** Undefined where everything holds. */
async function reasonOf(
  file: string,
  { anchors, at, profile }: Verification,
): Promise<CertificateReason | 'unreadable' | undefined> {
  const input = await readInputFile(file, MAX_FILE_LENGTH);
  if ('reason' in input) return input.reason;
  const der = derOf(input.bytes, 'CERTIFICATE');
  const verdict = verifyUserCertificate(der, anchors, at, profile);
  return verdict.ok ? undefined : verdict.reason;
}

/** `policies`, where given, replace those that the profile requires. */
function profileOf(name: string, policies: readonly string[] | undefined): CertificateProfile {
  if (!Object.hasOwn(CERTIFICATE_PROFILES, name)) {
    throw new UsageError(`--profile is ${Object.keys(CERTIFICATE_PROFILES).join(' or ')}`);
  }
  const profile = CERTIFICATE_PROFILES[name as keyof typeof CERTIFICATE_PROFILES];
  if (policies === undefined) return profile;
  const wrong = policies.find((policy) => !/^[0-2](\.(0|[1-9]\d*))+$/.test(policy));
  if (wrong !== undefined) {
    throw new UsageError('--policy is no object identifier', 'for instance: --policy 1.2.392.1');
  }
  return { ...profile, policies };
}
