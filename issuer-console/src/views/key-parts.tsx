import type { Child } from 'hono/jsx';
import type { FileKind } from '../domain/key-file.ts';
import { Icon, type Shape } from './icon.tsx';
import type { StepWords } from './key-messages.ts';
import type { View } from './view.ts';

/** What became of the last upload; `why` names the file, in the words of the log. */
export type Arrival =
  | { readonly kept: number; readonly known: number }
  | { readonly code: string; readonly why: string }
  | undefined;

export const ArrivalNotice = ({ view, arrival }: { view: View; arrival: Arrival }) => {
  const { text, format } = view;
  if (arrival === undefined) return null;
  if ('kept' in arrival) {
    const { kept, known } = arrival;
    return (
      <p class="notice notice-good" role="status">
        {text.keyPages.taken(format.number(kept), format.number(known))}
      </p>
    );
  }
  const words = Object.entries(text.account.refusals).find(([code]) => code === arrival.code);
  return (
    <div class="notice notice-refused" role="alert">
      <p>{words ? words[1] : text.account.refused(arrival.code)}</p>
      <p class="why" lang="en">
        {arrival.why}
      </p>
    </div>
  );
};

interface StepProps {
  readonly id: string;
  readonly words: StepWords;
  readonly children?: Child;
}

/** One step of a guided procedure: in an `ol`, whose number is the step's. */
export const Step = ({ id, words, children }: StepProps) => (
  <li class="step" id={id}>
    <h2>{words.title}</h2>
    <p>{words.what}</p>
    {children}
  </li>
);

/** What is typed elsewhere, to the letter. */
export const Commands = ({ label, lines }: { label: string; lines: readonly string[] }) => (
  <figure class="commands">
    <figcaption>{label}</figcaption>
    <pre>
      <code>{lines.join('\n')}</code>
    </pre>
  </figure>
);

interface BringProps {
  readonly view: View;
  readonly path: string;
  readonly kind: FileKind;
}

/** Sends files of one kind. The token goes first: what follows is long. */
export const Bring = ({ view: { text, format, viewer }, path, kind }: BringProps) => {
  const words = text.keyPages;
  return (
    <form
      method="post"
      action={`${path}?lang=${format.language}`}
      enctype="multipart/form-data"
      class="form"
    >
      {viewer && <input type="hidden" name="form-token" value={viewer.formToken} />}
      <input type="hidden" name="kind" value={kind} />
      <p class="field">
        <label for={`file-${kind}`}>{words.file}</label>
        <span id={`hint-${kind}`}>{words.hints[kind]}</span>
        <input
          id={`file-${kind}`}
          name="file"
          type="file"
          multiple={kind !== 'log'}
          required
          aria-describedby={`hint-${kind}`}
        />
      </p>
      <button type="submit">{words.send}</button>
    </form>
  );
};

export const Mark = ({ shape, children }: { shape: Shape; children: Child }) => (
  <span class="mark-line">
    <Icon shape={shape} />
    {children}
  </span>
);

/** In groups, as two people read it to each other; all of it, as it goes into minutes. */
export const Hash = ({ hex }: { hex: string }) => (
  <span class="hash">{hex.match(/.{1,8}/g)?.join(' ')}</span>
);
