import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkDeviceKey, KeyHealth } from '@pinless-gate/gate-firmware/key-health';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { type IsolatedKeyStore, openKeyStore } from '@pinless-gate/hsm/isolated';
import type { Capabilities } from '@pinless-gate/hsm/key-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newCard } from '../../sandbox/jlis/new-card.ts';
import { EVENT_ID } from '../../unit/gate-firmware/fixture.ts';
import type { Material } from '../../unit/gate-firmware/lane/rig.ts';
import { outcomeOf, pinned, rigFor, tapOn } from '../../unit/gate-firmware/lane/taps.ts';
import { makeStage } from '../../unit/gate-firmware/stage.ts';
import { forFile } from '../../unit/gate-firmware/temporary.ts';
import { startTpm, type TpmToken } from './tpm.ts';

// A lane whose every key is in a TPM 2.0: what is made by our own commands, certified, listed and tapped with.

const run = promisify(execFile);
const HSM = fileURLToPath(new URL('../../../hsm/bin/hsm.js', import.meta.url));

let tpm: TpmToken;
let store: IsolatedKeyStore;
/** As the token had an event key and no other. */
let early: Capabilities;
let material: Material<IsolatedKeyStore>;

beforeAll(async () => {
  tpm = await startTpm();
  await tpm.makeEventKey('event');
  store = await openKeyStore(tpm.config);
  early = await store.capabilities();
  for (const label of ['publisher', 'device'] as const) await store.generate(label, label);
  // The institution key too, and its CV certificates from the sandbox's J-LIS.
  material = { store, stage: await makeStage(forFile(), store) };
}, 120_000);
afterAll(async () => {
  await store?.close();
  await tpm?.close();
});

test('a card that is listed enters once, one that is not is told so, and the journal is signed', async () => {
  const [guest, stranger] = [
    await newCard(material.stage.jlis),
    await newCard(material.stage.jlis),
  ];
  const rig = await rigFor(material, guest, pinned(guest));
  expect(outcomeOf(await tapOn(rig, guest))).toBe('admitted');
  expect(outcomeOf(await tapOn(rig, guest))).toBe('already-admitted');
  expect(outcomeOf(await tapOn(rig, stranger))).toBe('not-listed');
  await rig.journal.checkpoint(Date.now(), (message) => store.sign('device', message));
  await expect(checkDeviceKey(store, 'device', rig.journal)).resolves.toBeUndefined();
});

test('the known answers of a start', async () => {
  const converter = new Converter(store, 'event');
  const keyId = await converter.eventKeyId(EVENT_ID);
  const eventKey = () => ({ label: 'event', keyId, converter, window: undefined });
  const health = { store, eventKey, eventId: EVENT_ID, institution: 'institution' };
  await expect(KeyHealth.learn(health).then((one) => one.check())).resolves.toBeUndefined();
});

test('hsm status: nothing is wrong, and what is weaker is said', async () => {
  const { stdout } = await run(process.execPath, [HSM, 'status', '--config', tpm.configFile]);
  expect(stdout).toMatch(/^token {3}"tpm", /m);
  expect(stdout).toMatch(
    /^key {5}event {2}event {2}secret-512 {2}sensitive, not extractable, made here/m,
  );
  expect(stdout).toMatch(/^weaker {2}.*takes no wrapped keys.*made in this token/m);
});

test('hsm status --capabilities: by the keys that are there, and unknown is not missing', async () => {
  const known = ({ checks }: Capabilities) =>
    checks.map(({ mechanism, outcome, why }) => `${mechanism} ${outcome}${why ? `: ${why}` : ''}`);
  const unknown = 'unknown: this module makes no session keys';
  expect(known(early)).toEqual(
    expect.arrayContaining([
      'CKM_SHA512_HMAC works',
      `CKM_SHA256_RSA_PKCS ${unknown}`,
      `CKM_ECDSA ${unknown}`,
    ]),
  );
  const argv = [HSM, 'status', '--capabilities', '--config', tpm.configFile];
  const { stdout } = await run(process.execPath, argv);
  expect(stdout).toMatch(/^ {2}CKM_SHA512_HMAC +works, listed$/m);
  expect(stdout).toMatch(/^ {2}CKM_SHA256_RSA_PKCS +works/m);
  expect(stdout).toMatch(/^ {2}CKM_ECDSA +works/m);
  expect(stdout).toMatch(/^ {2}rsa-oaep-sha256 +missing: .*C_UnwrapKey$/m);
  expect(stdout).toMatch(
    /^ {2}CKA_WRAP_WITH_TRUSTED +unknown: this module makes no session keys$/m,
  );
  expect(stdout).toMatch(/^cannot take an event key: /m);
  expect(stdout).not.toMatch(/^cannot (compute|prove|sign)/m);
});

test('a command that the module cannot carry out says what to do', async () => {
  const made = run(process.execPath, [
    HSM,
    'event-key',
    'new',
    '--event',
    '0'.repeat(32),
    '--config',
    tpm.configFile,
  ]);
  await expect(made).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^hsm event-key new: .*\[ERR_HSM_MECHANISM\]\n {2}.*docs\/hsm\.md/,
    ),
  });
});
