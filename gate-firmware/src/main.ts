import { main } from '@pinless-gate/runtime/program';
import { certificateVerifyCommand } from './cli/certificate.ts';
import { acceptClockCommand } from './cli/clock.ts';
import { doctorCommand } from './cli/doctor.ts';
import { enrolCommand } from './cli/enrol.ts';
import { exportCommand, showCommand } from './cli/journal.ts';
import { verifyCommand } from './cli/journal-verify.ts';
import { destroyKeysCommand, fetchKeysCommand, showKeysCommand } from './cli/keys.ts';
import { applyCommand, showListCommand } from './cli/list.ts';
import { presentCommand } from './cli/present.ts';
import { receiptPreviewCommand, receiptTemplateCommand } from './cli/receipt.ts';
import { receiptCheckPageCommand, receiptVerifyCommand } from './cli/receipt-verify.ts';
import { rehearseVerifyCommand } from './cli/rehearse-verify.ts';
import { signatureVerifyCommand } from './cli/signature.ts';
import { staffCommand } from './cli/staff.ts';
import {
  addOperatorCommand,
  disableOperatorCommand,
  listOperatorsCommand,
} from './cli/staff-operators.ts';

const USAGE = `gate: decide at the door, offline, who may enter

  gate enrol --config gate.toml --console URL [--token-file FILE|-] [--token TOKEN] [--ca FILE]
             [--reuse-keys] [--json]
  gate run --config gate.toml [--transcript FILE] [--json]
  gate rehearse --config gate.toml --plan plan.json --out report.json --operator ID
             [--tap-seconds 60] [--show-ms 1500] [--json]
  gate rehearse verify --report report.json --key device.pem [--json]
  gate doctor --config gate.toml [--json]
  gate keys fetch --config gate.toml [--json]
  gate keys show --config gate.toml [--json]
  gate keys destroy --event ID --config gate.toml [--json]
  gate list apply BUNDLE --config gate.toml [--json]
  gate list show --config gate.toml [--json]
  gate journal show --config gate.toml [--last 50] [--json]
  gate journal verify --config gate.toml [--device-key device.pem] [--expect-sequence N]
             [--expect-hash HEX] [--json]
  gate journal verify JOURNAL.ndjson --device-key device.pem [--expect-sequence N]
             [--expect-hash HEX] [--json]
  gate journal export --config gate.toml [--format ndjson|csv] [--from TIME] [--to TIME]
             [--kind KIND…] [--outcome admitted|refused]
  gate clock accept --config gate.toml --operator ID --reason TEXT [--json]
  gate staff add ID --role staff|lead|auditor --config gate.toml [--pin-file FILE] [--json]
  gate staff disable ID --config gate.toml [--json]
  gate staff list --config gate.toml [--json]
  gate staff override CODE --reason TEXT [--ticket NUMBER…] --operator ID --config gate.toml
  gate staff undo CODE --reason TEXT --operator ID --config gate.toml
  gate staff block TICKET --reason TEXT --operator ID --config gate.toml
  gate staff unblock TICKET --reason TEXT --operator ID --config gate.toml
  gate staff accept TICKET --proof KIND --reason TEXT --operator ID --config gate.toml
  gate staff face-check CODE passed|failed --reason TEXT --operator ID --config gate.toml
  gate staff mode MODE --reason TEXT --operator ID --config gate.toml
  gate staff readmit --reason TEXT --operator ID --config gate.toml
  gate staff reprint CODE --reason TEXT --operator ID --config gate.toml
  gate receipt preview --ticket ticket.json --out receipt.svg|png|txt|escpos [--template FILE]
             [--encoding cp932|utf-8] [--json]
  gate receipt template
  gate receipt verify --key device.pem… CODE [--json]
  gate receipt check-page --key device.pem… --out check.html [--time-zone ZONE]
  gate present --console URL [--code-file FILE|-] [--code CODE] [--ca FILE]
             [--method signature|authentication|read] [--reader NAME] [--socket FILE]
             [--pin-file FILE|-] [--reference-file FILE] [--last-try] [--json]
  gate certificate verify --anchor ca.pem… [--policy OID] [--at TIME]
                          [--profile jpki|jpki-signature|generic] [--allow-test-anchor] [--json] FILE…
  gate signature verify --vectors wycheproof.json [--json]

gate present needs no gate: at a desk, somebody's card states to a console what they were shown. Code, PIN and birth date are asked for
at the terminal. The last try of a PIN is not used without --last-try.

The token of gate enrol is asked for at the terminal, or read from a file or standard input (-). --token takes it as an
argument, where everybody on this machine can read it while the command runs; it is good once, but once is enough.

gate staff asks the gate that runs and wants the operator's PIN: asked for at the terminal, or read with --pin-file.

examples
  gate enrol --config gate.toml --console https://console.example.jp/
  gate doctor --config gate.toml            what is missing, and what to do about it
  gate run --config gate.toml               serve cards until Ctrl-C
  gate rehearse --config gate.toml --plan plan.json --out report.json --operator sato
  gate list apply /media/stick/bundle --config gate.toml
  gate journal verify --config gate.toml --json
  gate journal export --config gate.toml > journal.ndjson
  gate journal verify journal.ndjson --device-key device.pem
  gate staff override K7-42 --reason "name on the ticket checked" --operator sato --config gate.toml
  gate present --console https://console.example.jp
  gate certificate verify --anchor ca.pem --at 2026-12-20T18:00:00+09:00 user.pem

exit codes: 0 done, 1 refused or failed with a reason, 2 wrong usage, 70 a defect of ours`;

await main({
  name: 'gate',
  usage: USAGE,
  commands: {
    enrol: enrolCommand,
    // Half of what there is to load, which no other command needs.
    run: async (...args) => (await import('./cli/run.ts')).runCommand(...args),
    rehearse: async (...args) => (await import('./cli/rehearse.ts')).rehearseCommand(...args),
    'rehearse verify': rehearseVerifyCommand,
    'keys fetch': fetchKeysCommand,
    'keys show': showKeysCommand,
    'keys destroy': destroyKeysCommand,
    present: presentCommand,
    doctor: doctorCommand,
    'list apply': applyCommand,
    'list show': showListCommand,
    'journal show': showCommand,
    'journal verify': verifyCommand,
    'journal export': exportCommand,
    'clock accept': acceptClockCommand,
    'staff add': addOperatorCommand,
    'staff disable': disableOperatorCommand,
    'staff list': listOperatorsCommand,
    'staff override': staffCommand('override'),
    'staff undo': staffCommand('undo'),
    'staff block': staffCommand('block'),
    'staff unblock': staffCommand('unblock'),
    'staff accept': staffCommand('accept'),
    'staff face-check': staffCommand('face-check'),
    'staff mode': staffCommand('mode'),
    'staff readmit': staffCommand('readmit'),
    'staff reprint': staffCommand('reprint'),
    'receipt preview': receiptPreviewCommand,
    'receipt template': receiptTemplateCommand,
    'receipt verify': receiptVerifyCommand,
    'receipt check-page': receiptCheckPageCommand,
    'certificate verify': certificateVerifyCommand,
    'signature verify': signatureVerifyCommand,
  },
});
