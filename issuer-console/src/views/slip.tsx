import { raw } from 'hono/html';
import type { BuyerStanding } from '../domain/buyer.ts';
import { formatSlipNumber, slipBarcode } from '../domain/slip.ts';
import { slipSvg } from './barcode.ts';
import { shopWords } from './shop-words.ts';
import { VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

interface SlipProps extends VisitorPage {
  readonly standing: BuyerStanding;
  readonly code: string;
}

const STAMP_FROM_YEN = 50_000;

/** To be printed and paid; on A4 or on a receipt's roll. */
export const SlipPage = (props: SlipProps) => {
  const { view, standing, code } = props;
  const { application, event } = standing;
  const { slip, yen } = shopWords(view.format.language);
  const { format } = view;
  const { slip: number = '', totalYen, dueAt = 0 } = application;
  const dueDay = dayOf(dueAt, format.timeZone);
  return (
    <VisitorLayout {...props} title={slip.title} path="/apply/slip" fields={{ code }}>
      <section class="slip">
        <h1 class="page-title">{slip.title}</h1>
        <p class="sample">{slip.sandbox}</p>
        <dl class="facts">
          <dt>{slip.event}</dt>
          <dd>{event.name}</dd>
          <dt>{slip.number}</dt>
          <dd class="digits">{formatSlipNumber(number)}</dd>
          <dt>{slip.amount}</dt>
          <dd class="digits">{yen(format.number(totalYen))}</dd>
          <dt>{slip.due}</dt>
          <dd>{format.date(dueAt)}</dd>
        </dl>
        {totalYen >= STAMP_FROM_YEN && <p class="stamp">{slip.stamp}</p>}
        <div class="barcode" role="img" aria-label={slip.barcode}>
          {raw(slipSvg(slipBarcode({ number, amountYen: totalYen, dueDay })))}
        </div>
        <p>{slip.how}</p>
        <p class="screen-only">{slip.print}</p>
      </section>
    </VisitorLayout>
  );
};

/** `YYMMDD` where the event is. */
function dayOf(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: '2-digit', month: '2-digit', day: '2-digit' },
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '00';
  return `${part('year')}${part('month')}${part('day')}`;
}
