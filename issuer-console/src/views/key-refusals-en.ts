import type { KeyRefusalCode } from '../domain/key-refusal.ts';

export const keyRefusalsEn: Readonly<Record<KeyRefusalCode, string>> = {
  ERR_DESTRUCTION_FORM: 'The record of destruction cannot be read.',
  ERR_DESTRUCTION_KEYS: 'The record names no key that this gate was sent.',
  ERR_DESTRUCTION_SIGNATURE:
    'The record is not signed by the device key that the gate is known by.',
  ERR_DESTRUCTION_TIME: 'The record tells of a time that is still to come. Check the gate’s clock.',
  ERR_ENVELOPE_EXPIRED: 'The window of the envelope is over already. Wrap the key anew.',
  ERR_ENVELOPE_FORM: 'The envelope cannot be read.',
  ERR_ENVELOPE_SIGNATURE:
    'The envelope is not signed by a publisher key of this console. No gate would take it.',
  ERR_ENVELOPE_TRANSPORT_KEY:
    'The envelope is for another transport key than the gate has. Save its gate key again, and wrap anew.',
  ERR_GATE_CODE:
    'That is not the code of the keys held here. Have it read once more. If it stays so, revoke the gate.',
  ERR_GATE_COMPARE: 'There is nothing to compare: the gate stated no keys, or was revoked.',
  ERR_GATE_UNKNOWN: 'There is no such gate.',
  ERR_KEYS_EVENT: 'Nothing is known of keys of this event.',
  ERR_KEYS_GATE: 'For a gate that is not known here, or was revoked. Nothing was taken.',
  ERR_KEY_CHAIN: 'The certificates cannot be read.',
  ERR_KEY_CHAIN_ANCHOR:
    'Bring the certificate of the CVCA along: the curve of these keys stands only there.',
  ERR_KEY_CHAIN_DATES: 'A certificate has expired, or is not effective yet.',
  ERR_KEY_CHAIN_KEY:
    'The certificates are of a key whose request was not brought here. Bring the request first.',
  ERR_KEY_CHAIN_ORDER:
    'The certificates do not make one chain: one is missing, or they are of two layouts.',
  ERR_KEY_CHAIN_SIGNATURE: 'A certificate is not signed by the one before it.',
  ERR_KEY_FILE_COUNT: 'Choose at least one file; of logs one at a time.',
  ERR_KEY_FILE_KIND: 'That is a file of another step.',
  ERR_KEY_FILE_SECRET:
    'That was a private key or a PIN. It was not kept, but it left its place: take it for known to others, and replace it.',
  ERR_KEY_FILE_SIZE: 'The file is empty, or longer than 4 MiB.',
  ERR_KEY_FILE_UNKNOWN: 'That is no file of a ceremony.',
  ERR_KEY_LOG:
    'The log does not hold: a line was changed, or it is none. Compare it with its copies.',
  ERR_KEY_LOG_FORK:
    'The log does not go on from the one held here. Keep both, and find out who changed it.',
  ERR_KEY_LOG_SHORTER:
    'The log held here has more lines. Lines were cut off, or this is an old copy.',
  ERR_KEY_LOG_SIGNATURE: 'An approval in the log is not signed by its operator, or one is missing.',
  ERR_KEY_REQUEST: 'The request cannot be read.',
  ERR_KEY_REQUEST_SIGNATURE:
    'The request is not signed by its own key: whoever made it lacks that key.',
};
