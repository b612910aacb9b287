import type { View } from './view.ts';

/** A file needs another encoding than other forms; the token goes first. */
export const Upload = ({ view: { text, format, viewer }, path }: { view: View; path: string }) => (
  <section>
    <h2>{text.events.upload}</h2>
    <form
      method="post"
      action={`${path}?lang=${format.language}`}
      enctype="multipart/form-data"
      class="form"
    >
      {viewer && <input type="hidden" name="form-token" value={viewer.formToken} />}
      <p class="field">
        <label for="field-file">{text.events.file}</label>
        <span id="hint-file">{text.events.fileHint}</span>
        <input
          id="field-file"
          name="file"
          type="file"
          accept=".csv,.ndjson,.jsonl,.json"
          required
          aria-describedby="hint-file"
        />
      </p>
      <button type="submit">{text.events.send}</button>
    </form>
  </section>
);
