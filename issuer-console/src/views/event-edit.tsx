import type { Event } from '../domain/event.ts';
import { Field, Form } from './form.tsx';
import type { View } from './view.ts';

interface EventEditProps {
  readonly view: View;
  readonly event: Event;
}

/** What a vendor said of the event, in a line each. */
export const EventTermsView = ({ view: { text, format }, event }: EventEditProps) => {
  const words = text.events;
  const { startsAt, admission, gates, issuers } = event;
  const lines = [
    words.starts(format.date(startsAt)),
    words.admission(format.moment(admission.from), format.moment(admission.until)),
    words.gatesOf(gates.join(', ')),
    words.issuersOf(issuers.join(', ')),
  ];
  return (
    <>
      {lines.map((line) => (
        <p>{line}</p>
      ))}
    </>
  );
};

export const EditEvent = ({ view, event }: EventEditProps) => {
  const { text, format } = view;
  const words = text.events;
  const path = `/events/${event.id}`;
  const { admission } = event;
  const seen = <input type="hidden" name="revision" value={String(event.revision)} />;
  const archived = event.archivedAt !== undefined;
  return (
    <section>
      <h2>{words.edit}</h2>
      <Form view={view} action={path}>
        {seen}
        <Field label={words.name} name="name" value={event.name} />
        <Field
          label={words.startsAt}
          name="starts"
          hint={words.timeHint}
          value={format.stamp(event.startsAt)}
        />
        <Field label={words.from} name="from" value={format.stamp(admission.from)} />
        <Field label={words.until} name="until" value={format.stamp(admission.until)} />
        <Field
          label={words.gates}
          name="gates"
          hint={words.namesHint}
          value={event.gates.join(', ')}
        />
        <Field label={words.issuers} name="issuers" value={event.issuers.join(', ')} />
        <label>
          <input type="checkbox" name="anyway" value="yes" />
          {words.anyway}
        </label>
        <button type="submit">{words.save}</button>
      </Form>
      <p class="quiet">{words.archiveWhat}</p>
      <Form view={view} action={path} class="inline">
        {seen}
        <input type="hidden" name="archived" value={archived ? 'no' : 'yes'} />
        <button type="submit" class="second">
          {archived ? words.restore : words.archive}
        </button>
      </Form>
    </section>
  );
};
