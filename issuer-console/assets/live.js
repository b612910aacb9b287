// The page is complete without this. With it, the parts the server names are replaced as they change.
const state = document.getElementById('live');
const RETRY_MS = 15_000;

function show(word) {
  state.dataset.state = word;
}

/** What somebody unfolded stays so, and where the keyboard was it stays. */
function replace(part, html) {
  const open = [...part.querySelectorAll('details[open][id]')].map(({ id }) => id);
  const at = part.contains(document.activeElement)
    ? document.activeElement.closest('details[id]')?.id
    : undefined;
  part.innerHTML = html;
  for (const id of open) part.querySelector(`#${id}`)?.setAttribute('open', '');
  if (at) part.querySelector(`#${at} summary`)?.focus();
}

function connect() {
  const source = new EventSource(state.dataset.source);
  source.addEventListener('open', () => show('live'));
  source.addEventListener('error', () => {
    show('reconnecting');
    // After an answer that is not a stream (too many pages, a restart) the browser gives up: we do not.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
  for (const part of document.querySelectorAll('main > [id]')) {
    source.addEventListener(part.id, ({ data }) => replace(part, data));
  }
}

connect();
