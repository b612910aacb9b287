import type { Program } from '@pinless-gate/runtime/program';
import { buildCommand } from './build.ts';
import { checkCommand } from './check.ts';
import { crlVerifyCommand } from './crl-verify.ts';
import { diffCommand } from './diff.ts';
import { inspectCommand } from './inspect.ts';
import { ocspCheckCommand, ocspVerifyCommand } from './ocsp.ts';
import { passportCommand } from './passport.ts';
import { publishCommand } from './publish.ts';
import {
  newPublishersCommand,
  showPublishersCommand,
  signPublishersCommand,
} from './publishers.ts';
import { serveCommand } from './serve.ts';
import { signCommand } from './sign.ts';
import { verifyCommand } from './verify.ts';
import { watchCommand } from './watch.ts';

export const program: Program = {
  name: 'whitelist',
  usage: `whitelist: from ticket purchases to a signed list that gates carry with them

  whitelist build --feed purchases.ndjson|purchases.csv|DIR --event event.toml --out bundle/
                  [--crl FILE]… [--renewals FILE|URL] [--allow-rejects N] [--rejects FILE]
                  [--report FILE]… [--tickets FILE] [--cache DIR | --no-cache] [--version N] [--json]
  whitelist check --feed purchases.ndjson|purchases.csv|DIR --event event.toml [--crl FILE]… [--renewals FILE|URL]
                  [--report FILE] [--linked] [--json]
  whitelist watch --feed purchases.ndjson|purchases.csv|DIR --event event.toml --since STATE
                  (--out FILE | --webhook URL) [--crl FILE]… [--renewals FILE|URL] [--json]
  whitelist verify BUNDLE (--event event.toml | --publisher pub.pem… [--threshold K]) [--json]
  whitelist diff BEFORE AFTER [--tickets-before FILE --tickets-after FILE] [--json]
  whitelist diff BUNDLE [--json]
  whitelist inspect BUNDLE [--language ja|en] [--json]
  whitelist passport BUNDLE [--rules] [--language ja|en] [--json]
  whitelist sign BUNDLE --config FILE [--publisher LABEL] (--event event.toml | --signed-by pub.pem…)
                 [--fingerprint K7F-2QD] [--json]
  whitelist publish BUNDLE --to DIR (--event event.toml | --publisher pub.pem… [--threshold K])
                    [--publishers FILE]… [--keep N] [--json]
  whitelist publishers new --event event.toml --number N --publisher pub.pem… --threshold K
                           [--list-floor V] --out FILE
  whitelist publishers sign FILE --config FILE [--publisher LABEL]
  whitelist publishers show FILE [--json]
  whitelist serve --dir BUNDLE --port P [--host 127.0.0.1]
  whitelist crl verify --anchor CA.pem… --crl FILE… --cert FILE… [--at TIME] [--max-age HOURS]
                       [--allow-test-anchor] [--json]
  whitelist ocsp verify --anchor CA.pem… --response FILE --cert FILE [--nonce HEX] [--at TIME]
                        [--crl FILE]… [--max-age HOURS] [--json]
  whitelist ocsp check --anchor CA.pem… --url URL --cert FILE… [--hash sha1|sha256]
                       [--without-nonce SECONDS] [--timeout SECONDS] [--crl FILE]… [--max-age HOURS]
                       [--json]

Examples:
  whitelist build --feed purchases.ndjson --event event.toml --out bundle/ --crl jlis/crl.der
  whitelist build --feed daily/ --event event.toml --out bundle/ --report report.txt
  whitelist check --feed daily/ --event event.toml --crl jlis/crl.der --report cannot-enter.ndjson
  whitelist verify bundle/ --publisher issuer.pem --publisher vendor.pem --threshold 2
  whitelist passport bundle/
  whitelist sign bundle/ --config vendor.toml --signed-by issuer.pem --fingerprint K7F-2QD
  whitelist publish bundle/ --to /srv/list --publisher issuer.pem --publisher vendor.pem --keep 5
  whitelist crl verify --anchor jlis/ca.pem --crl jlis/crl.der --max-age 24 --cert user.pem

Exit codes: 0 done, 1 refused or failed with a reason, 2 wrong usage, 70 a defect of ours.
The columns of the feed: docs/whitelist.md and whitelist-builder/purchase.schema.json.`,
  commands: {
    build: buildCommand,
    check: checkCommand,
    watch: watchCommand,
    verify: verifyCommand,
    diff: diffCommand,
    inspect: inspectCommand,
    passport: passportCommand,
    sign: signCommand,
    publish: publishCommand,
    'publishers new': newPublishersCommand,
    'publishers sign': signPublishersCommand,
    'publishers show': showPublishersCommand,
    serve: serveCommand,
    'crl verify': crlVerifyCommand,
    'ocsp verify': ocspVerifyCommand,
    'ocsp check': ocspCheckCommand,
  },
};
