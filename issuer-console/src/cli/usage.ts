export const DEFAULT_CONFIG = 'issuer-console.toml';

export const USAGE = `issuer-console: publishes lists to gates, receives their journals, shows entry live.

  issuer-console serve       [--config issuer-console.toml] [--json]
  issuer-console migrate     [--config issuer-console.toml] [--json]
  issuer-console operator add --name NAME [--role issuer-admin] [--vendor ID] [--config FILE] [--json]
                             prints a password, once; it is to be changed at the first sign-in
  issuer-console operator list [--config FILE] [--json]
  issuer-console operator disable NAME [--config FILE] [--json]
  issuer-console operator enable NAME [--config FILE] [--json]
  issuer-console operator reset NAME [--config FILE] [--json]
                             for who lost password or second factor: prints a new password, once
  issuer-console vendor add  --name NAME [--config FILE] [--json]
  issuer-console vendor list [--config FILE] [--json]
  issuer-console audit show  [--last 50] [--config FILE] [--json]
  issuer-console audit verify [--noted N:HEX] [--config FILE] [--json]
                             walks the whole chain; with what it printed earlier, that it still holds that

  issuer-console feed export --event ID --out FILE [--config FILE] [--json]
                             the purchases that vendors imported, for whitelist build --feed FILE.ndjson

  issuer-console gate invite --name NAME [--event HEX…] [--valid 24h] [--config FILE] [--json]
                             a one-time token, by which one gate enrols itself; shown once
  issuer-console gate add    --id HEX --name NAME --device-key PEM [--config FILE] [--json]
                             a gate whose device key you bring
  issuer-console gate list   [--config FILE] [--json]
  issuer-console gate show ID [--config FILE] [--json]
  issuer-console gate revoke ID [--config FILE] [--json]
                             nothing more is taken from it or given to it, or its token is good no more

  issuer-console keys recipients --out DIR [--event HEX] [--config FILE] [--json]
                             the gates' keys, for hsm event-key wrap
  issuer-console keys put DIR|FILE… [--config FILE] [--json]
                             wrapped keys, for their gates to fetch
  issuer-console keys report [--event HEX] [--config FILE] [--json]
                             which gate has taken which key, destroyed it, or owes an answer (exit code 1)
  issuer-console keys destroy --event HEX [--config FILE] [--json]
                             has each gate destroy them when their window is over, and say so

While serve runs on the embedded database, the other commands go through it.

Examples:
  issuer-console operator add --name hanako --role issuer-admin
  issuer-console gate invite --name "北ゲート 1" --valid 2h
  issuer-console gate add --id 7c1e0d2b5a8f4c3d9e6b1a2f3c4d5e6f --name A --device-key gate-a.pem
  issuer-console serve --config /etc/pinless-gate/issuer-console.toml`;
