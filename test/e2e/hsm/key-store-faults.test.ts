import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { HsmConfig } from '@pinless-gate/hsm/config';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import {
  type IsolatedKeyStore,
  type KeyStoreOptions,
  openKeyStore,
} from '@pinless-gate/hsm/isolated';
import { soak } from '@pinless-gate/test/soak/hsm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultyModule, interpose, makeToken, type TestToken, tokenStore } from './token.ts';

// What a module, a token, a PIN and a process can do wrong (faults.md H1 to H12).

const CKR_FUNCTION_NOT_SUPPORTED = 0x54;
const CKR_PIN_LOCKED = 0xa4;
const CKR_SESSION_COUNT = 0xb1;
const CKR_USER_ALREADY_LOGGED_IN = 0x100;

let token: TestToken;
let module: FaultyModule;
let pin: string;
const open: IsolatedKeyStore[] = [];

beforeAll(async () => {
  token = await makeToken();
  pin = await readFile(token.config.pinFile, 'utf8');
  const store = await openKeyStore(token.config);
  await store.generate('institution', 'institution');
  await store.generate('event', 'event');
  await store.generate('device', 'device');
  await store.close();
});
afterAll(() => token?.remove());
beforeEach(async () => {
  module = await interpose(token);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  await writeFile(token.config.pinFile, pin);
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const MESSAGE = new Uint8Array(84).fill(7);

async function start(config: HsmConfig = module.config, options: KeyStoreOptions = {}) {
  const store = await openKeyStore(config, { operationMs: 10_000, ...options });
  open.push(store);
  return store;
}

const works = (store: IsolatedKeyStore) =>
  Promise.all([
    expect(store.mac('event', MESSAGE)).resolves.toHaveLength(64),
    expect(store.sign('institution', MESSAGE)).resolves.toHaveLength(256),
  ]);

describe('openKeyStore', () => {
  test('a module that is not there', async () => {
    const config = { ...token.config, module: '/nowhere/module.so' };
    await expect(start(config)).rejects.toThrow(code('ERR_HSM_MODULE'));
  });

  test('a file that is no module', async () => {
    const config = { ...token.config, module: token.configFile };
    await expect(start(config)).rejects.toThrow(code('ERR_HSM_MODULE'));
  });

  test('another label: the hint names the tokens that are there', async () => {
    const error = start({ ...token.config, tokenLabel: 'other' });
    await expect(error).rejects.toMatchObject({
      code: 'ERR_HSM_TOKEN_MISSING',
      hint: expect.stringContaining(`"test" (serial ${token.config.tokenSerial})`),
    });
  });

  test('the label of one token and the serial number of another', async () => {
    const config = { ...token.config, tokenSerial: '0000000000000000' };
    await expect(start(config)).rejects.toThrow(code('ERR_HSM_TOKEN_MISSING'));
  });

  test('no PIN file', async () => {
    const config = { ...token.config, pinFile: `${token.config.pinFile}-2` };
    await expect(start(config)).rejects.toThrow(code('ERR_HSM_PIN_FILE'));
  });

  test('an empty PIN file', async () => {
    await writeFile(token.config.pinFile, '\n');
    await expect(start()).rejects.toThrow(code('ERR_HSM_PIN_FILE'));
    expect(await module.calls('C_Login')).toBe(0);
  });

  test('a PIN file that anybody can read', async () => {
    await chmod(token.config.pinFile, 0o604);
    try {
      await expect(start()).rejects.toThrow(code('ERR_HSM_PIN_FILE'));
      expect(await module.calls('C_Login')).toBe(0);
    } finally {
      await chmod(token.config.pinFile, 0o600);
    }
  });

  test('a module that hangs at the start', async () => {
    await module.fail('C_Initialize', 'hang');
    await expect(start(module.config, { startMs: 500 })).rejects.toThrow(
      code('ERR_ISOLATED_TIMEOUT'),
    );
  });

  test('somebody is logged in already: no error', async () => {
    await module.fail('C_Login', CKR_USER_ALREADY_LOGGED_IN);
    const store = await start();
    // The interposed login did not happen, so the keys are out of sight: what matters is that it went on.
    expect(await store.keys()).toEqual([]);
  });
});

describe('a wrong PIN', () => {
  test('at the start: tried once, and the token has counted it', async () => {
    await writeFile(token.config.pinFile, 'wrong-pin\n');
    const error = await start().catch((why: unknown) => why);
    expect(error).toMatchObject({ code: 'ERR_HSM_PIN', hint: expect.stringContaining('PIN file') });
    expect(String(error)).not.toContain('wrong-pin');
    expect(await module.calls('C_Login')).toBe(1);
    await writeFile(token.config.pinFile, pin);
    expect((await (await start()).status()).token.pinCountLow).toBe(true);
  });

  test('locked: not tried again', async () => {
    await module.fail('C_Login', CKR_PIN_LOCKED, 9);
    await expect(start()).rejects.toThrow(code('ERR_HSM_PIN'));
    expect(await module.calls('C_Login')).toBe(1);
  });

  test('at a re-initialisation: tried once, then the store stays down', async () => {
    const store = await start();
    await works(store);
    await writeFile(token.config.pinFile, 'wrong-pin\n');
    await module.fail('C_Sign', 0x30); // CKR_DEVICE_ERROR
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_PIN'));
    await writeFile(token.config.pinFile, pin);
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_PIN'));
    expect(store.state).toBe('down');
    expect(await module.calls('C_Login')).toBe(2);
  });

  test('at a respawn: tried once, then the store stays down', async () => {
    const store = await start();
    await writeFile(token.config.pinFile, 'wrong-pin\n');
    process.kill(store.pid!, 'SIGKILL');
    await expect.poll(() => store.state).toBe('down');
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_PIN'));
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_PIN'));
    expect(await module.calls('C_Login')).toBe(2);
  });
});

describe('a lost connection', () => {
  test.each([
    ['CKR_SESSION_HANDLE_INVALID', 0xb3],
    ['CKR_SESSION_CLOSED', 0xb0],
    ['CKR_DEVICE_ERROR', 0x30],
    ['CKR_DEVICE_REMOVED', 0x32],
    ['CKR_TOKEN_NOT_PRESENT', 0xe0],
    ['CKR_USER_NOT_LOGGED_IN', 0x101],
    ['CKR_OBJECT_HANDLE_INVALID', 0x82],
    ['CKR_GENERAL_ERROR', 0x05],
    ['CKR_OPERATION_ACTIVE', 0x90],
  ])('%s once: one full re-initialisation, and nobody notices', async (_, ckr) => {
    const store = await start();
    const before = await module.calls('C_Initialize');
    await module.fail('C_SignInit', ckr);
    await expect(store.mac('event', MESSAGE)).resolves.toHaveLength(64);
    await module.fail('C_Sign', ckr);
    await expect(store.sign('institution', MESSAGE)).resolves.toHaveLength(256);
    expect(await module.calls('C_Initialize')).toBe(before + 2);
  });

  test('twice: a fault, and the next call recovers', async () => {
    const store = await start();
    await module.fail('C_Sign', 0x30, 2);
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_DEVICE'));
    await works(store);
  });

  test('while many calls are under way: all of them come through', async () => {
    const store = await start();
    await works(store);
    await module.fail('C_Sign', 0xb3, 3);
    const signs = Array.from({ length: 12 }, () => store.sign('institution', MESSAGE));
    const macs = Array.from({ length: 12 }, () => store.mac('event', MESSAGE));
    const outcomes = await Promise.allSettled([...signs, ...macs]);
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    // A call that meets the second fault on its second try is a fault; none may hang or lie.
    expect(failed.length).toBeLessThanOrEqual(1);
    await works(store);
  });

  test('an error that is not of the connection is not tried again', async () => {
    const store = await start();
    await works(store);
    const before = await module.calls('C_Initialize');
    await module.fail('C_SignInit', 0x70); // CKR_MECHANISM_INVALID
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_MECHANISM'));
    expect(await module.calls('C_Initialize')).toBe(before);
    await works(store);
  });

  test('the token store vanishes and comes back', async () => {
    const store = await start();
    await works(store);
    const place = tokenStore(token);
    await rename(place, `${place}-away`);
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_HSM_(MODULE|TOKEN_MISSING)$/) }),
    );
    await expect(store.sign('institution', MESSAGE)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_HSM_(MODULE|TOKEN_MISSING)$/),
      hint: expect.any(String),
    });
    await rm(place, { recursive: true, force: true });
    await rename(`${place}-away`, place);
    await works(store);
  });
});

describe('results', () => {
  test('an HMAC of 63 octets', async () => {
    const store = await start();
    await module.fail('C_Sign', 'short');
    await expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_HSM_RESULT'));
  });

  test('one short HMAC in a batch rejects the batch', async () => {
    const store = await start();
    await module.fail('C_Sign', 'short');
    const batch = store.macAll('event', [MESSAGE, MESSAGE]);
    await expect(batch).rejects.toThrow(code('ERR_HSM_RESULT'));
  });

  test('a signature of 255 octets', async () => {
    const store = await start();
    await module.fail('C_Sign', 'short');
    await expect(store.sign('institution', MESSAGE)).rejects.toThrow(code('ERR_HSM_RESULT'));
  });

  test.each(['institution', 'device'])('a flipped bit in a signature by %s', async (label) => {
    const store = await start();
    await module.fail('C_Sign', 'flip');
    await expect(store.sign(label, MESSAGE)).rejects.toThrow(code('ERR_HSM_RESULT'));
    await expect(store.sign(label, MESSAGE)).resolves.toBeDefined();
  });

  test('a flipped bit in an HMAC: asked again, it is not confirmed', async () => {
    const converter = new Converter(await start(), 'event');
    const eventId = new Uint8Array(16).fill(1);
    const known = { eventId, eventKeyId: await converter.eventKeyId(eventId) };
    const name = { issuerName: Uint8Array.of(0x30, 0), serial: Uint8Array.of(7) };
    const convert = () => converter.convert(name.issuerName, name.serial);
    const right = await convert();
    await expect(converter.confirm(name, right, known)).resolves.toBeUndefined();
    await module.fail('C_Sign:mac', 'flip');
    const wrong = await convert();
    expect(wrong).not.toEqual(right);
    await expect(converter.confirm(name, wrong, known)).rejects.toThrow(code('ERR_HSM_RESULT'));
    // Of another key it would repeat itself: the list's known answer tells.
    const other = { ...known, eventKeyId: new Uint8Array(16) };
    await expect(converter.confirm(name, right, other)).rejects.toThrow(code('ERR_HSM_RESULT'));
  });

  test('a module that takes no key from outside: the known answer is not done, and said so', async () => {
    const store = await start();
    await module.fail('C_CreateObject', CKR_FUNCTION_NOT_SUPPORTED);
    const { checks, passed } = await store.selftest();
    expect(checks[0]).toMatchObject({
      outcome: 'not-done',
      why: expect.stringContaining('CKR_FUNCTION_NOT_SUPPORTED'),
    });
    expect(passed).toBe(true);
  });
});

describe('a token that one gate keeps to itself', () => {
  test('the second is refused before the PIN is tried; after a kill the first has it again', async () => {
    const first = await start(module.config, { exclusive: true });
    const logins = await module.calls('C_Login');
    const second = () => start(module.config, { exclusive: true });
    await expect(second()).rejects.toThrow(code('ERR_HSM_TOKEN_BUSY'));
    expect(await module.calls('C_Login')).toBe(logins);
    process.kill(first.pid!, 'SIGKILL');
    await expect.poll(() => first.state).toBe('starting');
    await works(first);
    await expect(second()).rejects.toThrow(code('ERR_HSM_TOKEN_BUSY'));
    await works(await start());
    await first.close();
    await works(await second());
  });

  test('shared by configuration: both are served', async () => {
    const shared = { ...module.config, shared: true };
    await works(await start(shared, { exclusive: true }));
    await works(await start(shared, { exclusive: true }));
  });
});

describe('the process', () => {
  test.each(['mac', 'sign'] as const)(
    '%s hangs: the deadline, then the next call works',
    async (what) => {
      const downs: string[] = [];
      const onDown = (why: { code: string }) => downs.push(why.code);
      const store = await start(module.config, { operationMs: 2000, onDown });
      await works(store);
      await module.fail('C_Sign', 'hang');
      const hung =
        what === 'mac' ? store.mac('event', MESSAGE) : store.sign('institution', MESSAGE);
      await expect(hung).rejects.toThrow(code('ERR_ISOLATED_TIMEOUT'));
      await works(store);
      expect(downs).toEqual(['ERR_ISOLATED_TIMEOUT']);
    },
  );

  test('a crash in the module', async () => {
    const store = await start();
    await module.fail('C_Sign', 'crash');
    const crashed = store.mac('event', MESSAGE);
    await expect(crashed).rejects.toMatchObject({
      code: 'ERR_ISOLATED_DOWN',
      message: expect.stringContaining('SIGSEGV'),
    });
    await works(store);
  });

  test('killed in mid-call', async () => {
    const store = await start();
    await module.fail('C_Sign', 'hang');
    const hung = expect(store.mac('event', MESSAGE)).rejects.toThrow(code('ERR_ISOLATED_DOWN'));
    await expect.poll(() => module.calls('C_Sign'), { interval: 10 }).toBe(1);
    process.kill(store.pid!, 'SIGKILL');
    await hung;
    await works(store);
  });

  test('too many calls at once: refused at once, the others are served', async () => {
    const store = await start(module.config, { maxPending: 4 });
    const calls = Array.from({ length: 6 }, () => store.sign('institution', MESSAGE));
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual([
      'ERR_ISOLATED_BUSY',
      'ERR_ISOLATED_BUSY',
    ]);
    await works(store);
  });

  test('a token with fewer sessions than wanted: calls queue', async () => {
    const store = await start();
    await store.sign('institution', MESSAGE);
    await module.fail('C_OpenSession', CKR_SESSION_COUNT, 99);
    const calls = Array.from({ length: 8 }, () => store.sign('institution', MESSAGE));
    for (const signature of await Promise.all(calls)) expect(signature).toHaveLength(256);
  });
});

describe('a slice of the soak (npm run soak)', () => {
  test('nothing that the process holds grows, and each session that is opened is one of few', async () => {
    const opened = await module.calls('C_OpenSession');
    const { grown } = await soak(module.config, { macs: 2000, signatures: 100 });
    expect(grown).toEqual([]);
    // The login's, those of the pool, and one for each of the two keys that are made.
    expect((await module.calls('C_OpenSession')) - opened).toBeLessThanOrEqual(1 + 4 + 2);
  });
});
