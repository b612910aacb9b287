import { toHex } from '@pinless-gate/protocol/bytes';
import type { GateKey } from '@pinless-gate/protocol/gate-key';
import {
  ENVELOPE_FORMAT,
  encodeEnvelope,
  encodeEnvelopeBody,
  institutionKeyId,
  type KeyEnvelope,
} from '@pinless-gate/protocol/key-envelope';
import { keyHash } from '@pinless-gate/protocol/signed';
import { Converter } from '../conversion-value.ts';
import { HsmError, type KeyStore } from '../key-store.ts';
import { signDocument } from './documents.ts';

/** Which key goes out, as what and for how long. */
export interface Dispatch
  extends Pick<
    KeyEnvelope,
    'kind' | 'eventId' | 'label' | 'generation' | 'validFrom' | 'validUntil' | 'issuedAt'
  > {
  /** Label of the key in this module, where it is not the one it is to have at the gate. */
  readonly from: string;
  /** Label of the key that signs envelopes. */
  readonly publisher: string;
  /** File of the security officer's PIN. */
  readonly soPinFile?: string | undefined;
}

export interface Dispatched {
  readonly envelope: KeyEnvelope;
  /** What is delivered. */
  readonly bytes: Uint8Array;
}

/** What a key is called by all who hold it: public, and telling nothing of it. */
export async function keyIdOf(
  store: KeyStore,
  { kind, eventId, from }: Pick<Dispatch, 'kind' | 'eventId' | 'from'>,
): Promise<Uint8Array> {
  if (kind === 'institution') return institutionKeyId(await store.publicKey(from));
  if (!eventId) throw new RangeError('an event key needs its event id');
  return new Converter(store, from).eventKeyId(eventId);
}

/** Rejects with what would keep the key from leaving: asked before anybody approves it. */
export async function checkDispatch(
  store: KeyStore,
  { from, kind, publisher, soPinFile }: Dispatch,
): Promise<void> {
  await store.require({ [publisher]: 'publisher' });
  await store.require({ [from]: kind }, { transportable: true });
  const info = (await store.keys()).find(({ label }) => label === from);
  if (!info?.extractable) {
    throw new HsmError('ERR_HSM_KEY_UNEXTRACTABLE', `key "${from}" was made to stay`, {
      hint: 'a key that is to move is made with --transportable; this one cannot become one',
    });
  }
  if (info.wrapWithTrusted && soPinFile === undefined) {
    throw new HsmError('ERR_HSM_KEY_UNTRUSTED', `key "${from}" leaves under trusted keys only`, {
      hint: 'the security officer marks them: name the file of the PIN with --so-pin-file',
    });
  }
}

/** One envelope for each gate, each with an AES key of its own. */
export async function sendKey(
  store: KeyStore,
  dispatch: Dispatch,
  gates: readonly GateKey[],
): Promise<Dispatched[]> {
  const { from, publisher, soPinFile, ...terms } = dispatch;
  refuseTwice(gates);
  await checkDispatch(store, dispatch);
  const keyId = await keyIdOf(store, dispatch);
  const wrapped = await store.wrap(from, gates, soPinFile);
  const sent: Dispatched[] = [];
  for (const [i, { gateId, transportKey }] of gates.entries()) {
    const envelope = {
      ...terms,
      keyId,
      gateId,
      transportKeyHash: keyHash(transportKey),
      ...wrapped[i]!,
    };
    const body = encodeEnvelopeBody(envelope);
    const signed = await signDocument(store, publisher, ENVELOPE_FORMAT, body);
    sent.push({ envelope, bytes: encodeEnvelope(signed) });
  }
  return sent;
}

function refuseTwice(gates: readonly GateKey[]): void {
  const seen = new Set<string>();
  for (const { gateId } of gates) {
    const id = toHex(gateId);
    if (seen.has(id)) throw new HsmError('ERR_HSM_GATE_TWICE', `gate ${id} is named twice`);
    seen.add(id);
  }
}
