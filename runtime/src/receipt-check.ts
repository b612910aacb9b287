import { RECEIPT_CHECK_SCRIPT } from './receipt-check-script.ts';

/** A gate whose receipts the page believes. `deviceKey` is its SubjectPublicKeyInfo in DER. */
export interface CheckedGate {
  readonly name: string;
  readonly deviceKey: Uint8Array;
}

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 1.125rem/1.6 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 34rem; }
  h1 { font-size: 1.25rem; } h2 { font-size: 1rem; margin-top: 2rem; }
  video { width: 100%; border-radius: 12px; background: #000; } [hidden] { display: none !important; }
  textarea { width: 100%; box-sizing: border-box; font: inherit; }
  button, .file { display: inline-block; font: inherit; padding: .75rem 1.25rem; border: 2px solid; border-radius: 10px; margin: .25rem .5rem .25rem 0; background: none; color: inherit; }
  .file input { position: absolute; opacity: 0; width: 1px; }
  :focus-visible, .file:focus-within { outline: 3px solid #0b5fff; outline-offset: 2px; }
  #verdict { border: 3px solid; border-radius: 12px; padding: .5rem 1rem; font-size: 1.5rem; font-weight: 700; }
  #verdict[data-is=good] { color: #0b5a30; background: #e6f5ec; } #verdict[data-is=copy] { color: #5a3c00; background: #fff6d6; }
  #verdict[data-is=bad] { color: #8b0000; background: #fdeeee; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; font-weight: 600; }
  .seat { font-size: 2rem; line-height: 1.2; } .id { font-family: ui-monospace, monospace; font-size: .8rem; overflow-wrap: anywhere; }
`;

/**
 * One page, whole in itself, by which staff check a receipt on a phone without a network: save it, open it, point the
 * camera. It holds public keys alone, so it may be copied by anybody; where it comes from is what staff must know.
 */
export function receiptCheckPage(gates: readonly CheckedGate[], timeZone: string): string {
  const keys = gates.map(({ name, deviceKey }) => ({
    name,
    key: Buffer.from(deviceKey).toString('base64'),
  }));
  const data = JSON.stringify({ keys, timeZone }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="ja">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src blob:">
<title>控えの確認 Receipt check</title>
<style>${STYLE}</style>
<main>
<h1>控えの確認 <span lang="en">Receipt check</span></h1>
<p id="verdict" role="status" hidden></p>
<dl id="facts" hidden></dl>
<video id="camera" playsinline muted hidden></video>
<p>
  <button id="start" type="button" hidden>カメラで読む <span lang="en">Camera</span></button>
  <label id="photo" class="file" hidden>写真で読む <span lang="en">Photo</span> <input type="file" accept="image/*" capture="environment"></label>
</p>
<label for="typed">コード <span lang="en">Code</span> (PG1:…)</label>
<textarea id="typed" rows="3" spellcheck="false" autocapitalize="off" autocomplete="off"></textarea>
<p id="unable" role="alert" hidden>このブラウザーでは確認できません。ページを保存して開くか、https で開いてください。<span lang="en">This browser cannot check signatures here: save the page and open it, or open it over https.</span></p>
<h2>ゲートの鍵 <span lang="en">Keys of the gates</span></h2>
<dl id="keys"></dl>
</main>
<script>const DATA = ${data};${RECEIPT_CHECK_SCRIPT}</script>
`;
}
