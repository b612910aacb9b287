import { concat, equal } from '@pinless-gate/protocol/bytes';
import { checkWellFormed } from '@pinless-gate/protocol/certificate/der';
import { decodeTlv, decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import { type FuzzTarget, hold } from '../target.ts';

export const tlv: FuzzTarget = {
  name: 'tlv',
  open: () => (input) => {
    const objects = decodeTlvs(input);
    const encoded = concat(...objects.map(({ tag, value }) => encodeTlv(tag, value)));
    hold(equal(encoded, input), 'data objects changed');
    if (objects.length === 1) {
      const { tag, value } = decodeTlv(input);
      hold(tag === objects[0]!.tag && equal(value, objects[0]!.value), 'one object is two things');
    }
    checkWellFormed(input, 'input');
    return true;
  },
};
