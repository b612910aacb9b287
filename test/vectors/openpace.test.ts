import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { cvAnchor, verifyCvChain } from '@pinless-gate/protocol/cvc/chain';
import {
  decodeCvCertificate,
  encodeCvCertificate,
  encodeCvCertificateBody,
} from '@pinless-gate/protocol/cvc/tr03110';
import { describe, expect, test } from 'vitest';

interface Chain {
  readonly name: string;
  readonly cvca: string;
  readonly dv: string;
  readonly terminal: string;
}

const { chains } = JSON.parse(
  readFileSync(new URL('./openpace.json', import.meta.url), 'utf8'),
) as { chains: readonly Chain[] };

const AT = Date.UTC(2026, 11, 20) / 1000;

describe('BSI TR-03110, certificates made by OpenPACE', () => {
  test.each(chains)('$name: read, proven, and written again octet for octet', (chain) => {
    const [cvca, dv, terminal] = [chain.cvca, chain.dv, chain.terminal].map((hex) => {
      const certificate = decodeCvCertificate(fromHex(hex));
      const again = encodeCvCertificate(
        encodeCvCertificateBody(certificate),
        certificate.signature,
      );
      expect(toHex(again)).toBe(hex);
      return certificate;
    });
    const proven = verifyCvChain(cvAnchor(cvca!), [dv!, terminal!], AT);
    expect(proven.certificate.holderReference).toBe('JPTERM00001');
  });

  test.each(chains)('$name: not under another CA', (chain) => {
    const other = chains.find(({ name }) => name !== chain.name)!;
    const anchor = cvAnchor(decodeCvCertificate(fromHex(other.cvca)));
    expect(() => verifyCvChain(anchor, [decodeCvCertificate(fromHex(chain.dv))], AT)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_CVC_(SIGNATURE|DOMAIN)$|^ERR_KEY_POINT$/),
      }),
    );
  });
});
