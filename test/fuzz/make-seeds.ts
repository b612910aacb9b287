import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import {
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  type Manifest,
} from '@pinless-gate/protocol/bundle';
import { concat, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { type CardStatement, formatCardStatement } from '@pinless-gate/protocol/card-statement';
import type { CvPublicKey } from '@pinless-gate/protocol/cvc/public-key';
import {
  type CvRequestBody,
  encodeCvAuthentication,
  encodeCvAuthenticationBody,
  encodeCvRequest,
  encodeCvRequestBody,
} from '@pinless-gate/protocol/cvc/request';
import { encodeJournalUpload } from '@pinless-gate/protocol/fleet';
import { encodeGateKey, encodeGateKeyBody, GATE_KEY_FORMAT } from '@pinless-gate/protocol/gate-key';
import { encodeJournalEntry } from '@pinless-gate/protocol/journal';
import { encodeCheckpoint } from '@pinless-gate/protocol/journal/checkpoint';
import {
  DESTRUCTION_FORMAT,
  encodeDestruction,
  encodeDestructionBody,
  VERIFIED_BY,
} from '@pinless-gate/protocol/key-destruction';
import type { EcPublicKey } from '@pinless-gate/protocol/public-key';
import { encodeSeatRecord, type SeatRecord, sealRecord } from '@pinless-gate/protocol/record';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { TRANSPORT_MECHANISMS } from '@pinless-gate/protocol/transport-mechanism';
import {
  ca,
  caKeys,
  user,
  userKeys,
  withExtension,
} from '../unit/protocol/certificate/authority.ts';
import * as x from '../unit/protocol/certificate/issue.ts';
import * as o from '../unit/protocol/certificate/ocsp-authority.ts';
import { dv, type Party, rsa, signed, terminal } from '../unit/protocol/cvc/authority.ts';
import { newPair, recordOf, signerOf } from '../unit/protocol/kazashi/surface-files.ts';
import * as t from '../unit/protocol/transport-fixture.ts';
import { writeSeed } from './corpus.ts';
import { BUNDLE_KINDS } from './targets/bundle.ts';
import { DOCUMENT_KINDS } from './targets/documents.ts';
import { JOURNAL_KINDS } from './targets/journal.ts';
import { PLAIN, SEAL_CONTEXT, SEAL_KEY, SEALED } from './targets/record.ts';
import { STATEMENT_KINDS } from './targets/statement.ts';

// Writes test/fuzz/seeds anew, from the codecs and the vectors: once, and when a format changes. Its arguments are
// which, all without any. Keys are new each time, so whatever is signed changes with them.

const VECTORS = join(import.meta.dirname, '..', '..', 'vectors');
const readJson = (path: string) => JSON.parse(readFileSync(join(VECTORS, path), 'utf8'));
const filled = (length: number, octet: number) => new Uint8Array(length).fill(octet);

function apdus(): void {
  const commands: Record<string, Parameters<typeof encodeCommandApdu>[0]> = {
    'case-1': { cla: 0, ins: 0x20, p1: 0, p2: 0x98 },
    'case-2': { cla: 0, ins: 0xb0, p1: 0x8a, p2: 0, ne: 256 },
    'case-2-extended': { cla: 0, ins: 0xb0, p1: 0, p2: 0, ne: 65_536 },
    'case-3': { cla: 0, ins: 0xa4, p1: 4, p2: 0x0c, data: fromHex('d392f000260100000001') },
    'case-3-extended': { cla: 0x80, ins: 0xa2, p1: 6, p2: 0xc1, data: filled(307, 0x5f) },
    'case-4': { cla: 0x80, ins: 0x2a, p1: 2, p2: 0x97, data: filled(32, 0xcd), ne: 256 },
    'case-4-extended': { cla: 0, ins: 0x88, p1: 0, p2: 0, data: filled(300, 1), ne: 65_536 },
  };
  for (const [name, command] of Object.entries(commands)) {
    writeSeed('apdu', name, encodeCommandApdu(command));
  }
  writeSeed('apdu', 'response', fromHex('0102030405069000'));
  writeSeed('apdu', 'counter', fromHex('63c3'));
}

function tlvs(): void {
  for (const length of [0, 127, 128, 255, 256]) {
    writeSeed('tlv', `length-${length}`, encodeTlv(0x04, filled(length, length)));
  }
  const nested = Array.from({ length: 10 }).reduce<Uint8Array>(
    (inner) => encodeTlv(0x30, inner),
    encodeTlv(0x0c, utf8('deep')),
  );
  writeSeed('tlv', 'nested', nested);
  writeSeed('tlv', 'tags', concat(...[0x5f20, 0x7f49, 0x1f8101].map((tag) => encodeTlv(tag))));
}

function cvcs(): void {
  for (const [i, one] of readJson('protocol/cvc-jpki.json').cases.entries()) {
    writeSeed('cvc-jpki', `vector-${i}`, fromHex(one.certificate));
  }
  for (const chain of readJson('openpace.json').chains) {
    for (const role of ['cvca', 'dv', 'terminal']) {
      if (chain[role]) writeSeed('cvc-tr03110', `${chain.name}-${role}`, fromHex(chain[role]));
    }
  }
}

function cvRequests(): void {
  const request = (publicKey: CvPublicKey, signer: Party, more: Partial<CvRequestBody> = {}) => {
    const body = encodeCvRequestBody({ holderReference: 'JPGATETERM00002', publicKey, ...more });
    return encodeCvRequest(body, signed(body, signer));
  };
  const { point } = terminal.key.key as EcPublicKey;
  const authorityReference = 'JPGATEDV000001';
  const inherited: CvPublicKey = { algorithm: 'ecdsa-sha256', point };
  const own = request(terminal.key, terminal, { authorityReference });
  const outer = encodeCvAuthenticationBody(own, authorityReference);
  const extensions = encodeTlv(0x73, encodeTlv(0x06, fromHex('2a0304')));
  writeSeed('cvc-request', 'point', request(inherited, terminal));
  writeSeed('cvc-request', 'curve', own);
  writeSeed('cvc-request', 'rsa', request(rsa.key, rsa, { extensions }));
  writeSeed('cvc-request', 'outer', encodeCvAuthentication(outer, signed(outer, dv)));
}

function surfaces(): void {
  const [authority, municipality, chip] = [newPair(), newPair(), newPair()];
  const record = recordOf(municipality, chip);
  writeSeed('.', 'surface-ca', authority.publicKey.spki);
  writeSeed('surface', 'record', record);
  writeSeed('surface', 'day-unknown', recordOf(municipality, chip, '19800200'));
  writeSeed('surface', 'signed', concat(record, signerOf(authority, municipality)));
}

function certificates(): void {
  writeSeed('.', 'ca', ca());
  const anyone = x.altNames(x.dns('a.example.jp'), x.email('a@example.jp'), x.ip('0a000001'));
  const certificate = {
    user: user(),
    'alternative-names': user(withExtension(anyone)),
    'key-usage': user(withExtension(x.extendedKeyUsage('1.3.6.1.5.5.7.3.2'))),
    'p-384': user({ spki: x.ecKeys('P-384').spki }),
    'no-extensions': user({ extensions: null }),
  };
  for (const [name, der] of Object.entries(certificate)) writeSeed('certificate', name, der);
  const date = x.utcTime('261201000000Z');
  const entry = (serial: string, ...extensions: Uint8Array[]) =>
    x.seq(x.int(serial), date, ...(extensions.length ? [x.seq(...extensions)] : []));
  const list = (entries: Uint8Array[], ...extensions: Uint8Array[]) =>
    x.signed(
      x.seq(
        x.int('01'),
        x.SHA256_RSA,
        ISSUER,
        x.utcTime('261220000000Z'),
        x.utcTime('261221000000Z'),
        ...(entries.length ? [x.seq(...entries)] : []),
        encodeTlv(0xa0, x.seq(x.authorityKeyId(x.keyId(caKeys)), ...extensions)),
      ),
      x.SHA256_RSA,
      caKeys,
    );
  const reason = x.extension('2.5.29.21', encodeTlv(0x0a, fromHex('01')));
  const invalidity = x.extension('2.5.29.24', x.generalizedTime('20261101000000Z'));
  const number = x.extension('2.5.29.20', x.int('2a'));
  const point = encodeTlv(0xa0, encodeTlv(0xa0, x.directory(ISSUER)));
  const scope = x.extension('2.5.29.28', x.seq(point), true);
  writeSeed('crl', 'empty', list([], number));
  writeSeed('crl', 'entries', list([entry('0705d98f'), entry('0705d991', reason)], number));
  writeSeed('crl', 'scope', list([entry('7f', reason, invalidity), entry('0080')], scope));
}

const ISSUER = x.name(
  ['2.5.4.6', 'JP'],
  ['2.5.4.10', 'JPKI'],
  ['2.5.4.11', 'JPKI for user authentication'],
  ['2.5.4.11', 'Japan Agency for Local Authority Information Systems'],
);

function records(): void {
  const ticket = {
    ticketNo: 'T-000123-1',
    seat: { gate: 'B', block: '112', row: '7', number: '15' },
    zone: '西',
    category: 'child',
    admission: { from: 1_797_750_000, until: 1_797_771_600 },
    entries: 2,
    reentry: true,
    flags: ['child'],
    with: 'T-000123-2',
    place: 1,
  };
  const small: SeatRecord = {
    tickets: [{ ...ticket, seat: { gate: 'A' }, zone: undefined, with: undefined, flags: [] }],
    party: { id: filled(8, 7), size: 1 },
    language: 'en',
    evidenceId: 'E-1',
  };
  const large: SeatRecord = {
    ...small,
    tickets: [ticket, { ...ticket, ticketNo: 'T-000123-2', place: 2 }],
    publicKey: userKeys.spki,
    notAfter: 1_900_000_000,
    revocationCheckedAt: 1_797_700_000,
  };
  for (const [name, one] of Object.entries({ small, large })) {
    const plain = encodeSeatRecord(one);
    const sealed = sealRecord(SEAL_KEY, filled(12, 3), plain, SEAL_CONTEXT);
    writeSeed('record', name, concat(Uint8Array.of(PLAIN), plain));
    writeSeed('record', `${name}-sealed`, concat(Uint8Array.of(SEALED), sealed));
  }
}

function bundles(): void {
  const write = (kind: (typeof BUNDLE_KINDS)[number], name: string, octets: Uint8Array) =>
    writeSeed('bundle', name, concat(Uint8Array.of(BUNDLE_KINDS.indexOf(kind)), octets));
  const manifest: Manifest = {
    eventId: filled(16, 0xe1),
    event: { name: '冬の音楽祭 2026', place: '横浜', startsAt: 1_797_760_800 },
    version: 3,
    issuedAt: 1_797_700_000,
    notBefore: 1_797_700_000,
    expiresAt: 1_797_900_000,
    entryCount: 2,
    bucketBits: 1,
    buckets: [filled(32, 1), filled(32, 2)],
    policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
    eventKeyId: filled(16, 0x1d),
  };
  write('manifest', 'manifest', encodeManifest(manifest));
  const later = { ...manifest, previous: filled(32, 9), revocationCheckedAt: 1_797_690_000 };
  write('manifest', 'manifest-later', encodeManifest(later));
  const signature = (octet: number) => ({ keyId: filled(32, octet), signature: filled(64, octet) });
  write('signatures', 'signatures', encodeSignatures([signature(1), signature(2)]));
  const entry = (octet: number, length: number) => ({
    conversionValue: filled(16, octet),
    sealed: filled(length, octet),
  });
  write('bucket', 'bucket', encodeBucket([entry(1, 40), entry(0x7f, 300)]));
  write('latest', 'latest', formatLatest(filled(32, 0xab)));
}

function journals(): void {
  const write = (kind: (typeof JOURNAL_KINDS)[number], name: string, octets: Uint8Array) =>
    writeSeed('journal', name, concat(Uint8Array.of(JOURNAL_KINDS.indexOf(kind)), octets));
  const base = { gateId: filled(16, 0x9a), at: 1_797_760_800_000, monotonicMs: 12_345 };
  const list = { version: 3, fingerprint: 'K7F2QD' };
  const decision = {
    ...base,
    list,
    kind: 'decision',
    code: 'K7-42',
    steps: { identify: 9000 },
  } as const;
  const entries = [
    encodeJournalEntry({ ...base, kind: 'start', detail: 'gate', sequence: 1 }, filled(32, 0)),
    encodeJournalEntry(
      {
        ...decision,
        sequence: 2,
        outcome: 'admitted',
        conversionValue: filled(16, 0xc2),
        tickets: [{ ticketNo: 'T-1', entry: 1 }],
      },
      filled(32, 1),
    ),
    encodeJournalEntry(
      { ...decision, sequence: 3, outcome: 'refused', reason: 'not-listed', tickets: [] },
      filled(32, 2),
    ),
    encodeJournalEntry(
      {
        ...base,
        kind: 'passage',
        sequence: 4,
        outcome: 'passed',
        of: 2,
        direction: 'in',
        people: 1,
        tickets: [{ ticketNo: 'T-1', entry: 1 }],
      },
      filled(32, 3),
    ),
    encodeJournalEntry(
      {
        ...base,
        kind: 'act',
        sequence: 5,
        act: 'override',
        operator: { id: 'sato', role: 'lead' },
        reason: 'checked',
        of: 3,
        tickets: [],
        code: 'K7-42',
        detail: 'passport',
      },
      filled(32, 4),
    ),
  ];
  for (const [i, entry] of entries.entries()) write('entry', `entry-${i}`, entry);
  const checkpoint = { gateId: base.gateId, sequence: 3, hash: filled(32, 5), at: base.at };
  write('checkpoint', 'checkpoint', encodeCheckpoint({ ...checkpoint, signature: filled(64, 6) }));
  write('upload', 'upload', encodeJournalUpload({ gateId: base.gateId, entries }));
}

function documents(): void {
  const write = (kind: (typeof DOCUMENT_KINDS)[number], name: string, octets: Uint8Array) =>
    writeSeed('documents', name, concat(Uint8Array.of(DOCUMENT_KINDS.indexOf(kind)), octets));
  const { eventId, ...terms } = t.ENVELOPE;
  write('envelope', 'event', t.sealed(t.ENVELOPE));
  const mechanism = { hash: 'sha1', carrier: 'direct' } as const;
  const direct = { mechanism, wrappedKek: filled(0, 0), wrappedKey: filled(384, 3) };
  write('envelope', 'institution', t.sealed({ ...terms, kind: 'institution', ...direct }));
  const { gateId, keyId, label } = terms;
  const gone = { gateId, eventId: eventId!, keys: [{ label, keyId }], destroyedAt: 1_797_900_000 };
  const record = encodeDestructionBody({ ...gone, verifiedBy: VERIFIED_BY });
  write('destruction', 'record', encodeDestruction(t.device.sign(DESTRUCTION_FORMAT, record)));
  const deviceKey = t.device.spki;
  const keys = {
    gateId,
    transportKey: t.transportKey,
    deviceKey,
    mechanisms: TRANSPORT_MECHANISMS,
  };
  const gateKey = t.device.sign(GATE_KEY_FORMAT, encodeGateKeyBody(keys));
  write('gate-key', 'gate-key', encodeGateKey(gateKey));
}

function statements(): void {
  const write = (kind: (typeof STATEMENT_KINDS)[number], name: string, octets: Uint8Array) =>
    writeSeed('statement', name, concat(Uint8Array.of(STATEMENT_KINDS.indexOf(kind)), octets));
  const [first, second] = readJson('protocol/card-statement.json').cases;
  const request = fromHex(first.request);
  write('request', 'request', request);
  const certificate = user();
  const signature = fromHex(second.signature);
  const record = filled(547, 1);
  const signer = filled(568, 2);
  const kazashi = { reference: '550217', record, signer, signature };
  const all: Readonly<Record<string, CardStatement>> = {
    read: { request, method: 'read', certificate },
    authentication: { request, method: 'authentication', certificate, signature },
    signature: {
      ...{ request, method: 'signature', certificate, signature, kazashi },
      authenticationCertificate: certificate,
    },
  };
  for (const [name, one] of Object.entries(all)) {
    write('statement', name, utf8(formatCardStatement(one)));
  }
}

function feedLines(): void {
  const ticket = {
    ticketNo: 'T-000123-1',
    seat: { gate: 'B', block: '112', row: '7', number: '15' },
    category: 'adult',
    admission: { from: '2026-12-20T15:00:00+09:00', until: '2026-12-20T21:00:00+09:00' },
    entries: 1,
    reentry: false,
  };
  const purchase = {
    purchaseId: 'P-000123',
    status: 'paid',
    holder: { serial: '0705d990', issuer: 'jpki-auth' },
    enrolment: { evidenceId: 'E-77', method: 'pin', at: '2026-11-01T09:00:00+09:00' },
    language: 'ja',
    tickets: [
      ticket,
      { ticketNo: 'T-000123-2', seat: { gate: 'B' }, category: 'child', with: 'T-000123-1' },
    ],
    companions: [
      { ticketNo: 'T-000123-3', holder: { serial: '07', issuer: 'jpki-auth' }, with: 'T-000123-2' },
    ],
    x_note: { any: ['thing'] },
  };
  const holder = { certificate: Buffer.from(user()).toString('base64') };
  const write = (name: string, value: object) =>
    writeSeed('feed', name, utf8(JSON.stringify(value)));
  write('party', purchase);
  write('certificate', { ...purchase, holder, companions: undefined });
  write('cancelled', { ...purchase, status: 'cancelled', tickets: [ticket], companions: [] });
}

/** Scripts of a hostile card: which card, then what it does at each command. */
function cardScripts(): void {
  for (let variant = 0; variant < 6; variant++) {
    writeSeed('card', `honest-${variant}`, Uint8Array.of(variant));
    for (const action of [7, 8, 9, 10, 11, 12, 13, 14, 15]) {
      const script = [variant];
      for (let i = 0; i < (7 * action + variant) % 12; i++) script.push(0);
      writeSeed(
        'card',
        `action-${action}-${variant}`,
        Uint8Array.of(...script, action, 3, 0, 0, 0, 0),
      );
    }
  }
  const late = Array.from({ length: 12 }, () => 0);
  writeSeed('card', 'chained', Uint8Array.of(1, ...late, 9, 16, 9, 16, 9, 16, 9, 16));
  writeSeed('card', 'mixed', Uint8Array.of(3, 0, 8, 1, 0, 12, 4, 0, 11, 9, 0, 14, 9, 15, 7));
  // The certificate of one card, everything after it of another; the same without its signature.
  writeSeed('card', 'other-surface', Uint8Array.of(4, ...late.slice(0, 7), ...late.fill(7), 7, 7));
  writeSeed('card', 'other-records', Uint8Array.of(4, ...Array(9).fill(0), 7, 7, 7, 7, 7, 7, 0));
}

function ocspResponses(): void {
  writeSeed('.', 'ocsp-ca', ca());
  const harmless = x.extension('1.2.3', x.int('01'));
  const other = o.single(o.UNKNOWN, { id: o.certId('0705d991', 'sha256'), extensions: [harmless] });
  const byCa = { responder: o.byKey(caKeys), certificates: null, signer: caKeys };
  const responses = {
    good: o.response(),
    revoked: o.response({ ...byCa, singles: [o.single(o.revoked('06'))] }),
    unknown: o.response({ singles: [o.single(o.UNKNOWN, { dates: [o.THIS_UPDATE] })] }),
    several: o.response({ singles: [other, o.single()], certificates: [user(), o.responder()] }),
  };
  for (const [name, der] of Object.entries(responses)) writeSeed('ocsp', name, der);
}

const MAKERS: Readonly<Record<string, () => void>> = {
  apdu: apdus,
  tlv: tlvs,
  cvc: cvcs,
  'cvc-request': cvRequests,
  certificate: certificates,
  ocsp: ocspResponses,
  record: records,
  surface: surfaces,
  bundle: bundles,
  journal: journals,
  documents,
  statement: statements,
  feed: feedLines,
  card: cardScripts,
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(MAKERS)) MAKERS[name]!();
