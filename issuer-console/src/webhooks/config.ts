import { resolveFrom } from '@pinless-gate/runtime/config';
import { z } from 'zod';
import { isDestination } from './destinations.ts';

export interface WebhookConfig {
  /** Names, addresses and networks that may be asked besides public hosts by https. */
  readonly allow: readonly string[];
  /** PEM file of an authority that is believed too. */
  readonly ca: string | undefined;
  /** How long it is told what was sent. */
  readonly keepMs: number;
}

/** `[webhooks]` of issuer-console.toml. */
export const webhookTable = z
  .strictObject({
    allow: z.array(z.string().refine(isDestination, 'not a host, address or network')).default([]),
    ca: z.string().min(1).optional(),
    keep_days: z.int().min(1).max(3650).default(30),
  })
  .default({ allow: [], keep_days: 30 });

export function readWebhooks(
  configPath: string,
  { allow, ca, keep_days }: z.infer<typeof webhookTable>,
): WebhookConfig {
  return {
    allow,
    ca: ca === undefined ? undefined : resolveFrom(configPath, ca),
    keepMs: keep_days * 86_400_000,
  };
}
