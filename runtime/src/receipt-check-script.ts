/** What runs in the page: reads the code, verifies it by WebCrypto under the keys in DATA, says what it states. */
export const RECEIPT_CHECK_SCRIPT = `
'use strict';
const by = (id) => document.getElementById(id);
const octetsOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const DOMAIN = new TextEncoder().encode('pinless-gate/receipt/1\\0');
const EC = { name: 'ECDSA', namedCurve: 'P-256' };

async function load() {
  if (!globalThis.crypto?.subtle) { by('unable').hidden = false; return []; }
  return Promise.all(DATA.keys.map(async ({ name, key }) => {
    const spki = octetsOf(key);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', spki));
    const id = [...hash].map((octet) => octet.toString(16).padStart(2, '0')).join('');
    row(by('keys'), name, id.match(/.{4}/g).join(' '), 'id');
    return { name, key: await crypto.subtle.importKey('spki', spki, EC, false, ['verify']) };
  }));
}
const gates = load();

function decode(text) {
  const body = /^PG1:([0-9A-Za-z_-]+)$/.exec(text.trim())?.[1];
  if (!body) return undefined;
  const octets = octetsOf(body.replaceAll('-', '+').replaceAll('_', '/'));
  const signed = octets.subarray(0, -64);
  const view = new DataView(signed.buffer, 0, signed.length);
  if (signed.length < 34 || signed[0] !== 1) return undefined;
  const hex = (from, to) => [...signed.subarray(from, to)].map((o) => o.toString(16).padStart(2, '0')).join('');
  let at = 28;
  const next = () => {
    const end = at + 1 + view.getUint8(at);
    if (end > signed.length) throw new RangeError('truncated');
    const value = new TextDecoder('utf-8', { fatal: true }).decode(signed.subarray(at + 1, end));
    at = end;
    return value;
  };
  const statement = {
    event: hex(1, 9), gateId: hex(9, 13), sequence: view.getUint32(13), time: view.getUint32(17),
    list: view.getUint32(21), copy: signed[25], place: signed[26], size: signed[27],
    code: next(), ticketNo: next(), gate: next(), block: next(), row: next(), number: next(),
  };
  return at === signed.length ? { statement, signed, signature: octets.subarray(-64) } : undefined;
}

function row(list, label, value, className) {
  const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
  dt.textContent = label;
  dd.textContent = value;
  if (className) dd.className = className;
  list.append(dt, dd);
}

function say(kind, words) {
  by('verdict').hidden = false;
  by('verdict').dataset.is = kind;
  by('verdict').textContent = words;
}

async function check(text) {
  by('facts').hidden = true;
  by('facts').replaceChildren();
  let read;
  try { read = decode(text); } catch { read = undefined; }
  if (!read) return say('bad', '✕ 控えのコードではありません / Not the code of a receipt');
  const { statement: s, signed, signature } = read;
  const message = new Uint8Array([...DOMAIN, ...signed]);
  let signer;
  for (const gate of await gates) {
    if (await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, gate.key, signature, message)) signer = gate.name;
  }
  if (!signer) return say('bad', '✕ 署名が正しくありません / Not signed by one of these gates');
  if (s.copy) say('copy', '▲ 再発行 ' + s.copy + ' / Genuine, copy ' + s.copy);
  else say('good', '✓ 本物です / Genuine');
  const facts = by('facts');
  row(facts, '席 Seat', [s.gate, s.block, s.row, s.number].filter(Boolean).join(' – '), 'seat');
  row(facts, '券番号 Ticket', s.ticketNo);
  if (s.size > 1) row(facts, 'ご一行 Party', s.place + ' / ' + s.size);
  row(facts, '入場 Entered', new Date(s.time * 1000).toLocaleString('sv-SE', { timeZone: DATA.timeZone }));
  row(facts, '番号 Code', s.code);
  row(facts, 'ゲート Gate', signer + ' (' + s.gateId + '), ' + s.sequence);
  row(facts, 'リスト List', 'v' + s.list);
  row(facts, '公演 Event', s.event, 'id');
  facts.hidden = false;
}

by('typed').addEventListener('input', () => { if (by('typed').value.trim()) check(by('typed').value); });

if ('BarcodeDetector' in globalThis) {
  const detector = new BarcodeDetector({ formats: ['qr_code'] });
  const seen = async (image) => (await detector.detect(image)).find(({ rawValue }) => rawValue.startsWith('PG1:'))?.rawValue;
  by('photo').hidden = false;
  by('photo').querySelector('input').addEventListener('change', async ({ target }) => {
    const found = target.files[0] && (await seen(await createImageBitmap(target.files[0])));
    if (found) check(found);
    else say('bad', '✕ コードが写っていません / No code in the picture');
  });
  if (navigator.mediaDevices?.getUserMedia) {
    by('start').hidden = false;
    by('start').addEventListener('click', async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      const video = by('camera');
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      const look = async () => {
        const found = await seen(video).catch(() => undefined);
        if (!found) return requestAnimationFrame(look);
        for (const track of stream.getTracks()) track.stop();
        video.hidden = true;
        check(found);
      };
      look();
    });
  }
}
`;
