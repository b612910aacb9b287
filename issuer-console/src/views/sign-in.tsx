import { Field, Form, Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface SignInProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  /** The console has an address that passkeys can be made for. */
  readonly passkeys: boolean;
}

export const SignInPage = ({ view, assets, now, refused, passkeys }: SignInProps) => {
  const text = view.text.account;
  return (
    <Layout
      view={view}
      assets={assets}
      title={text.signIn}
      now={now}
      path="/sign-in"
      island={passkeys ? 'passkey' : undefined}
    >
      <section class="narrow">
        <h1>{text.signIn}</h1>
        <Refusal view={view} code={refused} />
        <Form view={view} action="/sign-in">
          <Field label={text.name} name="name" autocomplete="username webauthn" />
          <Field
            label={text.password}
            name="password"
            type="password"
            autocomplete="current-password"
          />
          <button type="submit">{text.signIn}</button>
        </Form>
        {passkeys && (
          <div id="passkey" data-do="sign-in" data-failed={text.passkey.failed} hidden>
            <p class="or">{text.or}</p>
            <button type="button" class="second">
              {text.passkey.signIn}
            </button>
            <p role="status" />
          </div>
        )}
      </section>
    </Layout>
  );
};

export const CodePage = ({ view, assets, now, refused }: Omit<SignInProps, 'passkeys'>) => {
  const text = view.text.account;
  return (
    <Layout view={view} assets={assets} title={text.code} now={now} path="/sign-in/code">
      <section class="narrow">
        <h1>{text.code}</h1>
        <Refusal view={view} code={refused} />
        <Form view={view} action="/sign-in/code">
          <Field label={text.code} name="code" hint={text.codeHint} autocomplete="one-time-code" />
          <button type="submit">{text.signIn}</button>
        </Form>
        <Form view={view} action="/sign-out">
          <button type="submit" class="second">
            {text.startOver}
          </button>
        </Form>
      </section>
    </Layout>
  );
};
