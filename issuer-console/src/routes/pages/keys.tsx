import { type Context, Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import type { KeyDesk } from '../../domain/key-desk.ts';
import { FILE_KINDS, type FileKind, type GivenFile } from '../../domain/key-file.ts';
import { may } from '../../domain/permission.ts';
import { RefusedError } from '../../domain/refusal.ts';
import { KeyEventPage } from '../../views/key-event.tsx';
import { InstitutionPage } from '../../views/key-institution.tsx';
import { KeysPage } from '../../views/key-list.tsx';
import type { Arrival } from '../../views/key-parts.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { goTo, idOf, type PageDeps, pageOf } from './page.ts';

export interface KeyPagesDeps extends PageDeps {
  readonly keyDesk: KeyDesk;
  readonly publishers: object | undefined;
}

const read = allow('key.read');
const write = allow('key.write');

/** Keys on their way from the ceremony to the gates and to their end. */
export const keyPages = (deps: KeyPagesDeps) => {
  const { keyDesk, publishers } = deps;
  const institutionPage = async (c: Context<VisitorEnv>, arrival: Arrival) => {
    const institution = await keyDesk.institution();
    const shown = { institution, arrival, mayWrite: may(actorOn(c), 'key.write') };
    return <InstitutionPage {...pageOf(c, deps)} {...shown} />;
  };
  const eventPage = async (c: Context<VisitorEnv>, arrival: Arrival) => {
    const [report, { logs }] = await Promise.all([keyDesk.report(idOf(c)), keyDesk.institution()]);
    const shown = {
      report,
      logs,
      arrival,
      mayWrite: may(actorOn(c), 'key.write'),
      hasPublishers: publishers !== undefined,
    };
    return <KeyEventPage {...pageOf(c, deps)} {...shown} />;
  };
  return new Hono<VisitorEnv>()
    .get('/keys', read, async (c) => {
      const [reports, { chains, logs }] = await Promise.all([
        keyDesk.reports(),
        keyDesk.institution(),
      ]);
      return c.html(<KeysPage {...pageOf(c, deps)} {...{ reports, chains, logs }} />);
    })
    .get('/keys/institution', read, async (c) => c.html(await institutionPage(c, arrivalOf(c))))
    .get('/keys/events/:id', read, async (c) => c.html(await eventPage(c, arrivalOf(c))))
    .post('/keys/institution/files', write, async (c) => {
      const arrival = await bring(c, keyDesk);
      if ('kept' in arrival) return goTo(c, '/keys/institution', arrival);
      return c.html(await institutionPage(c, arrival), 422);
    })
    .post('/keys/events/:id/files', write, async (c) => {
      const arrival = await bring(c, keyDesk);
      if ('kept' in arrival) return goTo(c, `/keys/events/${idOf(c)}`, arrival);
      return c.html(await eventPage(c, arrival), 422);
    })
    .post('/keys/events/:id/destroy', write, async (c) => {
      await keyDesk.order(askerOf(actorOn(c)), idOf(c));
      return goTo(c, `/keys/events/${idOf(c)}`);
    });
};

/** What a form brings; a refusal is shown where the form stands, with the name of the file. */
async function bring(
  c: Context<VisitorEnv>,
  keyDesk: KeyDesk,
): Promise<Exclude<Arrival, undefined>> {
  const form = await c.req.parseBody({ all: true });
  const files = [form.file ?? []].flat().filter((file) => file instanceof File);
  const given: GivenFile[] = await Promise.all(
    files
      // A form without a choice sends one file without name and content.
      .filter(({ name, size }) => name !== '' || size > 0)
      .map(async (file) => ({ name: file.name, octets: new Uint8Array(await file.arrayBuffer()) })),
  );
  const wanted = FILE_KINDS.find((kind): kind is FileKind => kind === form.kind);
  try {
    const { kept, known } = await keyDesk.take(askerOf(actorOn(c)), given, wanted);
    return { kept, known };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { code: error.code, why: error.message };
  }
}

/** As `goTo` says it after an upload. */
function arrivalOf(c: Context<VisitorEnv>): Arrival {
  const count = (name: string) => /^\d{1,4}$/.exec(c.req.query(name) ?? '')?.[0];
  const [kept, known] = [count('kept'), count('known')];
  if (kept === undefined || known === undefined) return undefined;
  return { kept: Number(kept), known: Number(known) };
}
