import { serveIsolated } from '@pinless-gate/runtime/isolated-process';
import { initializeToken, type NewToken } from './pkcs11/initialize.ts';

// The process that initialises a token: PINs are drawn and used in here and nowhere else.
serveIsolated(async () => ({
  initialize: (token: NewToken) => initializeToken(token),
}));
