import type { ProvenEvidence } from '../domain/evidence.ts';
import { type KeptPayment, type PaymentSecret, SETTLEMENTS } from '../domain/payment.ts';
import type { Vendor } from '../domain/vendor.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import { shopWords } from './shop-words.ts';
import type { View } from './view.ts';

interface PageProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
}

interface PaymentsProps extends PageProps {
  readonly payments: readonly KeptPayment[];
  readonly secrets: readonly PaymentSecret[];
  readonly vendors: readonly Vendor[];
  readonly maySettle: boolean;
  readonly mayGive: boolean;
  /** May look at the evidence of purchases. */
  readonly mayAudit: boolean;
}

/** What a program could not settle, and whoever may tell of payments. */
export const PaymentsPage = (props: PaymentsProps) => {
  const { view, assets, now, refused, payments, maySettle, mayAudit } = props;
  const { payments: words, evidence } = shopWords(view.format.language);
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path="/payments">
      <h1 class="page-title">{words.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{payments.length === 0 ? words.none : words.what}</p>
        <ul class="cards">
          {payments.map((payment) => (
            <PaymentCard view={view} payment={payment} maySettle={maySettle} />
          ))}
        </ul>
        {mayAudit && (
          <p>
            <a href={`/evidence?lang=${view.format.language}`}>{evidence.title}</a>
          </p>
        )}
      </section>
      <Secrets {...props} />
    </Layout>
  );
};

interface CardProps extends Pick<PaymentsProps, 'view' | 'maySettle'> {
  readonly payment: KeptPayment;
}

const PaymentCard = ({ view, payment, maySettle }: CardProps) => {
  const { payments: words, yen } = shopWords(view.format.language);
  const { id, outcome, paymentId, slip, amountYen, paidAt } = payment;
  return (
    <li>
      <h2>{words.outcomes[outcome]}</h2>
      <p>
        {[
          yen(view.format.number(amountYen)),
          `${words.slip} ${slip}`,
          words.paidAt(view.format.moment(paidAt)),
        ].join(' · ')}
      </p>
      <p class="id">{paymentId}</p>
      {outcome !== 'paid' && <p>{words.next[outcome]}</p>}
      {maySettle && (
        <Form view={view} action={`/payments/${id}/settled`}>
          <Choice
            id={`how-${id}`}
            label={words.settle}
            name="how"
            options={SETTLEMENTS.map((how) => [how, words.settlements[how]])}
          />
          <button type="submit" class="second">
            {words.settle}
          </button>
        </Form>
      )}
    </li>
  );
};

const Secrets = ({ view, secrets, vendors, mayGive }: PaymentsProps) => {
  const { payments: words } = shopWords(view.format.language);
  return (
    <section>
      <h2>{words.secrets}</h2>
      <p>{words.secretsWhat}</p>
      {secrets.length === 0 && <p class="quiet">{words.noSecrets}</p>}
      <ul class="cards">
        {secrets.map(({ id, vendorId, expiresAt }) => (
          <li>
            <h3>{id}</h3>
            <p>
              {[
                vendors.find((vendor) => vendor.id === vendorId)?.name,
                expiresAt === undefined
                  ? words.good
                  : words.goodUntil(view.format.moment(expiresAt)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
            {mayGive && (
              <Form view={view} action="/payments/secrets/revoke" class="inline">
                <input type="hidden" name="secret" value={id} />
                <button type="submit" class="second">
                  {words.revoke(id)}
                </button>
              </Form>
            )}
          </li>
        ))}
      </ul>
      {mayGive && vendors.length > 0 && (
        <Form view={view} action="/payments/secrets">
          <Choice
            label={view.text.account.vendors.one}
            name="vendor"
            options={vendors.map(({ id, name }) => [id, name])}
          />
          <button type="submit">{words.give}</button>
        </Form>
      )}
    </section>
  );
};

interface EvidenceProps extends PageProps {
  readonly found: ProvenEvidence | undefined;
}

/** For auditors: what a card signed, verified as it is shown. */
export const EvidencePage = ({ view, assets, now, refused, found }: EvidenceProps) => {
  const { evidence: words } = shopWords(view.format.language);
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path="/evidence">
      <h1 class="page-title">{words.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{words.what}</p>
        <Form view={view} action="/evidence">
          <Field label={words.id} name="evidence" />
          <button type="submit">{words.open}</button>
        </Form>
      </section>
      {found && <Found view={view} found={found} />}
    </Layout>
  );
};

const Found = ({ view, found }: { view: View; found: ProvenEvidence }) => {
  const { evidence: words, selling, standing } = shopWords(view.format.language);
  const { kept, evidence, asked } = found;
  const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
  return (
    <section>
      <h2>{kept.id}</h2>
      <p role="status">{words.holds}</p>
      <dl class="facts">
        <dt>{standing.purchaseId}</dt>
        <dd>{kept.purchaseId}</dd>
        {asked.purpose !== 'purchase' && (
          <>
            <dt>{view.text.handovers.handovers}</dt>
            <dd>
              <a href={`/handovers/${asked.subjectId}?lang=${view.format.language}`} class="id">
                {asked.subjectId}
              </a>
            </dd>
          </>
        )}
        <dt>{selling.method}</dt>
        <dd>{selling.methods[evidence.method]}</dd>
        <dt>{words.verifiedAt}</dt>
        <dd>{view.format.date(evidence.verifiedAt)}</dd>
        <dt>{words.shown}</dt>
        <dd>{asked.lines.join(' / ')}</dd>
        <dt>{words.certificateHash}</dt>
        <dd>{hex(evidence.certificateHash)}</dd>
        <dt>{words.publicKey}</dt>
        <dd>{hex(evidence.publicKey)}</dd>
        <dt>{words.signature}</dt>
        <dd>{hex(evidence.signature)}</dd>
      </dl>
    </section>
  );
};
