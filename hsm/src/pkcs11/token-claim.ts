import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { HsmError } from '../key-store.ts';

/**
 * Keeps the token to this process until it ends. The claim is a name in Linux's abstract socket namespace: it needs
 * no file that everybody may write, and it cannot outlive its process, however that ends.
 */
export async function claimToken(label: string, serial: string): Promise<void> {
  const token = createHash('sha256').update(`${label}\0${serial}`).digest('hex');
  const claim = createServer((connection) => connection.destroy());
  claim.listen(`\0pinless-gate/token/${token}`);
  try {
    await once(claim, 'listening');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const message = `another gate uses the token "${label}", serial ${serial}`;
    throw new HsmError('ERR_HSM_TOKEN_BUSY', message, {
      cause,
      hint: 'give each gate a token of its own, or set shared = true in [hsm] of both',
    });
  }
  claim.unref();
}
