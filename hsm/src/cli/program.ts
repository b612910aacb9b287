import type { Program } from '@pinless-gate/runtime/program';
import { ceremonyApproveCommand, ceremonyInitCommand, ceremonyShowCommand } from './ceremony.ts';
import { ceremonyLogCommand } from './ceremony-log.ts';
import { cvcShowCommand } from './cvc-show.ts';
import { cvcVerifyCommand } from './cvc-verify.ts';
import { destroyEventKeyCommand } from './destroy-event-key.ts';
import { initCommand } from './init.ts';
import { institutionImportCommand, institutionRequestCommand } from './institution.ts';
import { newEventKeyCommand, newKeyCommand } from './new-key.ts';
import { operatorAddCommand, operatorNewCommand, operatorRemoveCommand } from './operator.ts';
import { publicKeyCommand } from './public-key.ts';
import { reportDestructionCommand } from './report-destruction.ts';
import { sendKeyCommand } from './send-key.ts';
import { selftestCommand, statusCommand } from './status.ts';
import { takeKeyCommand } from './take-key.ts';
import { transportExportCommand } from './transport.ts';

const USAGE = `hsm: keys that stay in a PKCS#11 module

usage: hsm COMMAND --config FILE [--json]

FILE is any TOML file with an [hsm] table. PINs are read from the file named there, never from an argument.

commands
  init --softhsm DIR | --module FILE --out DIR   new token, PIN files and hsm.toml; nothing is overwritten
       [--label LABEL]
  status                    module, token, keys with their attributes, and what is wrong
       [--capabilities]     everything that we need of the module, tried, and what follows where it is missing
  selftest                  known answers, and every key used once
  institution new           RSA-2048 key by which gates prove themselves to cards   [--label LABEL]
       [--transportable]
  institution request --layout jpki|tr03110 --out FILE
                            what J-LIS is to certify   [--label LABEL] [--holder-reference REF]
                                                       [--authority-reference REF]
  institution import --layout jpki|tr03110 --anchor FILE… CVC…
                            with approval: certificates from the anchor down, checked and stored  [--label LABEL]
  event-key new --event ID  secret that turns serial numbers into conversion values [--label LABEL]
       [--generation N] [--transportable]
  publisher new             EC P-256 key that signs lists                           [--label LABEL]
  device new                EC P-256 key of one gate, signs its journal             [--label LABEL]
  public-key LABEL          public key as PEM                                       [--out FILE]

keys that move from an issuer's module to its gates'
  transport new             RSA key of one gate, to which keys are sent             [--label LABEL]
  transport export --out FILE                    what the issuer needs to send this gate keys  [--gate ID]
  event-key wrap --event ID --gate-key FILE… --out DIR
  institution wrap --gate-key FILE… --out DIR    an envelope for each gate, with approval
       [--generation N] [--from TIME] [--until TIME] [--label LABEL] [--so-pin-file FILE]
  event-key unwrap ENVELOPE…
  institution unwrap ENVELOPE…                   into this gate's module, for good
       [--gate ID] [--event ID] [--issuer-key FILE…]
  event-key destroy --event ID                   every generation, with approval; at a gate a signed record
       [--gate ID] [--label LABEL…] [--out RECORD]
  event-key report --event ID --gates FILE --records DIR
                            gates that destroyed their keys and those that did not  [--key-id ID…]

dual control, in a directory DIR that holds the audit log
  operator new NAME         token and key of an operator, who types the PIN
       --softhsm DIR | --module FILE --out DIR | --token FILE       [--pin-file FILE]
  ceremony init --dir DIR --operator NAME=PEM…   who may approve
       [--role NAME=TEXT…] [--approvals N]
  ceremony show --dir DIR   operators, and the steps that wait for approval
  ceremony approve STEP --operator NAME --token FILE --dir DIR     [--pin-file FILE]
  ceremony log (show | verify) --dir DIR         what was done, and that the log is whole  [--head HASH]
  operator add NAME=PEM --dir DIR                with approval  [--role TEXT]
  operator remove NAME --dir DIR                 with approval

without a configuration
  cvc show FILE…            what stands in CV certificates and requests, of JPKI and of BSI TR-03110
  cvc verify --anchor FILE… FILE…
                            each under the anchors and the files before it                   [--at TIME]

examples
  hsm init --softhsm ./token
  hsm event-key new --event 2be55220-3c4c-0f4f-0703-b037dfbd00e5 --config token/hsm.toml
  hsm event-key wrap --event 2be55220-3c4c-0f4f-0703-b037dfbd00e5 --gate-key gate-1.key --out envelopes \
      --so-pin-file so-pin --config token/hsm.toml
  hsm event-key unwrap envelopes/*.envelope --config gate.toml
  hsm institution new --config token/hsm.toml
  hsm public-key institution --config token/hsm.toml --out institution.pem
  hsm status --config gate.toml --json
  hsm cvc verify --anchor jlis/terminal-ca.json cvc/intermediate.cvc cvc/institution.cvc`;

export const program: Program = {
  name: 'hsm',
  usage: USAGE,
  commands: {
    init: initCommand,
    status: statusCommand,
    selftest: selftestCommand,
    'institution new': newKeyCommand('institution'),
    'institution request': institutionRequestCommand,
    'institution import': institutionImportCommand,
    'institution wrap': sendKeyCommand('institution'),
    'institution unwrap': takeKeyCommand('institution'),
    'event-key new': newEventKeyCommand,
    'event-key wrap': sendKeyCommand('event'),
    'event-key unwrap': takeKeyCommand('event'),
    'event-key destroy': destroyEventKeyCommand,
    'event-key report': reportDestructionCommand,
    'transport new': newKeyCommand('transport'),
    'transport export': transportExportCommand,
    'publisher new': newKeyCommand('publisher'),
    'device new': newKeyCommand('device'),
    'public-key': publicKeyCommand,
    'operator new': operatorNewCommand,
    'operator add': operatorAddCommand,
    'operator remove': operatorRemoveCommand,
    'ceremony init': ceremonyInitCommand,
    'ceremony show': ceremonyShowCommand,
    'ceremony approve': ceremonyApproveCommand,
    'ceremony log': ceremonyLogCommand,
    'cvc show': cvcShowCommand,
    'cvc verify': cvcVerifyCommand,
  },
};
