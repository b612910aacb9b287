import { main } from '@pinless-gate/runtime/program';
import {
  gateInviteCommand,
  gateListCommand,
  gateRevokeCommand,
  gateShowCommand,
} from './cli/gate.ts';
import { gateAddCommand } from './cli/gate-add.ts';
import {
  keyDestroyCommand,
  keyPutCommand,
  keyRecipientsCommand,
  keyReportCommand,
} from './cli/keys.ts';
import { migrateCommand } from './cli/migrate.ts';
import { serveCommand } from './cli/serve.ts';
import { USAGE } from './cli/usage.ts';

await main({
  name: 'issuer-console',
  usage: USAGE,
  commands: {
    serve: serveCommand,
    migrate: migrateCommand,
    'gate invite': gateInviteCommand,
    'gate add': gateAddCommand,
    'gate list': gateListCommand,
    'gate show': gateShowCommand,
    'gate revoke': gateRevokeCommand,
    'keys recipients': keyRecipientsCommand,
    'keys put': keyPutCommand,
    'keys report': keyReportCommand,
    'keys destroy': keyDestroyCommand,
  },
});
