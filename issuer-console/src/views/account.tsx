import type { Passkey } from '../domain/credential.ts';
import type { Operator } from '../domain/operator.ts';
import type { SecondFactor } from '../domain/session.ts';
import { Field, Form, Refusal } from './form.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import { ago } from './messages.ts';
import type { View } from './view.ts';

export interface AccountProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly operator: Operator;
  readonly secondFactor: SecondFactor;
  readonly passkeys: readonly Passkey[];
  readonly recoveryCodesLeft: number;
  /** What this console can keep. */
  readonly canTotp: boolean;
  readonly canPasskey: boolean;
}

export const AccountPage = (props: AccountProps) => {
  const { view, assets, now, refused, operator, secondFactor } = props;
  const text = view.text.account;
  const lacking = secondFactor === 'required' && !operator.totp && operator.passkeys === 0;
  return (
    <Layout
      view={view}
      assets={assets}
      title={text.own}
      now={now}
      path="/account"
      island={props.canPasskey ? 'passkey' : undefined}
    >
      <h1 class="page-title">{text.own}</h1>
      <Refusal view={view} code={refused} />
      {operator.passwordGiven && <p class="notice">{text.firstPassword}</p>}
      {!operator.passwordGiven && lacking && <p class="notice">{text.firstFactor}</p>}
      <section>
        <h2>{text.password}</h2>
        <Form view={view} action="/account/password">
          <Field
            label={text.currentPassword}
            name="current"
            type="password"
            autocomplete="current-password"
          />
          <Field
            label={text.newPassword}
            name="next"
            type="password"
            hint={text.passwordHint}
            autocomplete="new-password"
          />
          <button type="submit">{text.changePassword}</button>
        </Form>
      </section>
      {!operator.passwordGiven && (
        <>
          <TotpSection {...props} />
          <PasskeySection {...props} />
        </>
      )}
    </Layout>
  );
};

const TotpSection = ({ view, operator, recoveryCodesLeft, canTotp }: AccountProps) => {
  const { text } = view;
  const { totp } = text.account;
  return (
    <section>
      <h2>{totp.heading}</h2>
      {!operator.totp && !canTotp && <p class="quiet">{totp.unavailable}</p>}
      {!operator.totp && canTotp && (
        <Form view={view} action="/account/totp">
          <p>{totp.why}</p>
          <button type="submit">{totp.begin}</button>
        </Form>
      )}
      {operator.totp && (
        <>
          <p>{totp.present(String(recoveryCodesLeft))}</p>
          <Form view={view} action="/account/totp/remove">
            <Field
              label={text.account.password}
              name="password"
              type="password"
              autocomplete="current-password"
            />
            <button type="submit" class="second">
              {totp.remove}
            </button>
          </Form>
        </>
      )}
    </section>
  );
};

const PasskeySection = ({ view, passkeys, canPasskey, now }: AccountProps) => {
  const { text } = view;
  const { passkey } = text.account;
  return (
    <section>
      <h2>{passkey.heading}</h2>
      {!canPasskey && <p class="quiet">{passkey.unavailable}</p>}
      {passkeys.length > 0 && (
        <ul class="rows">
          {passkeys.map(({ credentialId, name, createdAt }) => (
            <li>
              <strong>{name}</strong>{' '}
              <time datetime={isoTime(createdAt)}>{ago(text, createdAt, now)}</time>
              <Form view={view} action="/account/passkeys/remove" class="inline">
                <input
                  type="hidden"
                  name="id"
                  value={Buffer.from(credentialId).toString('base64url')}
                />
                <button type="submit" class="second">
                  {passkey.remove(name)}
                </button>
              </Form>
            </li>
          ))}
        </ul>
      )}
      {canPasskey && (
        <>
          <noscript>
            <p class="quiet">{passkey.needsScript}</p>
          </noscript>
          <div
            id="passkey"
            data-do="register"
            data-token={view.viewer?.formToken}
            data-failed={passkey.failed}
            hidden
          >
            <Field label={passkey.name} name="passkey-name" optional />
            <button type="button">{passkey.add}</button>
            <p role="status" />
          </div>
        </>
      )}
    </section>
  );
};

export interface TotpPageProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly secret: string;
  readonly qr: string;
  readonly pending: string;
}

export const TotpPage = ({ view, assets, now, secret, qr, pending }: TotpPageProps) => {
  const { totp, code } = view.text.account;
  return (
    <Layout view={view} assets={assets} title={totp.heading} now={now} path="/account">
      <section class="narrow">
        <h1>{totp.heading}</h1>
        <p>{totp.scan}</p>
        <div class="qr" role="img" aria-label={totp.qr} dangerouslySetInnerHTML={{ __html: qr }} />
        <p>{totp.type}</p>
        <p class="secret">{secret}</p>
        <Form view={view} action="/account/totp/confirm">
          <input type="hidden" name="pending" value={pending} />
          <Field label={code} name="code" hint={totp.confirmHint} autocomplete="one-time-code" />
          <button type="submit">{totp.confirm}</button>
        </Form>
      </section>
    </Layout>
  );
};

export interface ShownOnceProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly title: string;
  readonly what: string;
  readonly lines: readonly string[];
  /** The page to go on to. */
  readonly path: string;
}

/** A secret that nobody can be shown again. */
export const ShownOncePage = (props: ShownOnceProps) => {
  const { view, assets, now, title, what, lines, path } = props;
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path}>
      <section class="narrow">
        <h1>{title}</h1>
        <p class="notice">{what}</p>
        <ul class="secrets">
          {lines.map((line) => (
            <li class="secret">{line}</li>
          ))}
        </ul>
        <p>
          <a href={`${path}?lang=${view.format.language}`}>{view.text.account.goOn}</a>
        </p>
      </section>
    </Layout>
  );
};
