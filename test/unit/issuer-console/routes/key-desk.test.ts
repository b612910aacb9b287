import { createHash, generateKeyPairSync } from 'node:crypto';
import { keyRefusalsEn } from '@pinless-gate/issuer-console/views/key-refusals-en';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeCvRequest, encodeCvRequestBody } from '@pinless-gate/protocol/cvc/request';
import { gateCode, sameGateCode } from '@pinless-gate/protocol/gate-code';
import { keyHash } from '@pinless-gate/protocol/signed';
import { decodeTlv, decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  dvCertificate,
  root,
  rsa,
  signed,
  terminalCertificate,
} from '../../protocol/cvc/authority.ts';
import { type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit } from '../browsing.ts';
import {
  destructionBy,
  jpkiCvc,
  jpkiRequest,
  octetsOf,
  rsaParty,
  TestCeremony,
} from '../ceremony-files.ts';
import {
  challengeOf,
  EVENT,
  envelopeFor,
  invite,
  NewGate,
  officeOf,
  transportKey,
} from '../enrolling.ts';
import { GATE_B, NOW, startConsole, type TestConsole } from '../fixture.ts';

const DAY_S = 86_400;
const ca = rsaParty('9900001');
const between = rsaParty('9900002');
const institution = rsaParty('9910001');
const request = jpkiRequest(institution, institution.privateKey);
const chain = [jpkiCvc(ca, between), jpkiCvc(between, institution)];

let started: TestConsole;
let admin: SignedIn;
let auditor: SignedIn;
let gate: NewGate;
let gateId: string;

beforeAll(async () => {
  started = await startConsole();
  admin = await signedIn(started.stores, { name: 'key-admin', role: 'issuer-admin' });
  auditor = await signedIn(started.stores, { name: 'key-auditor', role: 'auditor' });
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  await started.database.db.execute('truncate key_requests, key_chains, ceremony_logs');
  started.now = NOW;
  gate = new NewGate();
  const invited = await invite(started);
  gateId = invited.gateId;
  await enrol(gate, invited.token);
});
async function enrol(one: NewGate, token: string): Promise<number> {
  const challenge = await challengeOf(started);
  return (await started.app.request('/api/enrolment', one.request(token, challenge))).status;
}

type Files = readonly Uint8Array[];
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
const envelope = (more: Parameters<typeof envelopeFor>[1] = {}, id = gateId) =>
  new Uint8Array(Buffer.from(envelopeFor(id, more), 'base64'));

const post = (files: Files, kind?: string, by = admin) =>
  ask(started, by, 'POST', '/api/v1/keys/files', {
    ...(kind && { kind }),
    files: files.map((octets, i) => ({ name: `file-${i}`, content: base64(octets) })),
  });

async function taken(files: Files, kind?: string): Promise<unknown> {
  const response = await post(files, kind);
  expect(response.status).toBe(200);
  return response.json();
}

async function refusedWith(files: Files, kind?: string): Promise<string> {
  const response = await post(files, kind);
  expect(response.status).toBe(422);
  const { code } = (await response.json()) as { code: string };
  return code;
}

const read = async <T>(path: string): Promise<T> =>
  (await (await ask(started, admin, 'GET', path)).json()) as T;

describe('requests and certificates', () => {
  test('of the JPKI layout, in whatever order they come, are kept once and shown', async () => {
    expect(await taken([request], 'request')).toEqual({ kind: 'request', kept: 1, known: 0 });
    expect(await taken([request])).toMatchObject({ kept: 0, known: 1 });
    expect(await taken(chain.toReversed(), 'certificates')).toMatchObject({ kept: 1 });
    expect(await read('/api/v1/keys/institution')).toMatchObject({
      requests: [{ layout: 'jpki' }],
      certificates: [{ layout: 'jpki', holder: '9910001', issuer: '9900001' }],
    });
    const page = await (await started.see('/keys?lang=en')).text();
    expect(page).toContain('JPKI card 9910001');
    expect(page).toContain('No dates in this layout');
  });

  test('of TR-03110 have a last day, which the board warns of', async () => {
    const body = encodeCvRequestBody({ holderReference: 'JPGATETERM00001', publicKey: rsa.key });
    const wanted = encodeCvRequest(body, signed(body, rsa));
    expect(await taken([wanted], 'request')).toMatchObject({ kept: 1 });
    const files = [terminalCertificate, dvCertificate, root].map(({ encoded }) => encoded);
    expect(await refusedWith(files.slice(0, 2))).toBe('ERR_KEY_CHAIN_ANCHOR');
    expect(await taken(files, 'certificates')).toMatchObject({ kept: 1 });
    expect(await read('/api/v1/keys/institution')).toMatchObject({
      certificates: [{ holder: 'JPGATETERM00001', expiresAt: '2027-01-01T00:00:00.000Z' }],
    });
    expect(await (await started.see('/?lang=en')).text()).toContain('JPGATETERM00001');
    started.now = Date.parse('2027-01-01T00:00:00Z');
    expect(await refusedWith(files)).toBe('ERR_KEY_CHAIN_DATES');
  });

  const stranger = rsaParty('9900002');
  const weak = Uint8Array.from(request, (octet, i) => (i === 20 ? octet ^ 1 : octet));
  test.each<[string, () => Files, string]>([
    [
      'a request of a key that its maker lacks',
      () => [jpkiRequest(institution, ca.privateKey)],
      'ERR_KEY_REQUEST_SIGNATURE',
    ],
    ['a request that was changed', () => [weak], 'ERR_KEY_REQUEST_SIGNATURE'],
    ['a request that ends early', () => [cutInside(request)], 'ERR_KEY_REQUEST'],
    ['certificates of a key that nobody asked for', () => chain, 'ERR_KEY_CHAIN_KEY'],
    [
      'a certificate that another signed',
      () => [jpkiCvc(ca, between), jpkiCvc(stranger, institution)],
      'ERR_KEY_CHAIN_SIGNATURE',
    ],
    [
      'two that do not belong together',
      () => [jpkiCvc(ca, between), jpkiCvc(rsaParty('9900003'), institution)],
      'ERR_KEY_CHAIN_ORDER',
    ],
    ['the same twice', () => [chain[0]!, chain[0]!], 'ERR_KEY_CHAIN_ORDER'],
    ['two layouts', () => [chain[0]!, dvCertificate.encoded], 'ERR_KEY_CHAIN_ORDER'],
    [
      'a chain that ends with a verifier',
      () => [root.encoded, dvCertificate.encoded],
      'ERR_KEY_CHAIN_ORDER',
    ],
    ['a certificate that ends early', () => [cutInside(chain[0]!)], 'ERR_KEY_CHAIN'],
  ])('%s', async (_, files, code) => {
    expect(await refusedWith(files())).toBe(code);
    expect((await started.stores.keyFiles.requests()).length).toBe(0);
  });
});

/** Whole to whoever looks at the tags alone. */
function cutInside(encoded: Uint8Array): Uint8Array {
  const outer = decodeTlv(encoded);
  const body = decodeTlvs(outer.value)[0]!;
  return encodeTlv(outer.tag, encodeTlv(body.tag, body.value));
}

describe('files that have no place here', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = (type: 'pkcs8' | 'sec1') =>
    new Uint8Array(privateKey.export({ format: 'der', type }));
  const text = (of: string) => new Uint8Array(Buffer.from(of));
  const sealed = privateKey.export({
    format: 'der',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  test.each<[string, Files, string, string?]>([
    ['none', [], 'ERR_KEY_FILE_COUNT'],
    ['an empty one', [new Uint8Array()], 'ERR_KEY_FILE_SIZE'],
    [
      'a private key in PEM',
      [text(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())],
      'ERR_KEY_FILE_SECRET',
    ],
    ['a private key, PKCS #8', [der('pkcs8')], 'ERR_KEY_FILE_SECRET'],
    ['a private key, SEC 1', [der('sec1')], 'ERR_KEY_FILE_SECRET'],
    ['an encrypted private key', [new Uint8Array(sealed)], 'ERR_KEY_FILE_SECRET'],
    [
      'a PKCS #12 file',
      [fromHex('308209ab0201033082097106092a864886f70d010701a0')],
      'ERR_KEY_FILE_SECRET',
    ],
    ['a PIN', [text('12345678\n')], 'ERR_KEY_FILE_SECRET'],
    ['a letter', [text('Dear Sirs')], 'ERR_KEY_FILE_UNKNOWN'],
    ['a file of another step', [request], 'ERR_KEY_FILE_KIND', 'log'],
    ['two kinds at once', [request, chain[0]!], 'ERR_KEY_FILE_KIND'],
  ])('%s', async (_, files, code, kind) => {
    const response = await post(files, kind);
    const answer = (await response.json()) as { code: string };
    expect([response.status, answer.code]).toEqual([422, code]);
    expect(JSON.stringify([answer, started.logged])).not.toMatch(/12345678|PRIVATE/);
  });

  test('one that is too long, on the page, where the refusal names it', async () => {
    const form = new FormData();
    form.set('form-token', admin.formToken);
    form.set('kind', 'log');
    form.set('file', new File([new Uint8Array(5 * 1024 * 1024)], 'long.ndjson'));
    const response = await started.app.request('/keys/institution/files?lang=en', {
      method: 'POST',
      headers: { cookie: admin.cookie, 'sec-fetch-site': 'same-origin' },
      body: form,
    });
    expect(response.status).toBe(422);
    const page = await response.text();
    expect(page).toContain(keyRefusalsEn.ERR_KEY_FILE_SIZE);
    expect(page).toContain('long.ndjson');
  });
});

describe('a ceremony’s log', () => {
  test('is kept, shown with who approved, and only ever grows', async () => {
    const ceremony = new TestCeremony().step('done');
    const first = ceremony.octets;
    expect(await taken([first], 'log')).toEqual({ kind: 'log', kept: 1, known: 0 });
    expect(await taken([first])).toMatchObject({ kept: 0, known: 1 });
    ceremony.step('failed', '00112233445566bb').step('open', '00112233445566cc');
    expect(await taken([ceremony.octets])).toMatchObject({ kept: 1 });
    const { ceremonies } = await read<{ ceremonies: { steps: object[] }[] }>(
      '/api/v1/keys/institution',
    );
    expect(ceremonies).toMatchObject([
      {
        lines: 6,
        required: 2,
        steps: [
          { outcome: 'done', approvedBy: [{ operator: 'sato' }, { operator: 'suzuki' }] },
          { outcome: 'failed', code: 'ERR_HSM_PIN' },
          { outcome: 'open' },
        ],
      },
    ]);
    expect(await refusedWith([first])).toBe('ERR_KEY_LOG_SHORTER');
    const page = await (await started.see('/keys/institution?lang=en')).text();
    expect(page).toContain('approved by sato, suzuki');
    expect(page).toContain('Begun, and no end written');
  });

  test('that goes on otherwise is a fork', async () => {
    const ceremony = new TestCeremony();
    const begun = ceremony.octets;
    await taken([ceremony.step('done').octets]);
    const other = new TestCeremony();
    await taken([other.octets]);
    const [first] = Buffer.from(begun).toString().split('\n');
    const torn = JSON.stringify({
      sequence: 2,
      previous: createHash('sha256').update(first!).digest('hex'),
      at: new Date(NOW).toISOString(),
      kind: 'torn',
      octets: 1,
      sha256: '0'.repeat(64),
    });
    expect(await refusedWith([octetsOf([first!, torn])])).toBe('ERR_KEY_LOG_FORK');
  });

  const { lines } = new TestCeremony().step('done');
  test.each<[string, Uint8Array, string]>([
    [
      'an edited first line',
      octetsOf([lines[0]!.replace('custodian', 'guardian'), ...lines.slice(1)]),
      'ERR_KEY_LOG',
    ],
    [
      'a step that was changed',
      octetsOf([lines[0]!, lines[1]!.replace(`event-${EVENT}`, 'event-x')]),
      'ERR_KEY_LOG_SIGNATURE',
    ],
    [
      'a signature that is another',
      octetsOf([lines[0]!, lines[1]!.replace(/"signature":"(..)/g, '"signature":"00')]),
      'ERR_KEY_LOG_SIGNATURE',
    ],
    ['a line left out', octetsOf([lines[0]!, lines[2]!]), 'ERR_KEY_LOG'],
    ['no log', new Uint8Array(Buffer.from('{"a":1}\n')), 'ERR_KEY_LOG'],
    ['no whole line', new Uint8Array(Buffer.from(lines[0]!)), 'ERR_KEY_LOG'],
  ])('%s', async (_, octets, code) => {
    expect(await refusedWith([octets])).toBe(code);
  });

  test('two at once are refused', async () => {
    const { octets } = new TestCeremony();
    expect(await refusedWith([octets, octets])).toBe('ERR_KEY_FILE_COUNT');
  });
});

interface Shown {
  readonly stage: string;
  readonly owing: number;
  readonly generation: number;
  readonly lapsesAt?: string;
  readonly gates: readonly { readonly gateId: string; readonly compared: boolean }[];
}
const report = () => read<Shown>(`/api/v1/keys/events/${EVENT}`);

describe('an event’s key', () => {
  test('goes its way from the envelope to the gate’s signed word', async () => {
    expect(await taken([envelope()], 'envelopes')).toEqual({
      kind: 'envelopes',
      kept: 1,
      known: 0,
    });
    expect(await report()).toMatchObject({ stage: 'deliver', generation: 1, owing: 0 });
    const [kept] = await started.stores.keys.give(gateId, NOW);
    await started.stores.keys.taken(gateId, fromHex(kept!.id), NOW);
    expect(await report()).toMatchObject({ stage: 'ready' });
    // The window ends in a day, and nobody knows for how long the event needs it.
    expect((await report()).lapsesAt).toBe(new Date(NOW + 1000 * DAY_S).toISOString());
    const board = await (await started.see('/?lang=en')).text();
    expect(board).toContain('alarm-key-window');
    await ask(started, admin, 'POST', `/api/v1/keys/events/${EVENT}/destroy`);
    expect(await report()).toMatchObject({ stage: 'destroying' });
    started.now = NOW + 3000 * DAY_S;
    expect(await report()).toMatchObject({ stage: 'destroying', owing: 1 });
    expect(await (await started.see('/?lang=en')).text()).toContain('alarm-keys-owing');
    expect(await taken([destructionBy(gate, gateId)], 'destruction')).toMatchObject({ kept: 1 });
    expect(await report()).toMatchObject({ stage: 'destroyed', owing: 0 });
  });

  test('is over when its window is, and nobody asked for its end', async () => {
    await taken([envelope()]);
    started.now = NOW + 1000 * DAY_S;
    expect(await report()).toMatchObject({ stage: 'over' });
    const unknown = `/api/v1/keys/events/${'f'.repeat(32)}`;
    expect((await ask(started, admin, 'GET', unknown)).status).toBe(404);
    const response = await ask(started, admin, 'POST', `${unknown}/destroy`);
    expect(await response.json()).toMatchObject({ code: 'ERR_KEYS_EVENT' });
  });

  test.each<[string, () => Uint8Array, string]>([
    ['signed by nobody that is known', () => forged(), 'ERR_ENVELOPE_SIGNATURE'],
    [
      'for another transport key',
      () => envelope({ transportKeyHash: new Uint8Array(32) }),
      'ERR_ENVELOPE_TRANSPORT_KEY',
    ],
    [
      'whose window is over',
      () => envelope({ validFrom: 1, validUntil: NOW / 1000 }),
      'ERR_ENVELOPE_EXPIRED',
    ],
    ['for a gate that is not known', () => envelope({}, GATE_B), 'ERR_KEYS_GATE'],
    ['that cannot be read', () => Uint8Array.from([...envelope(), 0]), 'ERR_ENVELOPE_FORM'],
  ])('no envelope %s, nor any that came with it', async (_, wrong, code) => {
    expect(await refusedWith([envelope(), wrong()], 'envelopes')).toBe(code);
    expect(await started.stores.keys.keys()).toEqual([]);
  });

  test('no envelope at all where no publisher is configured', async () => {
    const bare = await startConsole({ publishers: undefined });
    const by = await signedIn(bare.stores, { name: 'bare-admin', role: 'issuer-admin' });
    const files = [{ name: 'e', content: base64(envelope()) }];
    const response = await ask(bare, by, 'POST', '/api/v1/keys/files', { files });
    expect(await response.json()).toMatchObject({ code: 'ERR_ENROLMENT_PUBLISHERS' });
    await bare.close();
  });

  test.each<[string, () => Uint8Array, string]>([
    ['of a gate that is not known', () => destructionBy(gate, GATE_B), 'ERR_KEYS_GATE'],
    [
      'that another gate signed',
      () => destructionBy(new NewGate(), gateId),
      'ERR_DESTRUCTION_SIGNATURE',
    ],
    [
      'of a key that was not sent',
      () => destructionBy(gate, gateId, { keys: [{ label: 'x', keyId: new Uint8Array(16) }] }),
      'ERR_DESTRUCTION_KEYS',
    ],
    [
      'of tomorrow',
      () => destructionBy(gate, gateId, { destroyedAt: NOW / 1000 + DAY_S }),
      'ERR_DESTRUCTION_TIME',
    ],
    [
      'that cannot be read',
      () => Uint8Array.from([...destructionBy(gate, gateId), 0]),
      'ERR_DESTRUCTION_FORM',
    ],
  ])('no record %s', async (_, record, code) => {
    await taken([envelope()]);
    expect(await refusedWith([record()], 'destruction')).toBe(code);
    expect(await report()).toMatchObject({ stage: 'deliver' });
  });
});

/** Whole and well-formed, with a signature of somebody else. */
function forged(): Uint8Array {
  const octets = envelope();
  octets[octets.length - 1]! ^= 1;
  return octets;
}

describe('a gate’s code', () => {
  const codeOf = (one: NewGate) =>
    gateCode({ deviceKey: keyHash(one.deviceKey), transportKey: keyHash(transportKey) });

  test('is heard as it may be', () => {
    const code = codeOf(gate);
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    expect(sameGateCode(` ${code.toLowerCase().replaceAll('-', ' ')} `, code)).toBe(true);
    expect(sameGateCode('OIL0-0000-0000', '0110-0000-0000')).toBe(true);
    expect(sameGateCode('', code)).toBe(false);
  });

  test('is compared once, by page or by API, and never by who may only look', async () => {
    const path = `/gates/${gateId}`;
    const wrong = await submit(started, `${path}/compare?lang=en`, { code: 'AAAA' }, admin);
    expect(wrong.headers.get('location')).toBe(`${path}?lang=en&refused=ERR_GATE_CODE`);
    const heard = { code: codeOf(gate).toLowerCase() };
    expect((await ask(started, auditor, 'POST', `/api/v1${path}/compare`, heard)).status).toBe(403);
    expect((await ask(started, admin, 'POST', `/api/v1${path}/compare`, heard)).status).toBe(204);
    expect(await (await started.see(`${path}?lang=en`)).text()).toContain('the keys are the same');
    await officeOf(started).revoke(gateId);
    const late = await ask(started, admin, 'POST', `/api/v1${path}/compare`, heard);
    expect(await late.json()).toMatchObject({ code: 'ERR_GATE_COMPARE' });
    const none = await ask(started, admin, 'POST', `/api/v1/gates/${GATE_B}/compare`, heard);
    expect(await none.json()).toMatchObject({ code: 'ERR_GATE_UNKNOWN' });
  });

  test('a second gate with the same token is a conflict that the board tells of', async () => {
    const { token, gateId: id } = await invite(started, { name: '東ゲート' });
    expect(await enrol(new NewGate(), token)).toBe(200);
    expect(await (await started.see('/?lang=en')).text()).not.toContain('alarm-enrolment-conflict');
    expect(await enrol(new NewGate(), token)).toBe(403);
    expect(await (await started.see('/?lang=en')).text()).toContain('alarm-enrolment-conflict');
    const page = await (await started.see(`/gates/${id}?lang=en`)).text();
    expect(page).toContain('A second gate showed this token');
    await officeOf(started).revoke(id);
    expect(await (await started.see('/?lang=en')).text()).not.toContain('alarm-enrolment-conflict');
  });
});

test('who may only look sees no form and brings nothing', async () => {
  await taken([envelope()]);
  for (const path of ['/keys', '/keys/institution', `/keys/events/${EVENT}`, `/gates/${gateId}`]) {
    const page = await (await ask(started, auditor, 'GET', path)).text();
    expect([path, /type="file"|\/destroy|\/compare/.test(page)]).toEqual([path, false]);
  }
  expect((await post([request], undefined, auditor)).status).toBe(403);
});
