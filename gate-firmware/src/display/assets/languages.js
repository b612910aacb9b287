// The switch on the idle screen: asks the gate, which answers with the screen in that language.

const nav = document.getElementById('languages');

nav?.addEventListener('click', ({ target }) => {
  const { language } = target.closest('button')?.dataset ?? {};
  if (language === undefined) return;
  fetch('/display/language', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ language }),
  }).catch(() => undefined); // a silent gate is told of by display.js
});

/** Marks what leads on the screen now. */
export function press(language) {
  for (const button of nav?.querySelectorAll('button') ?? []) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  }
}
