import { toSVG } from 'bwip-js/node';

/** A QR code as SVG markup: inline, so that it needs no image of its own. */
export function qrSvg(text: string): string {
  return toSVG({ bcid: 'qrcode', text, padding: 4, backgroundcolor: 'FFFFFF' });
}
