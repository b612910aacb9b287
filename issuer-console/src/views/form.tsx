import type { Child } from 'hono/jsx';
import type { View } from './view.ts';

interface FormProps {
  readonly view: View;
  readonly action: string;
  readonly class?: string;
  readonly children: Child;
}

/** Posts to this console, in the language of the page, with the token of the session. */
export const Form = ({ view, action, class: name = 'form', children }: FormProps) => (
  <form method="post" action={`${action}?lang=${view.format.language}`} class={name}>
    {view.viewer && <input type="hidden" name="form-token" value={view.viewer.formToken} />}
    {children}
  </form>
);

interface FieldProps {
  /** Where one name stands on a page more than once. */
  readonly id?: string;
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
  readonly type?: 'text' | 'password' | 'number';
  readonly autocomplete?: string;
  readonly value?: string;
  readonly inputmode?: 'numeric';
  readonly optional?: boolean;
}

export const Field = ({ id, label, name, hint, type = 'text', optional, ...more }: FieldProps) => (
  <p class="field">
    <label for={id ?? `field-${name}`}>{label}</label>
    {hint !== undefined && <span id={`hint-${name}`}>{hint}</span>}
    <input
      id={id ?? `field-${name}`}
      name={name}
      type={type}
      required={!optional}
      aria-describedby={hint === undefined ? undefined : `hint-${name}`}
      autocomplete={more.autocomplete ?? 'off'}
      value={more.value}
      inputmode={more.inputmode}
      spellcheck={false}
      autocapitalize="none"
    />
  </p>
);

interface ChoiceProps {
  readonly id?: string;
  readonly label: string;
  readonly name: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly chosen?: string | undefined;
}

export const Choice = ({ id, label, name, options, chosen }: ChoiceProps) => (
  <p class="field">
    <label for={id ?? `field-${name}`}>{label}</label>
    <select id={id ?? `field-${name}`} name={name}>
      {options.map(([value, text]) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  </p>
);

/** What became of the last thing that was asked for. Read out when the page comes. */
export const Refusal = ({ view: { text }, code }: { view: View; code: string | undefined }) => {
  if (code === undefined) return null;
  const known = Object.entries(text.account.refusals).find(([one]) => one === code);
  return (
    <p class="notice notice-refused" role="alert">
      {known ? known[1] : text.account.refused(code)}
    </p>
  );
};
