/** The page of a virtual turnstile: what it does, live, and buttons to walk through it. */
export const TURNSTILE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sandbox turnstile</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem; color: #1a1a1c; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  #way { border: 3px solid; border-radius: 12px; padding: 1.5rem; font-size: 2rem; font-weight: 700; }
  #way[data-way=locked] { color: #8b0000; background: #fdeeee; }
  #way[data-way=open] { color: #115a36; background: #e6f5ec; }
  #way[data-way=alarm] { color: #5a3c00; background: #fff6d6; }
  dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
  dt { color: #555; font-size: .875rem; } dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
  button { font: inherit; padding: .6rem 1rem; margin: 0 .5rem .5rem 0; border: 1px solid #444; border-radius: 8px; background: #fff; }
  button:hover { background: #f0f0f2; } :focus-visible { outline: 3px solid #0b5fff; outline-offset: 2px; }
  #said { min-height: 1.5em; color: #555; }
</style>
<h1>Sandbox turnstile</h1>
<p id="way" data-way="locked" role="status">—</p>
<dl>
  <div><dt>went in</dt><dd id="in">0</dd></div>
  <div><dt>went out</dt><dd id="out">0</dd></div>
  <div><dt>tailgated</dt><dd id="tailgated">0</dd></div>
  <div><dt>turned back</dt><dd id="turnedBack">0</dd></div>
  <div><dt>openings</dt><dd id="openings">0</dd></div>
  <div><dt>lamp</dt><dd id="light">—</dd></div>
</dl>
<p>
  <button data-act="pass">Walk through</button><button data-act="tailgate">Two on one ticket</button><button
  data-act="turn-back">Turn back</button><button data-act="leave">Walk out</button><button
  data-act="alarm">Fire alarm on</button><button data-act="quiet">Fire alarm off</button>
</p>
<p id="said" role="status"></p>
<script>
  const by = (id) => document.getElementById(id);
  new EventSource('/events').onmessage = ({ data }) => {
    const s = JSON.parse(data);
    const free = s.free.in + s.free.out;
    const way = s.evacuation ? 'alarm' : s.held || free > 0 ? 'open' : 'locked';
    by('way').dataset.way = way;
    by('way').textContent = way === 'alarm' ? '⚠ Evacuation: free both ways'
      : s.held ? '✓ Held open' : free > 0 ? '✓ Open for ' + free + (s.free.out ? ' (out)' : '') : '✕ Locked';
    by('in').textContent = s.passed.in;
    by('out').textContent = s.passed.out;
    by('light').textContent = s.light ?? '—';
    for (const id of ['tailgated', 'turnedBack', 'openings']) by(id).textContent = s[id];
  };
  for (const button of document.querySelectorAll('button')) {
    button.onclick = async () => {
      const answer = await fetch('/act', { method: 'POST', body: JSON.stringify({ act: button.dataset.act }) });
      by('said').textContent = answer.ok ? '' : 'It is locked: nobody gets through.';
    };
  }
</script>
`;
