import { Hono } from 'hono';
import type { AuditLog } from '../../domain/audit.ts';
import type { OperatorStore } from '../../domain/operator.ts';
import { Scope } from '../../domain/permission.ts';
import { AuditPage } from '../../views/audit.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { type PageDeps, pageOf } from './page.ts';

export interface AuditPagesDeps extends PageDeps {
  readonly audit: AuditLog;
  readonly operators: OperatorStore;
}

const SHOWN = 100;

export const auditPages = (deps: AuditPagesDeps) =>
  new Hono<VisitorEnv>().get('/audit', allow('audit.read'), async (c) => {
    const scope = Scope.of(actorOn(c));
    const asked = c.req.query('before') ?? '';
    const before = /^\d{1,15}$/.test(asked) ? Number(asked) : undefined;
    const entries = await deps.audit.entries(scope, { before, limit: SHOWN });
    const operators = await deps.operators.list(scope);
    const older = entries.length < SHOWN ? undefined : entries.at(-1)?.entry.sequence;
    const page = pageOf(c, deps);
    return c.html(<AuditPage {...page} entries={entries} operators={operators} older={older} />);
  });
