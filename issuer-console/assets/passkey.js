// Passkeys are made and shown by the browser: the one thing here that needs a script.
const part = document.getElementById('passkey');
const said = part.querySelector('[role="status"]');
const { startAuthentication, startRegistration, browserSupportsWebAuthn } = SimpleWebAuthnBrowser;

async function post(path, body) {
  const response = await fetch(path + location.search, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'form-token': part.dataset.token ?? '' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}

const WAYS = {
  'sign-in': async () => {
    const optionsJSON = await post('/sign-in/passkey/options', {});
    return post('/sign-in/passkey', await startAuthentication({ optionsJSON }));
  },
  register: async () => {
    const name = part.querySelector('input').value.trim() || navigator.platform || 'passkey';
    const optionsJSON = await post('/account/passkeys/options', {});
    return post('/account/passkeys', { name, answer: await startRegistration({ optionsJSON }) });
  },
};

part.hidden = !browserSupportsWebAuthn();
part.querySelector('button').addEventListener('click', async ({ target }) => {
  target.disabled = true;
  said.textContent = '';
  try {
    location.assign((await WAYS[part.dataset.do]()).next);
  } catch {
    said.textContent = part.dataset.failed;
    target.disabled = false;
  }
});
