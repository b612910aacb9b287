import receiptline from 'receiptline';
import { COLUMNS } from './text.ts';

/** Dots of white around the print, as on 80 mm paper. */
const MARGIN = 36;
const FONTS = "'Noto Sans Mono CJK JP', 'BIZ UDGothic', 'MS Gothic', 'Osaka-Mono', monospace";

/** The receipt as a picture on white paper. Deterministic, and it asks no network for a font. */
export function renderSvg(document: string): string {
  const svg = receiptline.transform(document, {
    cpl: COLUMNS,
    encoding: 'cp932',
    command: 'svg',
    spacing: true,
  });
  const size = /^<svg width="(\d+)px" height="([\d.]+)px"/.exec(svg);
  if (!size) throw new TypeError('receiptline changed its SVG');
  const width = Number(size[1]) + 2 * MARGIN;
  const height = Math.ceil(Number(size[2])) + 2 * MARGIN;
  return (
    svg
      .replace(
        /^<svg [^>]*>/,
        `<svg width="${width}px" height="${height}px" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" xmlns="http://www.w3.org/2000/svg">` +
          `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="#fff"/>`,
      )
      .replace(/<style[^>]*>.*?<\/style>/, '')
      // The em box of ideographs ends 0.12 em below the baseline: letters fill their cell as on a printer.
      .replace(/ dominant-baseline="[^"]*"/, '')
      .replaceAll('<text', '<text dy="-0.12em"')
      .replace(/font-family="[^"]*"/, `font-family="${FONTS}"`)
      .replace(/receipt-[0-9a-f-]{36}/g, 'receipt-inverted')
  );
}
