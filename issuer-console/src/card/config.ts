import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { equal } from '@pinless-gate/protocol/bytes';
import type { SurfaceCa } from '@pinless-gate/protocol/kazashi/surface';
import { readAnchorFiles } from '@pinless-gate/runtime/anchor-files';
import { ConfigError, resolveFrom } from '@pinless-gate/runtime/config';
import { surfaceCa } from '@pinless-gate/runtime/surface-ca';
import type { Issuer } from '@pinless-gate/whitelist-builder/validity/issuer';
import { isResponderUrl } from '@pinless-gate/whitelist-builder/validity/ocsp-client';
import { z } from 'zod';

/** How cards are believed: `[jlis]` of issuer-console.toml. Without it no card is. */
export interface JlisConfig {
  readonly signature: IssuerConfig;
  readonly authentication: IssuerConfig;
  /** An older list or answer proves nothing. */
  readonly maxAgeS: number;
  /** Where one card's serial numbers are asked for, and who signs the answers. */
  readonly link: { readonly url: string; readonly signer: KeyObject };
  /** Undefined where nobody links cards for `kazashi`. */
  readonly surfaceCa: SurfaceCa | undefined;
  /** Whether holders keep the chip's whole key, for gates with pinned taps. */
  readonly keepsModulus: boolean;
}

export interface IssuerConfig {
  readonly issuer: Issuer;
  /** Paths or addresses. */
  readonly crls: readonly string[];
  readonly responder: string | undefined;
}

const text = z.string().min(1);
const address = z.string().refine(isResponderUrl, { error: 'must be an http or https address' });

const issuerTable = (name: string) =>
  z
    .strictObject({
      /** As event.toml and purchases name it. */
      issuer: text.max(32).default(name),
      anchors: z.array(text).min(1).max(16),
      crls: z.array(text).max(4096).default([]),
      responder: address.optional(),
    })
    .refine(({ crls, responder }) => crls.length > 0 || responder !== undefined, {
      path: ['crls'],
      error: 'lists, or a responder, are needed',
    });

export const jlisTable = z.strictObject({
  authentication: issuerTable('jpki-auth'),
  signature: issuerTable('jpki-sign'),
  max_age_hours: z.number().positive().max(240).default(24),
  link: address,
  link_signer: text,
  surface_ca: text.optional(),
  kazashi_modulus: z.boolean().default(false),
});

export async function readJlis(
  configPath: string,
  table: z.infer<typeof jlisTable>,
): Promise<JlisConfig> {
  const path = (name: string) => resolveFrom(configPath, name);
  const { surface_ca: ca } = table;
  return {
    authentication: await readIssuer(configPath, 'authentication', table.authentication),
    signature: await readIssuer(configPath, 'signature', table.signature),
    maxAgeS: table.max_age_hours * 3600,
    link: { url: table.link, signer: await readSigner(path(table.link_signer)) },
    surfaceCa:
      ca === undefined
        ? undefined
        : surfaceCa(await read(path(ca)), `${path(ca)}: jlis.surface_ca`),
    keepsModulus: table.kazashi_modulus,
  };
}

async function readIssuer(
  configPath: string,
  role: string,
  { issuer: name, anchors, crls, responder }: z.infer<ReturnType<typeof issuerTable>>,
): Promise<IssuerConfig> {
  const paths = anchors.map((file) => resolveFrom(configPath, file));
  const generations = await readAnchorFiles(paths);
  const nameDer = generations[0]!.certificate.subject.encoded;
  const unfit = generations.find(({ fault }) => fault);
  const other = generations.find((each) => !equal(each.certificate.subject.encoded, nameDer));
  if (unfit || other) {
    const why = unfit ? `not fit to be a CA (${unfit.fault})` : 'CAs of different names';
    throw new ConfigError('ERR_CONFIG_KEY', `${configPath}: jlis.${role}.anchors: ${why}`);
  }
  const sources = crls.map((each) => (isResponderUrl(each) ? each : resolveFrom(configPath, each)));
  return { issuer: { name, nameDer, generations }, crls: sources, responder };
}

/** A public key in PEM. */
async function readSigner(path: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ConfigError('ERR_CONFIG_FILE', `${path}: jlis.link_signer: no public key in PEM`, {
      cause,
    });
  }
}

async function read(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}
