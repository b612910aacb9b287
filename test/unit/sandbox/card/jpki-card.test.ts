import { createHash, createPublicKey, publicDecrypt, verify } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { jpkiCvcBlocks } from '@pinless-gate/protocol/cvc/jpki';
import { sha256DigestInfo } from '@pinless-gate/protocol/possession';
import { JpkiCard, type JpkiCardOptions } from '@pinless-gate/test/sandbox/card/jpki-card';
import {
  EF_PIN,
  EF_SIGNATURE_PIN,
  type JpkiContent,
  jpkiFiles,
} from '@pinless-gate/test/sandbox/card/jpki-files';
import { cardKey } from '@pinless-gate/test/sandbox/card/signing';
import {
  institutionKeyId,
  intermediateKeyId,
  issueJpkiCvc,
  terminalCaKeyId,
} from '@pinless-gate/test/sandbox/jlis/terminal-ca';
import { describe, expect, test } from 'vitest';
import { pem, rsaPair, signRsa, Terminal } from './terminal.ts';

const SELECT = '00A4040C0AD392F000260100000001';
const SELECT_TERMINAL_KEY = '00A4020C020016';
const VERIFY_PIN = '0020009804 31323334';
const hash = createHash('sha256').update('challenge').digest();
const SIGN_HASH = `802A029720${toHex(hash)}00`;

const [ca, intermediate, institution, holder, stranger] = [1, 2, 3, 4, 5].map(rsaPair) as [
  ReturnType<typeof rsaPair>,
  ReturnType<typeof rsaPair>,
  ReturnType<typeof rsaPair>,
  ReturnType<typeof rsaPair>,
  ReturnType<typeof rsaPair>,
];
const cvc = (
  issuer: typeof ca,
  issuerKeyId: string,
  subject: typeof ca,
  subjectKeyId: string,
): readonly [Uint8Array, Uint8Array] =>
  jpkiCvcBlocks(
    issueJpkiCvc(
      { keyId: issuerKeyId, privateKeyPem: pem(issuer.privateKey) },
      { keyId: subjectKeyId, publicKeyPem: pem(subject.publicKey) },
    ),
  );
const INTERMEDIATE = cvc(ca, terminalCaKeyId(), intermediate, intermediateKeyId());
const INSTITUTION = cvc(intermediate, intermediateKeyId(), institution, institutionKeyId(1));

const certificate = new Uint8Array(1300).map((_, i) => i % 251);
const content: JpkiContent = {
  label: 'JPKIAPICCTOKEN2',
  certificate,
  caCertificate: fromHex('3003020105'),
  certificateNeedsPin: false,
};

function newCard(options: Partial<JpkiCardOptions> = {}, files: Partial<JpkiContent> = {}) {
  return new JpkiCard({
    atr: fromHex('3b80'),
    files: jpkiFiles({ ...content, ...files }),
    key: cardKey(pem(holder.privateKey)),
    terminalCa: { keyId: fromHex(terminalCaKeyId()), key: createPublicKey(pem(ca.publicKey)) },
    pins: [
      { file: EF_PIN, value: '1234', tries: 3 },
      { file: EF_SIGNATURE_PIN, value: undefined, tries: 5 },
    ],
    ...options,
  });
}

const terminal = (...options: Parameters<typeof newCard>) => new Terminal(newCard(...options));

function selected(...options: Parameters<typeof newCard>): Terminal {
  const one = terminal(...options);
  expect(one.sw(SELECT)).toBe('9000');
  return one;
}

/** Returns the status words of the two commands. */
function load(one: Terminal, [body, signature]: readonly [Uint8Array, Uint8Array]): string[] {
  return [one.swOf('80A206C1', body), one.swOf('80A200C1', signature)];
}

function withChain(...options: Parameters<typeof newCard>): Terminal {
  const one = selected(...options);
  expect(one.sw(SELECT_TERMINAL_KEY)).toBe('9000');
  expect(load(one, INTERMEDIATE)).toEqual(['9000', '9000']);
  expect(load(one, INSTITUTION)).toEqual(['9000', '9000']);
  return one;
}

const challenge = (one: Terminal) => one.raw('0084000010').data;
const authenticate = (one: Terminal, by = institution, p2 = '96') =>
  one.swOf(`008200${p2}`, signRsa(by, challenge(one)));

function accepted(...options: Parameters<typeof newCard>): Terminal {
  const one = withChain(...options);
  expect(authenticate(one)).toBe('9000');
  return one;
}

describe('before the application is selected', () => {
  test.each([
    ['READ BINARY by short EF id', '00B08A0000', '6985'],
    ['READ BINARY', '00B0000000', '6985'],
    ['SELECT of a file', '00A4020C02000A', '6A82'],
    ['SELECT of the master file', '00A40000023F00', '6A86'],
    ['VERIFY', VERIFY_PIN, '6985'],
    ['GET CHALLENGE', '0084000010', '6985'],
    ['a signature', SIGN_HASH, '6985'],
    ['the query of the terminal counter', '80820080', '6985'],
  ])('%s answers %s', (_, command, sw) => {
    expect(terminal().sw(command)).toBe(sw);
  });

  test('a CV certificate is not taken', () => {
    expect(load(terminal(), INTERMEDIATE)).toEqual(['6985', '6985']);
  });

  test('EXTERNAL AUTHENTICATE is not taken', () => {
    expect(terminal().swOf('00820096', new Uint8Array(256))).toBe('6985');
  });
});

describe('SELECT', () => {
  test.each([
    ['the whole AID', SELECT, '9000'],
    ['a prefix of it', '00A4040C05D392F00026', '9000'],
    ['less than a registered identifier', '00A4040C04D392F000', '6A82'],
    ['another AID', '00A4040C0AD3921000310001010402', '6A82'],
    ['a longer AID', '00A4040C0BD392F00026010000000100', '6A82'],
    ['an unknown P2', '00A404040AD392F000260100000001', '6A86'],
    ['no data', '00A4040C', '6A82'],
    ['a command cut short', '00A404', '6700'],
    ['an Lc that lies', '00A4040C0BD392F000260100000001', '6700'],
    ['another logical channel', '01A4040C0AD392F000260100000001', '6881'],
    ['secure messaging', '0CA4040C0AD392F000260100000001', '6882'],
    ['an unknown class', 'A0A4040C0AD392F000260100000001', '6E00'],
  ])('%s answers %s', (_, command, sw) => {
    expect(terminal().sw(command)).toBe(sw);
  });

  test('P2 of 00 gives the FCI', () => {
    const { data } = terminal().raw('00A404000AD392F000260100000001');
    expect(toHex(data)).toBe('6f0c840ad392f000260100000001');
  });

  test('the master file answers 9000 without effect', () => {
    const one = selected();
    expect(one.sw('00A40000023F00')).toBe('9000');
    expect(one.sw('00B08A0000')).toBe('9000');
  });

  test('of an absent file answers 6A82, of no file id 6700', () => {
    const one = selected();
    expect(one.sw('00A4020C020003')).toBe('6A82');
    expect(one.sw('00A4020C0100')).toBe('6700');
  });

  test('a foreign card knows no such application', () => {
    expect(terminal({ foreign: true }).sw(SELECT)).toBe('6A82');
  });

  test('forgets PIN, terminal and chain', () => {
    const one = accepted();
    expect(one.sw(SIGN_HASH)).toBe('9000');
    one.sw(SELECT);
    expect(one.sw(SIGN_HASH)).toBe('6982');
    expect(one.swOf('00820096', signRsa(institution, challenge(one)))).toBe('6985');
  });
});

describe('reset', () => {
  test('needs SELECT again and forgets the PIN', () => {
    const card = newCard();
    const one = new Terminal(card);
    one.sw(SELECT);
    one.sw(VERIFY_PIN);
    card.reset();
    expect(one.sw(SIGN_HASH)).toBe('6985');
    one.sw(SELECT);
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });

  test('does not refill a retry counter', () => {
    const card = newCard();
    const one = new Terminal(card);
    one.sw(SELECT);
    one.sw('0020009804 39393939');
    card.reset();
    one.sw(SELECT);
    expect(one.sw('00200098')).toBe('63C2');
  });
});

describe('READ BINARY', () => {
  test('the certificate is free on a plastic card, by short EF id and offset', () => {
    const one = selected();
    const first = one.raw('00B08A0000');
    const rest = [1, 2, 3, 4, 5].map((page) => one.raw(`00B0${toHex(Uint8Array.of(page))}0000`));
    expect(concat(first.data, ...rest.map(({ data }) => data))).toEqual(certificate);
  });

  test('token info has 160 octets and begins with the label', () => {
    const { data } = selected().raw('00B0860000');
    expect(data.length).toBe(160);
    expect(Buffer.from(data.subarray(0, 32)).toString()).toBe('JPKIAPICCTOKEN2'.padEnd(32));
  });

  test('EF 0008 tells whether there is a certificate', () => {
    expect(toHex(selected().raw('00B0880000').data)).toBe('008f00');
    const { certificate: _, ...without } = content;
    const one = terminal({ files: jpkiFiles(without) });
    one.sw(SELECT);
    expect(toHex(one.raw('00B0880000').data)).toBe('000000');
    expect(one.sw('00B08A0000')).toBe('6A82');
  });

  test.each([
    ['no current file', '00B0000000', '6986'],
    ['an absent short EF id', '00B0830000', '6A82'],
    ['a file that opens for nobody', '00B0890000', '6982'],
    ['the signature certificate', '00B0810000', '6982'],
    ['the terminal CA key', '00B0960000', '6981'],
    ['the private key', '00B0970000', '6981'],
    ['reserved bits in P1', '00B0EA0000', '6A86'],
    ['no Le', '00B08A00', '6700'],
    ['an extended Le', '00B08A00000200', '6700'],
    ['more than there is', '00B08800FF', '6282'],
    ['an offset at the end', '00B0880303', '6B00'],
  ])('%s answers %s', (_, command, sw) => {
    expect(selected().sw(command)).toBe(sw);
  });

  test('an offset beyond the certificate answers 6B00, its last octet is there', () => {
    const one = selected();
    one.sw('00A4020C02000A');
    expect(one.raw('00B0051300').data.length).toBe(1);
    expect(one.sw('00B0051400')).toBe('6B00');
  });

  test('a phone wants the PIN first', () => {
    const one = selected({}, { label: 'JPKIAPGPSETOKEN', certificateNeedsPin: true });
    expect(one.sw('00B08A0000')).toBe('6982');
    expect(one.sw(VERIFY_PIN)).toBe('9000');
    expect(one.sw('00B08A0000')).toBe('9000');
  });
});

describe('VERIFY', () => {
  test('without data gives the tries left and spends none', () => {
    const one = selected();
    expect([1, 2, 3, 4].map(() => one.sw('00200098'))).toEqual(Array(4).fill('63C3'));
  });

  test('counts down to blocked, and the right PIN no longer helps', () => {
    const one = selected();
    const wrong = () => one.sw('0020009804 30303030');
    expect([wrong(), wrong(), wrong(), wrong()]).toEqual(['63C2', '63C1', '63C0', '6984']);
    expect(one.sw(VERIFY_PIN)).toBe('6984');
  });

  test('the right PIN refills the counter', () => {
    const one = selected();
    one.sw('0020009804 30303030');
    expect(one.sw(VERIFY_PIN)).toBe('9000');
    expect(one.sw('00200098')).toBe('63C3');
  });

  test('a wrong PIN takes back what the right one gave', () => {
    const one = selected();
    one.sw(VERIFY_PIN);
    one.sw('0020009804 30303030');
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });

  test('on the selected file', () => {
    const one = selected();
    expect(one.sw('0020008004 31323334')).toBe('6A88');
    one.sw('00A4020C020018');
    expect(one.sw('0020008004 31323334')).toBe('9000');
  });

  test.each([
    ['a file that is no PIN', '0020008A04 31323334', '6A88'],
    ['an absent file', '0020008304 31323334', '6A88'],
    ['an unknown P1', '0020019804 31323334', '6A86'],
    ['the signature PIN, which nobody knows', '0020009B06 414243313233', '63C4'],
  ])('%s answers %s', (_, command, sw) => {
    expect(selected().sw(command)).toBe(sw);
  });
});

describe('GET CHALLENGE', () => {
  test.each([
    [1, '01'],
    [16, '10'],
    [255, 'ff'],
    [256, '00'],
  ])('gives exactly %i octets', (length, le) => {
    expect(selected().raw(`00840000${le}`).data.length).toBe(length);
  });

  test('never the same twice', () => {
    const one = selected();
    expect(challenge(one)).not.toEqual(challenge(one));
  });

  test.each([
    ['an extended Le', '00840000000010', '6985'],
    ['no Le', '00840000', '6700'],
    ['data', '008400000101', '6700'],
    ['an unknown P2', '0084000110', '6A86'],
  ])('%s answers %s', (_, command, sw) => {
    expect(selected().sw(command)).toBe(sw);
  });
});

describe('loading CV certificates', () => {
  test('intermediate, then institution', () => {
    withChain();
  });

  test('without EF 0016 selected answers 6985', () => {
    expect(load(selected(), INTERMEDIATE)).toEqual(['6985', '6985']);
  });

  const flip = (octets: Uint8Array, at: number) => {
    const copy = octets.slice();
    copy[at]! ^= 0x01;
    return copy;
  };
  test.each<[string, readonly [Uint8Array, Uint8Array], string[]]>([
    ['the institution first', INSTITUTION, ['9000', '6A88']],
    ['a body block cut short', [INTERMEDIATE[0].subarray(1), INTERMEDIATE[1]], ['6700', '6985']],
    [
      'a signature block cut short',
      [INTERMEDIATE[0], INTERMEDIATE[1].subarray(1)],
      ['9000', '6700'],
    ],
    ['256 junk octets', [INTERMEDIATE[0], new Uint8Array(256)], ['9000', '6700']],
    ['a wrong outer header', [flip(INTERMEDIATE[0], 0), INTERMEDIATE[1]], ['6A80', '6985']],
    ['a wrong key header', [flip(INTERMEDIATE[0], 42), INTERMEDIATE[1]], ['6A80', '6985']],
    ['a wrong signature header', [INTERMEDIATE[0], flip(INTERMEDIATE[1], 0)], ['9000', '6A80']],
    ['one bit of the modulus', [flip(INTERMEDIATE[0], 300), INTERMEDIATE[1]], ['9000', '6300']],
    ['one bit of the subject', [flip(INTERMEDIATE[0], 27), INTERMEDIATE[1]], ['9000', '6300']],
    ['one bit of the issuer', [flip(INTERMEDIATE[0], 25), INTERMEDIATE[1]], ['9000', '6A88']],
    ['one bit of the signature', [INTERMEDIATE[0], flip(INTERMEDIATE[1], 260)], ['9000', '6300']],
    [
      "another CA's key under the right key id",
      cvc(stranger, terminalCaKeyId(), intermediate, intermediateKeyId()),
      ['9000', '6300'],
    ],
  ])('%s', (_, blocks, expected) => {
    const one = selected();
    one.sw(SELECT_TERMINAL_KEY);
    expect(load(one, blocks)).toEqual(expected);
  });

  test('the two blocks must follow each other', () => {
    const one = selected();
    one.sw(SELECT_TERMINAL_KEY);
    expect(one.swOf('80A206C1', INTERMEDIATE[0])).toBe('9000');
    challenge(one);
    expect(one.swOf('80A200C1', INTERMEDIATE[1])).toBe('6985');
  });

  test('an institution issues nothing', () => {
    const one = withChain();
    const third = cvc(institution, institutionKeyId(1), stranger, institutionKeyId(2));
    expect(load(one, third)).toEqual(['9000', '6985']);
  });

  test.each(['0000', '00AE', '8000', '00B6', '06C0'])('P1-P2 of %s answer 6A86', (parameters) => {
    const one = selected();
    one.sw(SELECT_TERMINAL_KEY);
    expect(one.swOf(`80A2${parameters}`, INTERMEDIATE[0])).toBe('6A86');
  });

  test('a failed certificate leaves the accepted ones', () => {
    const one = withChain();
    load(one, [INTERMEDIATE[0], flip(INTERMEDIATE[1], 260)]);
    expect(authenticate(one)).toBe('9000');
  });

  test('a chain begun anew takes the rights back', () => {
    const one = accepted();
    one.sw(SELECT_TERMINAL_KEY);
    load(one, INTERMEDIATE);
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });
});

describe('EXTERNAL AUTHENTICATE', () => {
  test.each(['80', '96'])('with P2 of %s, EF 0016 selected', (p2) => {
    expect(authenticate(withChain(), institution, p2)).toBe('9000');
  });

  test('P2 of 80 points to the selected file', () => {
    const one = withChain();
    one.sw('00A4020C02000A');
    expect(authenticate(one, institution, '80')).toBe('6A88');
    expect(authenticate(one, institution, '96')).toBe('9000');
  });

  test('without a chain answers 6985 and burns nothing', () => {
    const one = selected();
    expect(authenticate(one)).toBe('6985');
    expect(one.sw('80820096')).toBe('63CA');
  });

  test('after the intermediate alone answers 6985', () => {
    const one = selected();
    one.sw(SELECT_TERMINAL_KEY);
    load(one, INTERMEDIATE);
    expect(authenticate(one, intermediate)).toBe('6985');
  });

  test('without a challenge answers 6985', () => {
    const one = withChain();
    expect(one.swOf('00820096', signRsa(institution, new Uint8Array(16)))).toBe('6985');
  });

  test('a challenge is used once', () => {
    const one = withChain();
    const signature = signRsa(institution, challenge(one));
    expect(one.swOf('00820096', signature)).toBe('9000');
    expect(one.swOf('00820096', signature)).toBe('6985');
  });

  test('only the last challenge counts', () => {
    const one = withChain();
    const old = challenge(one);
    challenge(one);
    expect(one.swOf('00820096', signRsa(institution, old))).toBe('63C9');
  });

  test('a challenge of another length does not count', () => {
    const one = withChain();
    const short = one.raw('0084000008').data;
    expect(one.swOf('00820096', signRsa(institution, short))).toBe('6985');
  });

  test('another key burns tries until it is blocked', () => {
    const one = withChain();
    const answers = Array.from({ length: 11 }, () => authenticate(one, stranger));
    expect(answers).toEqual([...'9876543210'].map((left) => `63C${left}`).concat('6984'));
    expect(authenticate(one)).toBe('6984');
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });

  test('the right key refills the counter', () => {
    const one = withChain();
    authenticate(one, stranger);
    expect(one.sw('80820096')).toBe('63C9');
    authenticate(one);
    expect(one.sw('80820096')).toBe('63CA');
  });

  test.each([
    [255, '6700'],
    [257, '6700'],
  ])('%i octets answer %s and keep the challenge', (length, sw) => {
    const one = withChain();
    const signature = signRsa(institution, challenge(one));
    expect(one.swOf('00820096', new Uint8Array(length))).toBe(sw);
    expect(one.swOf('00820096', signature)).toBe('9000');
  });

  test.each([
    ['008200B6', '6A88'],
    ['00820097', '6A88'],
    ['00820196', '6A86'],
    ['80820096', '6E00'],
  ])('%s answers %s', (header, sw) => {
    expect(withChain().swOf(header, new Uint8Array(256))).toBe(sw);
  });

  test('a card that refuses terminals burns a try', () => {
    expect(authenticate(withChain({ refusesTerminal: true }))).toBe('63C9');
  });

  test('a later failure takes the right back', () => {
    const one = accepted();
    authenticate(one, stranger);
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });
});

describe('the signature', () => {
  test('without PIN and without terminal answers 6982', () => {
    expect(selected().sw(SIGN_HASH)).toBe('6982');
  });

  test('a loaded chain alone opens nothing', () => {
    expect(withChain().sw(SIGN_HASH)).toBe('6982');
  });

  test('after an accepted terminal verifies', () => {
    const { data, sw } = accepted().raw(SIGN_HASH);
    expect(sw).toBe(0x9000);
    expect(verify('sha256', utf8('challenge'), holder.publicKey, data)).toBe(true);
  });

  test('after the PIN verifies', () => {
    const one = selected();
    one.sw(VERIFY_PIN);
    const { data } = one.raw(SIGN_HASH);
    expect(verify('sha256', utf8('challenge'), holder.publicKey, data)).toBe(true);
  });

  test.each([
    ['00', sha256DigestInfo(hash), true],
    ['02', hash, true],
    ['03', utf8('challenge'), true],
    ['01', utf8('challenge'), false],
    ['00', hash, false],
  ])('P1 of %s', (p1, data, digestInfo) => {
    const response = accepted().send(`802A${p1}97`, data, 256);
    const opened = publicDecrypt(holder.publicKey, response.data);
    expect(toHex(opened)).toBe(toHex(digestInfo ? sha256DigestInfo(hash) : hash));
  });

  test('P2 of 80 signs with the selected key', () => {
    const one = accepted();
    expect(one.swOf('802A0280', hash, 256)).toBe('6A88');
    one.sw('00A4020C020017');
    expect(one.swOf('802A0280', hash, 256)).toBe('9000');
  });

  test('an accepted terminal does not open the signature key', () => {
    expect(accepted().swOf('802A029A', hash, 256)).toBe('6982');
  });

  test.each([
    ['31 octets', '802A0297', 31, 256, '6700'],
    ['33 octets', '802A0297', 33, 256, '6700'],
    ['246 octets to pad', '802A0097', 246, 256, '6700'],
    ['no octets to pad', '802A0097', 0, 256, '6700'],
    ['no Le', '802A0297', 32, 0, '6700'],
    ['a short Le', '802A0297', 32, 128, '6C00'],
    ['PSS', '802A0497', 32, 256, '6A81'],
    ['an unknown P1', '802A0697', 32, 256, '6A86'],
    ['a file that is no key', '802A028A', 32, 256, '6A88'],
    ['an absent key', '802A0283', 32, 256, '6A88'],
  ])('%s', (_, header, length, ne, sw) => {
    expect(accepted().swOf(header, new Uint8Array(length), ne)).toBe(sw);
  });
});

describe('other commands', () => {
  test.each([
    ['INTERNAL AUTHENTICATE', '0088000004AABBCCDD00', '6D00'],
    ['an unknown proprietary instruction', '80E00000', '6D00'],
    ['the last-command indicator', '80FC0000', '6700'],
    ['nothing', '', '6700'],
  ])('%s answers %s', (_, command, sw) => {
    expect(selected().sw(command)).toBe(sw);
  });

  test('an iPhone has a last-command indicator', () => {
    expect(terminal({ lastCommandIndicator: true }).sw('80FC0000')).toBe('9000');
  });
});

describe('stepOf', () => {
  test.each([
    [SELECT, 'select'],
    ['00B0860020', 'token-info'],
    ['00B0880003', 'token-info'],
    ['00A4020C020006', 'token-info'],
    [SELECT_TERMINAL_KEY, 'select-terminal-key'],
    ['80A206C100', 'load-certificate'],
    ['0084000010', 'get-challenge'],
    ['0082009600', 'external-authenticate'],
    ['00B08A0000', 'read-certificate'],
    ['00A4020C02000A', 'read-certificate'],
    [SIGN_HASH, 'sign'],
    ['00200098', undefined],
    ['00B0000000', undefined],
    ['00', undefined],
  ])('%s is %s', (command, step) => {
    expect(newCard().stepOf(fromHex(command))).toBe(step);
  });

  test('READ BINARY by offset is of the current file', () => {
    const card = newCard();
    const one = new Terminal(card);
    one.sw(SELECT);
    one.sw('00B08A0000');
    expect(card.stepOf(fromHex('00B0010000'))).toBe('read-certificate');
  });
});

describe('a card with a signature certificate (署名用)', () => {
  const VERIFY_PASSWORD = `0020009B08 ${toHex(utf8('ABC12345'))}`;
  const signatureCertificate = new Uint8Array(1800).fill(0x5a);
  const withSignature = (tries = 5) =>
    selected(
      {
        pins: [
          { file: EF_PIN, value: '1234', tries: 3 },
          { file: EF_SIGNATURE_PIN, value: 'ABC12345', tries },
        ],
        signatureKey: cardKey(pem(stranger.privateKey)),
      },
      { signatureCertificate, signatureCaCertificate: fromHex('3003020107') },
    );

  test('says so, and gives its CA to anyone', () => {
    const one = withSignature();
    expect(toHex(one.raw('00B0880003').data)).toBe('8f8f00');
    expect(toHex(one.raw('00B0820005').data)).toBe('3003020107');
    expect(toHex(one.raw('00B08B0005').data)).toBe('3003020105');
  });

  test('gives certificate and signature after its password alone', () => {
    const one = withSignature();
    expect(one.sw(VERIFY_PIN)).toBe('9000');
    expect(one.sw('00B0810000')).toBe('6982');
    expect(one.swOf('802A029A', hash, 256)).toBe('6982');
    expect(one.sw(VERIFY_PASSWORD)).toBe('9000');
    expect(one.raw('00B0810000').data).toEqual(signatureCertificate.subarray(0, 256));
    const signature = one.raw(`802A029A20${toHex(hash)}00`).data;
    const block = publicDecrypt(stranger.publicKey, signature);
    expect(toHex(block)).toBe(toHex(sha256DigestInfo(hash)));
  });

  test('its password does not open the other key', () => {
    const one = withSignature();
    one.sw(VERIFY_PASSWORD);
    expect(one.sw(SIGN_HASH)).toBe('6982');
  });

  test('counts five tries, then is blocked', () => {
    const one = withSignature();
    const wrong = VERIFY_PASSWORD.replace('4142', '5858');
    expect([1, 2, 3, 4, 5, 6].map(() => one.sw(wrong))).toEqual([
      '63C4',
      '63C3',
      '63C2',
      '63C1',
      '63C0',
      '6984',
    ]);
    expect(one.sw(VERIFY_PASSWORD)).toBe('6984');
    expect(one.sw(VERIFY_PIN)).toBe('9000');
  });

  test('a right password fills the counter up', () => {
    const one = withSignature(2);
    expect(one.sw('0020009B')).toBe('63C2');
    one.sw(VERIFY_PASSWORD);
    expect(one.sw('0020009B')).toBe('63C5');
  });
});
