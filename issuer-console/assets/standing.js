// The page is complete without this. With it, it is made anew once something changed: a card, a payment, a list.
const standing = document.getElementById('standing');
const reload = document.querySelector('form.reload');
const code = reload.elements.code.value;
const asks = standing.dataset.asks ?? 'applications/standing';
const EVERY_MS = 4000;
const LONGEST_MS = 60_000;
let waitMs = EVERY_MS;

function stateOf(answer) {
  if (asks !== 'checks') return `${answer.state} ${answer.listed}`;
  const at = answer.card ? Date.parse(answer.card.at) : '';
  return `${answer.purchase} ${answer.card?.answer ?? ''} ${at}`;
}

async function look() {
  try {
    const response = await fetch(`/api/public/${asks}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    if (response.ok && stateOf(await response.json()) !== standing.dataset.state) {
      reload.requestSubmit();
      return;
    }
    waitMs = response.ok ? EVERY_MS : Math.min(2 * waitMs, LONGEST_MS);
  } catch {
    waitMs = Math.min(2 * waitMs, LONGEST_MS);
  }
  setTimeout(look, waitMs);
}

document.getElementById('follows').hidden = false;
setTimeout(look, waitMs);
