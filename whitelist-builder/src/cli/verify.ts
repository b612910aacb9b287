import { parseArgs } from 'node:util';
import { passportOf } from '@pinless-gate/protocol/bundle';
import { type Command, EXIT_OK } from '@pinless-gate/runtime/program';
import { Progress } from '@pinless-gate/runtime/progress';
import { verifyBundle } from '../bundle/verify.ts';
import { bundleArgument } from './options.ts';
import { passportJson, passportLine } from './passport.ts';
import { expectationsOf } from './publisher-options.ts';

/** `whitelist verify` */
export const verifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      event: { type: 'string' },
      publisher: { type: 'string', multiple: true },
      threshold: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const bundle = bundleArgument(positionals);
  const { event, publisher, threshold } = values;
  const expectations = await expectationsOf({ event, keys: publisher, threshold });
  const progress = new Progress(io, 'entries', () => performance.now());
  const { manifest, hash } = await verifyBundle(bundle, expectations, (entries, fraction) =>
    progress.update(entries, fraction),
  );
  const passport = passportOf(manifest, hash);
  const expired = manifest.expiresAt * 1000 < Date.now();
  if (values.json) io.out(JSON.stringify({ verified: true, expired, ...passportJson(passport) }));
  else io.out(`verified: ${passportLine(passport)}`);
  if (expired) io.err('the list has expired: gates refuse it');
  return EXIT_OK;
};
