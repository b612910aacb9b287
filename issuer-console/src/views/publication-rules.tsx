import { WHYS, type Why } from '../domain/list-publication.ts';
import type { SecondApproval } from '../domain/publication-rules.ts';
import { Form } from './form.tsx';
import type { View } from './view.ts';

interface PublicationRulesProps {
  readonly view: View;
  readonly eventId: string;
  readonly rules: SecondApproval;
  readonly maySet: boolean;
  /** Takes away what is wanted. */
  readonly mayDrop: boolean;
}

/** Which lists wait for a second person. What may not be taken away is sent again as it is. */
export const PublicationRulesPart = (props: PublicationRulesProps) => {
  const { view, eventId, rules, maySet, mayDrop } = props;
  const words = view.text.publications;
  return (
    <section>
      <h2>{words.secondApproval}</h2>
      <p>{words.secondApprovalHint}</p>
      <Form view={view} action={`/events/${eventId}/publications/rules`}>
        {WHYS.map((why) => (
          <Reason view={view} rules={rules} why={why} open={maySet} mayDrop={mayDrop} />
        ))}
        {maySet && <button type="submit">{words.saveRules}</button>}
      </Form>
    </section>
  );
};

interface ReasonProps extends Pick<PublicationRulesProps, 'view' | 'rules' | 'mayDrop'> {
  readonly why: Why;
  readonly open: boolean;
}

const Reason = ({ view, rules: { always, wanted }, why, open, mayDrop }: ReasonProps) => {
  const words = view.text.publications;
  const [byFile, own] = [always.includes(why), wanted.includes(why)];
  const fixed = byFile || !open || (own && !mayDrop);
  return (
    <label>
      <input type="checkbox" name={why} value="yes" checked={byFile || own} disabled={fixed} />
      {fixed && own && <input type="hidden" name={why} value="yes" />}
      {byFile ? words.byFile(words.whys[why]) : words.whys[why]}
    </label>
  );
};
