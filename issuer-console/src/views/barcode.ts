import { toSVG } from 'bwip-js/node';

/** A QR code as SVG markup: inline, so that it needs no image of its own. */
export function qrSvg(text: string): string {
  return toSVG({ bcid: 'qrcode', text, padding: 4, backgroundcolor: 'FFFFFF' });
}

/** A GS1-128 symbol of a payment slip, as SVG markup. */
export function slipSvg(text: string): string {
  return toSVG({ bcid: 'gs1-128', text, height: 14, paddingwidth: 10, backgroundcolor: 'FFFFFF' });
}
