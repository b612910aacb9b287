import type { IssuedCertificate, Jlis } from './jlis.ts';
import { newRsaKey } from './keys.ts';
import { SignatureCa } from './signature-ca.ts';

/** Nobody's. */
const SPECIMEN = { name: '見本　花子', address: '東京都清瀬市見本町１丁目２番３号', sex: '2' };
const SPECIMEN_BIRTH_DATE = '19800217';

export interface SignatureOptions {
  readonly birthDate?: string;
  /** The user-authentication certificate of the same card. */
  readonly issued: IssuedCertificate | undefined;
}

/** What a card holds of 署名用: certificate, CA, key and password. */
export async function newSignature(jlis: Jlis, password: string, options: SignatureOptions) {
  const { birthDate = SPECIMEN_BIRTH_DATE, issued: authentication } = options;
  const { publicKeyPem, privateKeyPem } = await newRsaKey();
  const ca = await SignatureCa.open(jlis.files);
  const items = { ...SPECIMEN, birthDate };
  const { pem } = await ca.issue({ publicKeyPem, items, authentication });
  return {
    certificatePem: pem,
    caCertificatePem: await jlis.files.text('signature-ca.pem'),
    privateKeyPem,
    password,
  };
}
