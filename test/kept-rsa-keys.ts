import crypto, {
  createPrivateKey,
  createPublicKey,
  type KeyExportOptions,
  type KeyObject,
} from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Before each file of tests. An RSA-2048 key takes a core a tenth of a second or more, and the tests want hundreds:
// the n-th that a process asks for is kept for the n-th of every other. No two in a process are the same, and
// `npm test` begins with none.

const KEPT = join(import.meta.dirname, '..', '.run', 'rsa-keys');
const make = crypto.generateKeyPairSync;
const later = promisify(crypto.generateKeyPair) as unknown as Make;
let asked = 0;

interface Asked {
  readonly modulusLength?: number;
  readonly publicExponent?: number;
  readonly privateKeyEncoding?: KeyExportOptions<'pem'>;
  readonly publicKeyEncoding?: KeyExportOptions<'pem'>;
}

const isKept = (type: string, { modulusLength, publicExponent = 0x10001 }: Asked = {}) =>
  type === 'rsa' && modulusLength === 2048 && publicExponent === 0x10001;

function keptPair({ privateKeyEncoding, publicKeyEncoding }: Asked) {
  const privateKey = nextKey();
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey: privateKeyEncoding ? privateKey.export(privateKeyEncoding) : privateKey,
    publicKey: publicKeyEncoding ? publicKey.export(publicKeyEncoding) : publicKey,
  };
}

function nextKey(): KeyObject {
  const path = join(KEPT, `${asked++}.der`);
  try {
    return createPrivateKey({ key: readFileSync(path), format: 'der', type: 'pkcs8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const { privateKey } = make('rsa', { modulusLength: 2048 });
  mkdirSync(KEPT, { recursive: true, mode: 0o700 });
  // Whole or not at all for those who read beside us.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, privateKey.export({ format: 'der', type: 'pkcs8' }), { mode: 0o600 });
  renameSync(own, path);
  return privateKey;
}

type Make = (type: string, options?: Asked) => unknown;

const handOut =
  (otherwise: Make): Make =>
  (type, options) =>
    isKept(type, options) ? keptPair(options!) : otherwise(type, options);
Object.assign(crypto, { generateKeyPairSync: handOut(make as Make) });
Object.assign(crypto.generateKeyPair, {
  [promisify.custom]: async (type: string, options: Asked) => handOut(later)(type, options),
});
syncBuiltinESMExports();
