import type { FuzzTarget } from './target.ts';
import { apdu } from './targets/apdu.ts';
import { bundle } from './targets/bundle.ts';
import { card } from './targets/card.ts';
import { certificate, crl } from './targets/certificate.ts';
import { cvcJpki, cvcRequest, cvcTr03110 } from './targets/cvc.ts';
import { documents } from './targets/documents.ts';
import { feed } from './targets/feed.ts';
import { journal } from './targets/journal.ts';
import { ocsp } from './targets/ocsp.ts';
import { record } from './targets/record.ts';
import { statement } from './targets/statement.ts';
import { surface } from './targets/surface.ts';
import { tlv } from './targets/tlv.ts';

export const TARGETS: readonly FuzzTarget[] = [
  apdu,
  tlv,
  cvcJpki,
  cvcTr03110,
  cvcRequest,
  certificate,
  crl,
  ocsp,
  surface,
  record,
  bundle,
  journal,
  documents,
  statement,
  feed,
  card,
];
