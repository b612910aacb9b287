import { readFile } from 'node:fs/promises';
import {
  AnchorError,
  type AnchorOptions,
  type TrustAnchor,
  trustAnchors,
} from '@pinless-gate/protocol/certificate/anchors';
import { derBlocks } from '@pinless-gate/protocol/pem';

/** CA certificates that a command is given, PEM or DER; a PEM file may hold several generations. */
export async function readAnchorFiles(
  paths: readonly string[],
  options: Pick<AnchorOptions, 'allowTest'> = {},
): Promise<readonly TrustAnchor[]> {
  const ders: Uint8Array[] = [];
  for (const path of paths) {
    const blocks = derBlocks(await readFile(path), 'CERTIFICATE');
    checkAnchors(blocks, path, options);
    ders.push(...blocks);
  }
  return trustAnchors(ders, options);
}

/** So that the message says which file. */
function checkAnchors(ders: readonly Uint8Array[], path: string, options: AnchorOptions): void {
  try {
    trustAnchors(ders, options);
  } catch (cause) {
    if (!(cause instanceof AnchorError)) throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new AnchorError(cause.code, `${path}: ${cause.message}`, { cause, ...hint });
  }
}
