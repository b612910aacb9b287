import { FeedError } from '@pinless-gate/whitelist-builder/purchase/ndjson';
import { type Context, Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { type EventDesk, type EventStore, requireEvent } from '../../domain/event.ts';
import type { EventEditor } from '../../domain/event-edit.ts';
import type { FigureStore } from '../../domain/figures.ts';
import type { Publication, PublicationStore } from '../../domain/list-publication.ts';
import { may, Scope } from '../../domain/permission.ts';
import {
  type ImportFormat,
  type ImportStore,
  requireImport,
  standingAt,
} from '../../domain/purchase.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { VendorStore } from '../../domain/vendor.ts';
import type { Importer } from '../../purchases/importer.ts';
import { allRejects, rejectsCsv, rejectsNdjson } from '../../purchases/rejects-file.ts';
import type { ListSize } from '../../views/event-charts.tsx';
import { EventPage, EventsPage } from '../../views/events.tsx';
import { ImportPage } from '../../views/import.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { importLive, REJECTS_SHOWN } from './import-live.tsx';
import { timeOf } from './moment.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf, revisionOf } from './page.ts';

export interface EventPagesDeps extends PageDeps {
  readonly events: EventStore;
  readonly imports: ImportStore;
  readonly vendors: VendorStore;
  readonly desk: EventDesk;
  readonly eventEditor: EventEditor;
  readonly importer: Importer;
  readonly figures: Pick<FigureStore, 'purchases'>;
  readonly publications: Pick<PublicationStore, 'list'>;
}

const LAST_IMPORTS = 10;
const LISTS_DRAWN = 48;

export const eventPages = (deps: EventPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/events', allow('event.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const [events, vendors] = await Promise.all([
        deps.events.list(scope),
        deps.vendors.list(scope),
      ]);
      const mayWrite = may(actor, 'event.write');
      const shown = { events, vendors, mayWrite };
      return c.html(<EventsPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/events', allow('event.write'), async (c) => {
      const field = await fieldsOf(c);
      await deps.desk.add(askerOf(actorOn(c)), wantedOf(field));
      return goTo(c, '/events');
    })
    .get('/events/:id', allow('event.read'), async (c) => {
      const actor = actorOn(c);
      const event = await requireEvent(deps.events, Scope.of(actor), idOf(c));
      const [counts, last, hours, published] = await Promise.all([
        deps.events.counts(event),
        deps.imports.list(event, LAST_IMPORTS),
        deps.figures.purchases(event.id),
        deps.publications.list(event, LISTS_DRAWN),
      ]);
      const lists = sizesOf(published);
      const imports = last.map((one) => standingAt(one, deps.now()));
      const mayImport = may(actor, 'purchase.import');
      const mayWrite = may(actor, 'event.write');
      const shown = { event, counts, imports, hours, lists, mayImport, mayWrite };
      return c.html(<EventPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/events/:id', allow('event.write'), async (c) => {
      const field = await fieldsOf(c);
      const edit = { id: idOf(c), revision: revisionOf(field('revision')), ...editOf(field) };
      await deps.eventEditor.edit(askerOf(actorOn(c)), edit, field('anyway') === 'yes');
      return goTo(c, `/events/${idOf(c)}`);
    })
    .post('/events/:id/imports', allow('purchase.import'), async (c) => {
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(deps.events, asker.scope, idOf(c));
      const { file, format } = await fileOf(c);
      const chunks = file.stream() as unknown as AsyncIterable<Uint8Array>;
      try {
        return goTo(c, `/imports/${await deps.importer.take(asker, event, format, chunks)}`);
      } catch (error) {
        if (!(error instanceof FeedError)) throw error;
        // There it stands among the imports, with the reason.
        return goTo(c, `/events/${event.id}`);
      }
    })
    .get('/imports/:id', allow('purchase.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const found = standingAt(await requireImport(deps.imports, scope, idOf(c)), deps.now());
      const event = await requireEvent(deps.events, scope, found.eventId);
      const from = Number(/^\d{1,15}$/.exec(c.req.query('after') ?? '0')?.[0] ?? 0);
      const page = { after: from, limit: REJECTS_SHOWN };
      const rejects = await deps.imports.rejects(found, page);
      const after = rejects.length === REJECTS_SHOWN ? rejects.at(-1)!.line : undefined;
      const mayImport = may(actor, 'purchase.import');
      const shown = { event, found, rejects, after, mayImport };
      return c.html(<ImportPage {...pageOf(c, deps)} {...shown} />);
    })
    .route('/', rejectFiles(deps))
    .route('/', importLive(deps));

/** For a spreadsheet, or for the program that sent them. */
const rejectFiles = ({ imports }: EventPagesDeps) => {
  const read = async (c: Context<VisitorEnv>) =>
    allRejects(imports, await requireImport(imports, Scope.of(actorOn(c)), idOf(c)));
  const attached = (c: Context<VisitorEnv>, name: string, type: string) => {
    c.header('content-disposition', `attachment; filename="${name}"`);
    c.header('content-type', type);
    c.header('cache-control', 'no-store');
  };
  return new Hono<VisitorEnv>()
    .get('/imports/:id/rejects.csv', allow('purchase.read'), async (c) => {
      const rejects = await read(c);
      attached(c, 'rejects.csv', 'text/csv; charset=utf-8');
      return c.body(rejectsCsv(rejects));
    })
    .get('/imports/:id/rejects.ndjson', allow('purchase.read'), async (c) => {
      const rejects = await read(c);
      attached(c, 'rejects.ndjson', 'application/x-ndjson');
      return c.body(rejectsNdjson(rejects));
    });
};

/** Of those that gates may have, the oldest first. */
function sizesOf(publications: readonly Publication[]): ListSize[] {
  return publications
    .flatMap(({ publishedAt, list }) => (publishedAt !== undefined && list ? [list] : []))
    .toSorted((a, b) => a.version - b.version);
}

function wantedOf(field: (name: string) => string) {
  const id = field('id').replaceAll('-', '').trim().toLowerCase();
  return { id, vendorId: field('vendor'), ...termsOf(field) };
}

/** Into the archive or out of it, or the terms. */
function editOf(field: (name: string) => string) {
  if (field('archived') !== '') return { archived: field('archived') === 'yes' };
  return termsOf(field);
}

function termsOf(field: (name: string) => string) {
  const names = (name: string) => field(name).split(/[,、，]/);
  return {
    name: field('name'),
    startsAt: timeOf(field('starts')),
    admission: { from: timeOf(field('from')), until: timeOf(field('until')) },
    gates: names('gates'),
    issuers: names('issuers'),
  };
}

const FORMAT_OF: readonly (readonly [RegExp, ImportFormat])[] = [
  [/\.csv$/i, 'csv'],
  [/\.(ndjson|jsonl)$/i, 'ndjson'],
  [/\.json$/i, 'json'],
];

async function fileOf(c: Context): Promise<{ file: File; format: ImportFormat }> {
  const { file } = await c.req.parseBody();
  if (file instanceof File && file.size > 0) {
    const format = FORMAT_OF.find(([ending]) => ending.test(file.name))?.[1];
    if (format) return { file, format };
  }
  throw new RefusedError('invalid', 'ERR_IMPORT_FILE', 'a file .csv, .ndjson, .jsonl or .json');
}
