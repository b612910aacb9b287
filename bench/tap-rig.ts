import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { systemClock } from '@pinless-gate/gate-firmware/lane/clock';
import { Nonces } from '@pinless-gate/gate-firmware/lane/nonce';
import { ShortCodes } from '@pinless-gate/gate-firmware/lane/short-code';
import { type TapParts, tap } from '@pinless-gate/gate-firmware/lane/tap';
import { openTerminals } from '@pinless-gate/gate-firmware/terminals';
import { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { bucketOf } from '@pinless-gate/protocol/bundle';
import { readCertificateHead } from '@pinless-gate/protocol/certificate/head';
import { conversionInput } from '@pinless-gate/protocol/conversion';
import { encodeSeatRecord, sealRecord } from '@pinless-gate/protocol/record';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { newCard } from '@pinless-gate/test/sandbox/jlis/new-card';
import { type InsertedCard, startReader } from '@pinless-gate/test/sandbox/reader';
import { Baseline } from './baseline.ts';
import type { BenchContext } from './bench.ts';
import { applyList } from './list.ts';
import { makeToken, type Token, tokenArguments } from './token.ts';

const INSTITUTION = 'institution';
const EVENT = 'event-bench';
const DEVICE = 'device';
const LIMITS = { commandTimeoutMs: 2000, tapTimeoutMs: 8000 };
const FAR_FUTURE = 4_000_000_000;

/** One card in a virtual reader behind pcscd, tapped by the gate's own code or by the C program. */
export interface TapRig {
  readonly card: InsertedCard;
  /** Milliseconds from before connecting to the durable decision; the card is reset afterwards, untimed. */
  ours(): Promise<number>;
  /** For who looks at more of a tap than `ours` does. */
  readonly reader: Reader;
  readonly parts: Omit<TapParts, 'transmit'> & { readonly journal: Journal };
  /** By the gate's device key. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Starts the C program, which taps the same card with the same keys. */
  baseline(): Baseline;
}

/** `behind`: puts something between the gate and the module. */
export async function openTapRig(
  context: BenchContext,
  timing: string,
  behind: (token: Token) => Promise<Token> = async (token) => token,
): Promise<TapRig> {
  const { directory, defer } = context;
  const { config, store } = await behind(await makeToken(join(directory, 'token')));
  defer(() => store.close());
  await store.generate(INSTITUTION, 'institution');
  await store.generate(EVENT, 'event');
  await store.generate(DEVICE, 'device');
  const jlis = await Jlis.create(join(directory, 'jlis'));
  const chain = await jlis.certifyTerminal(pem(await store.publicKey(INSTITUTION)));
  const cvc = [chain.intermediate!, chain.institution!];
  const { file } = await newCard(jlis);
  const certificate = new X509Certificate(file.certificatePem!);

  const eventId = randomBytes(16);
  const gateId = randomBytes(16);
  const converter = new Converter(store, EVENT);
  const lists = new Lists(await listOf(certificate, converter, eventId, join(directory, 'lists')));
  defer(() => lists.close());
  const journal = Journal.open(join(directory, 'journal'), gateId);
  defer(() => journal.close());

  // The path of a socket is short: not below the directory of the run.
  const sockets = mkdtempSync(join(tmpdir(), 'pinless-gate-bench-'));
  defer(() => rmSync(sockets, { recursive: true, force: true }));
  const { socket, names, insert, close } = await startReader({ directory: sockets });
  defer(close);
  const reader = await Reader.open({ reader: names[0], socket });
  defer(() => reader.close());
  const card = await insert(file, { timing });

  const parts = {
    eventId,
    gateId,
    lane: { gates: ['A'] },
    profiles: await openTerminals(store, INSTITUTION, new Map([['jpki', cvc]]), Date.now()),
    anchors: [],
    limits: LIMITS,
    converterOf: () => converter,
    lists,
    journal,
    clock: systemClock,
    nonces: new Nonces(randomBytes),
    codes: new ShortCodes(randomBytes),
    onProgress: () => {},
  };
  return {
    card,
    reader,
    parts,
    sign: (message) => store.sign(DEVICE, message),
    async ours() {
      const start = performance.now();
      const { decision } = await tap({ ...parts, transmit: reader.session() });
      const elapsed = performance.now() - start;
      await reader.disconnect();
      if (!decision.admitted) throw new Error(`the gate refused: ${decision.reason}`);
      return elapsed;
    },
    baseline() {
      const files = { intermediate: cvc[0]!, institution: cvc[1]!, input: inputOf(certificate) };
      const paths = Object.entries(files).map(([name, content]) => {
        const path = join(directory, name);
        writeFileSync(path, content);
        return path;
      });
      const program = Baseline.start(
        'tap',
        [names[0], ...tokenArguments(config), INSTITUTION, EVENT, ...paths],
        { ...config.environment, PCSCLITE_CSOCK_NAME: socket },
      );
      defer(() => program.close());
      return program;
    },
  };
}

function inputOf(certificate: X509Certificate): Uint8Array {
  const { issuerName, serial } = readCertificateHead(certificate.raw);
  return conversionInput(issuerName, serial);
}

/** A list of this one card, whose public key is pinned and whose ticket may enter without end. */
async function listOf(
  certificate: X509Certificate,
  converter: Converter,
  eventId: Uint8Array,
  directory: string,
) {
  const { issuerName, serial } = readCertificateHead(certificate.raw);
  const { conversionValue, sealKey } = await converter.convert(issuerName, serial);
  const record = encodeSeatRecord({
    tickets: [
      {
        ticketNo: 'T-000001-1',
        seat: { gate: 'A', block: '112', row: '7', number: '15' },
        category: 'adult',
        admission: { from: 0, until: FAR_FUTURE },
        entries: 1_000_000,
        reentry: false,
        flags: [],
        place: 1,
      },
    ],
    party: { id: randomBytes(8), size: 1 },
    publicKey: new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' })),
    notAfter: FAR_FUTURE,
    language: 'ja',
    evidenceId: 'E-1',
  });
  const sealed = sealRecord(sealKey, randomBytes(12), record, { eventId, conversionValue });
  const bucketBits = 4;
  const buckets = Array.from({ length: 2 ** bucketBits }, (_, bucket) =>
    bucket === bucketOf(conversionValue, bucketBits) ? [{ conversionValue, sealed }] : [],
  );
  const eventKeyId = await converter.eventKeyId(eventId);
  return applyList({ eventId, eventKeyId, bucketBits, buckets }, directory);
}

function pem(spki: Uint8Array): string {
  const lines = Buffer.from(spki)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
