import { main } from '@pinless-gate/runtime/program';
import { auditShowCommand, auditVerifyCommand } from './cli/audit.ts';
import { feedExportCommand } from './cli/feed.ts';
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
import {
  operatorAddCommand,
  operatorDisableCommand,
  operatorEnableCommand,
  operatorListCommand,
  operatorResetCommand,
} from './cli/operator.ts';
import { serveCommand } from './cli/serve.ts';
import { USAGE } from './cli/usage.ts';
import { vendorAddCommand, vendorListCommand } from './cli/vendor.ts';

await main({
  name: 'issuer-console',
  usage: USAGE,
  commands: {
    serve: serveCommand,
    migrate: migrateCommand,
    'operator add': operatorAddCommand,
    'operator list': operatorListCommand,
    'operator disable': operatorDisableCommand,
    'operator enable': operatorEnableCommand,
    'operator reset': operatorResetCommand,
    'vendor add': vendorAddCommand,
    'vendor list': vendorListCommand,
    'audit show': auditShowCommand,
    'audit verify': auditVerifyCommand,
    'feed export': feedExportCommand,
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
