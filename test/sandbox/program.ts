import type { Program } from '@pinless-gate/runtime/program';
import { cardInsert, cardNew } from './cli/card.ts';
import { cardLink } from './cli/card-link.ts';
import { printerCommand, turnstileCommand } from './cli/devices.ts';
import { jlisCrl, jlisCvc, jlisNew, jlisRevoke } from './cli/jlis.ts';
import { jlisOcsp, jlisRenew } from './cli/jlis-online.ts';
import { readerCommand } from './cli/reader.ts';
import { upCommand } from './cli/up.ts';

const USAGE = `usage: sandbox COMMAND

  jlis new DIR                          make a J-LIS: CAs, CRL
  jlis cvc --jlis DIR --request FILE --out DIR
                                        certify an institution that proves to have the key
  jlis cvc --jlis DIR --public-key PEM --out DIR
                                        certify an institution's key in both layouts, unproven
  jlis revoke --jlis DIR --serial HEX [--hold | --release]
                                        put a certificate on the CRL
  jlis revoke --jlis DIR --signature-serial HEX
                                        the same of a signature certificate
  jlis revoke --jlis DIR --institution CODE
                                        certify nothing more for an institution
  jlis renew CARD --jlis DIR --out FILE [--without-link]
                                        another certificate for the card; the old one is revoked
  jlis ocsp --jlis DIR [--port 9300] [--fault NAME]
                                        answer OCSP, and which serial numbers belong
                                        together; CRLs and renewals over HTTP
  jlis crl --jlis DIR                   publish the CRLs anew
  card new --jlis DIR --out FILE [--profile jpki|iso] [--scenario NAME] [--serial HEX]
           [--key rsa|p256|p384] [--pin DIGITS] [--victim FILE] [--timing SPEC]
           [--birth-date YYYYMMDD [--reference DIGITS]] [--signature-password TEXT]
           [--fault STEP=ANSWER]... [--remove-after-step STEP]
  card link FILE --jlis DIR --out FILE [--pin DIGITS] [--reference DIGITS]
           [--modulus]                                                  certificate and chip as one holder for the feed
  card insert FILE [--port 35963] [--host 127.0.0.1] [--for 3s] [--timing SPEC]
           [--remove-after-step STEP] [--json]
  reader [--directory DIR] [--max-command-length N] [FILE [FILE]]
                                        pcscd with two virtual slots, and cards in them
  printer [--port 9100] [--directory DIR]
                                        take print jobs, and keep them
  turnstile [--port 9200]               open on POST /open; a page to watch it
            [--gate URL --token-file FILE]
                                        report passages and alarm to a gate
  up DIR [FILE [FILE]]                  J-LIS, reader, printer and turnstile at once

for instance:
  sandbox jlis new jlis
  sandbox card new --jlis jlis --out card.json
  sandbox card insert card.json --for 3s --timing rsa=197ms,rate=424k`;

export const sandbox: Program = {
  name: 'sandbox',
  usage: USAGE,
  commands: {
    'jlis new': jlisNew,
    'jlis cvc': jlisCvc,
    'jlis revoke': jlisRevoke,
    'jlis crl': jlisCrl,
    'jlis renew': jlisRenew,
    'jlis ocsp': jlisOcsp,
    'card new': cardNew,
    'card link': cardLink,
    'card insert': cardInsert,
    reader: readerCommand,
    printer: printerCommand,
    turnstile: turnstileCommand,
    up: upCommand,
  },
};
