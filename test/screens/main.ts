import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { Lane, launchBrowser } from './stage.ts';
import { states } from './states.ts';

// `npm run screens`: a picture of every state of the attendee display in every language, portrait and landscape, and a
// page to look at them side by side.

const OUT = join(dirname(fileURLToPath(import.meta.url)), '../../../.run/screens');
const SIZES = {
  portrait: { width: 1080, height: 1920 },
  landscape: { width: 1920, height: 1080 },
} as const;

const OVERVIEW = ['idle', 'hold', 'admitted-party', 'removed', 'refused-help', 'evacuate'].map(
  (name) => `${name}-ja-portrait.png`,
);
const pictures = new Map<string, string>();

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const browser = await launchBrowser();
const sections: string[] = [];
for (const language of LANGUAGES) {
  const lane = await Lane.open(language);
  for (const [size, viewport] of Object.entries(SIZES)) {
    const page = await browser.newPage({ viewport, reducedMotion: 'reduce' });
    await page.goto(lane.url);
    const figures: string[] = [];
    for (const [name, state] of Object.entries(states(language))) {
      await lane.show(page, state);
      const file = `${name}-${language}-${size}.png`;
      const png = await page.screenshot({ path: join(OUT, file) });
      if (OVERVIEW.includes(file)) pictures.set(file, png.toString('base64'));
      figures.push(
        `<figure><img src="${file}" alt="" loading="lazy"><figcaption>${name}</figcaption></figure>`,
      );
    }
    await page.close();
    sections.push(
      `<h2>${language}, ${size}</h2>\n<section class="${size}">${figures.join('\n')}</section>`,
    );
  }
  await lane.stop();
}
// What docs/display.md shows.
const overview = await browser.newPage({ viewport: { width: 1110, height: 320 } });
await overview.setContent(`<body style="margin: 0; display: flex; gap: 6px; background: #ccc">
${OVERVIEW.map((name) => `<img src="data:image/png;base64,${pictures.get(name)}" height="320">`).join('')}`);
await overview.screenshot({ path: join(OUT, 'overview.png') });
await browser.close();
await writeFile(
  join(OUT, 'index.html'),
  `<!doctype html><meta charset="utf-8"><title>Attendee display</title>
<style>
  body { font: 14px sans-serif; margin: 16px; background: #ddd }
  section { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)) }
  .landscape { grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)) }
  figure { margin: 0 } img { width: 100%; display: block }
</style>
${sections.join('\n')}
`,
);
console.log(join(OUT, 'index.html'));
