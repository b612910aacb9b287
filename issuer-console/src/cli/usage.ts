export const DEFAULT_CONFIG = 'issuer-console.toml';

export const USAGE = `issuer-console: publishes lists to gates, receives their journals, shows entry live.

  issuer-console serve    [--config issuer-console.toml] [--json]
  issuer-console migrate  [--config issuer-console.toml] [--json]
  issuer-console gate add [--config issuer-console.toml] --id HEX --name NAME --device-key PEM [--json]

Examples:
  issuer-console gate add --id 7c1e0d2b5a8f4c3d9e6b1a2f3c4d5e6f --name A --device-key gate-a.pem
  issuer-console serve --config /etc/pinless-gate/issuer-console.toml`;
