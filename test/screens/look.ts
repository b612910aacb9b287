import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** What can be measured of a screen: each asks the page as it stands. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Breaches of WCAG 2.2 A and AA, and of what axe holds for good practice. */
export async function violations(page: Page): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE);
  const { violations: found, passes } = (await page.evaluate('axe.run()')) as AxeResults;
  if (passes.length < 10) throw new Error('axe had nothing to look at');
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Texts and signs that leave the screen, and pairs of texts that touch each other. */
export const misplaced = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const found = [];
    const outside = ({ left, right, top, bottom }) =>
      left < 0 || right > innerWidth || top < 0 || bottom > innerHeight;
    for (const sign of document.querySelectorAll('svg:not(.ring), button')) {
      const box = sign.getBoundingClientRect();
      if (outside(box)) found.push('outside: ' + sign.outerHTML.slice(0, 60));
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.data.trim() === '') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const size = parseFloat(getComputedStyle(node.parentElement).fontSize);
      for (const rect of range.getClientRects()) {
        // Noto Sans reserves 1.45 em a line; its ideographs are 1 em of that. A pixel for rounding.
        const box = {
          text: node.data,
          left: rect.left + 1,
          right: rect.right - 1,
          top: rect.top + 0.28 * size + 1,
          bottom: rect.bottom - 0.16 * size - 1,
        };
        if (outside(box)) found.push('outside: ' + node.data);
        boxes.push(box);
      }
    }
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) {
          found.push('touching: ' + a.text + ' / ' + b.text);
        }
      }
    }
    return found;
  })()`);

/** Height of the smallest seat digit's ink, as a share of the screen's short side. */
export const digitShare = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const context = document.createElement('canvas').getContext('2d');
    const shares = [...document.querySelectorAll('.field dd, .where b')].map((element) => {
      const { fontWeight, fontSize, fontFamily } = getComputedStyle(element);
      context.font = [fontWeight, fontSize, fontFamily].join(' ');
      const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText('1');
      return (actualBoundingBoxAscent + actualBoundingBoxDescent) / Math.min(innerWidth, innerHeight);
    });
    return Math.min(...shares);
  })()`);

export interface Contrast {
  /** The least of all texts. */
  readonly text: number;
  /** The least of the seat's own. */
  readonly seat: number;
  /** The least of the signs, which carry the meaning without words. */
  readonly sign: number;
}

/** Contrasts with the ground, WCAG 2.2, computed from the colours as they are painted. */
export const contrast = (page: Page): Promise<Contrast> =>
  page.evaluate(`(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const clear = (colour) => channels(colour)[3] === 0;
    const luminance = (colour) => channels(colour).slice(0, 3)
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0) + 0.05;
    const ratio = (a, b) => Math.max(luminance(a), luminance(b)) / Math.min(luminance(a), luminance(b));
    const ground = (element) => {
      while (clear(getComputedStyle(element).backgroundColor) && element.parentElement) element = element.parentElement;
      const { backgroundColor } = getComputedStyle(element);
      return clear(backgroundColor) ? 'rgb(255, 255, 255)' : backgroundColor;
    };
    const texts = (selector) => [...document.querySelectorAll(selector)]
      .filter((element) => element.textContent.trim() !== '' && element.checkVisibility())
      .map((element) => ratio(getComputedStyle(element).color, ground(element)));
    const signs = [...document.querySelectorAll('#display .icon')].map((icon) => Math.max(
      ...[...icon.querySelectorAll('.shape, .sign-line, .ring-fill, .ring-left, .ring-pulse')].map((part) => {
        const { fill, stroke } = getComputedStyle(part);
        return ratio(fill === 'none' ? stroke : fill, ground(icon));
      }),
    ));
    return {
      text: Math.min(...texts('#display span, #display dd, #display b, #languages button')),
      seat: Math.min(Infinity, ...texts('.field dd, .place b')),
      sign: Math.min(Infinity, ...signs),
    };
  })()`);
