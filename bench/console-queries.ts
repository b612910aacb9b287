import { formatPlace } from '@pinless-gate/issuer-console/domain/purchase-list';

/** Something that people or programs ask the console for. */
export interface Read {
  readonly name: string;
  /** Another one each time, where there are several. */
  readonly path: () => string;
  /** What it shows, asked of the database by hand. */
  readonly queries: () => readonly string[];
}

interface Filled {
  readonly eventId: string;
  readonly importId: string;
  readonly rows: number;
}

const BATCH = 500;
const LINE = 'purchase_id, state, tickets, created_at, changed_at, change_no';
const TAPS = 'select * from journal_entries j join gates g on g.id = j.gate_id where kind =';

/** A mixture of pages and API, on an event that has so many purchases. */
export function readsOf({ eventId, importId, rows }: Filled): readonly Read[] {
  const any = () => 1 + Math.floor(Math.random() * rows);
  const [page, api] = [`/events/${eventId}`, `/api/v1/events/${eventId}`];
  const event = `select * from events where id = '${eventId}'`;
  const imports = `select * from imports where event_id = '${eventId}' order by started_at desc limit 10`;
  const lines = `select ${LINE} from purchases where event_id = '${eventId}'`;
  const beginning = () => `P-${any().toString().slice(0, 5)}`;
  const place = () => {
    const number = any();
    return { changeNo: Math.ceil(number / BATCH), purchaseId: `P-${number}` };
  };
  const read = (name: string, path: () => string, queries: () => readonly string[]): Read => ({
    name,
    path,
    queries,
  });
  return [
    read(
      'board',
      () => '/',
      () => [
        'select * from gates order by name',
        `${TAPS} 'decision' order by j.at desc limit 50`,
        `${TAPS} 'act' order by j.at desc limit 20`,
      ],
    ),
    read(
      'event, page',
      () => page,
      () => [event, imports],
    ),
    read(
      'event, API',
      () => api,
      () => [event],
    ),
    read(
      'purchases of a state, page',
      () => `${page}/purchases?state=paid`,
      () => [
        event,
        `${lines} and state = 'paid' order by change_no desc, purchase_id desc limit 51`,
      ],
    ),
    read(
      'search, page',
      () => `${page}/purchases?search=${beginning()}`,
      () => {
        const from = beginning();
        const range = `purchase_id >= '${from}' and purchase_id < '${from}\x7f'`;
        return [event, `${lines} and ${range} order by purchase_id limit 51`];
      },
    ),
    read(
      'purchases, API',
      () => `${api}/purchases?cursor=${formatPlace(place())}`,
      () => {
        const { changeNo, purchaseId } = place();
        const range = `(change_no, purchase_id) > (${changeNo}, '${purchaseId}')`;
        return [event, `${lines} and ${range} order by change_no, purchase_id limit 101`];
      },
    ),
    read(
      'one purchase, API',
      () => `${api}/purchases/P-${any()}`,
      () => {
        const where = `event_id = '${eventId}' and purchase_id = 'P-${any()}'`;
        const history = `select * from purchase_history where ${where} order by change_no`;
        return [`select ${LINE} from purchases where ${where}`, history];
      },
    ),
    read(
      'import, API',
      () => `/api/v1/imports/${importId}`,
      () => [`select * from imports where id = '${importId}'`],
    ),
  ];
}
