import type { CardRefusalCode } from '../domain/card-refusal.ts';
import type { Language } from './language.ts';

type Words = Readonly<Record<CardRefusalCode, string>>;

/** What a person is told whose card was not taken. */
export const CARD_REFUSALS: Readonly<Record<Language, Words>> = {
  en: {
    ERR_STATEMENT_CERTIFICATE: 'The certificate on this card is not one that is accepted here.',
    ERR_STATEMENT_CERTIFICATE_EXPIRED:
      'The certificate on this card has expired: have it renewed at your municipality.',
    ERR_STATEMENT_CLASS: 'The card was used with the certificate of its other key. Start again.',
    ERR_STATEMENT_EXPIRED: 'This took too long. Start again and hold the card up once more.',
    ERR_STATEMENT_FORM: 'What was sent is not what a card states. Start again.',
    ERR_STATEMENT_KAZASHI:
      'The chip of this card could not be verified, so it cannot be linked for this event.',
    ERR_STATEMENT_LINK_OTHER: 'The two certificates that were sent are of different cards.',
    ERR_STATEMENT_LINK_UNKNOWN:
      'There is no user-authentication certificate for this card, which is what opens gates.',
    ERR_STATEMENT_LINK_UNREACHABLE: 'J-LIS cannot be asked just now. Try again in a minute.',
    ERR_STATEMENT_METHOD: 'This needs the PIN: reading the card alone proves nothing.',
    ERR_STATEMENT_REQUEST: 'The card answered another request than this one. Start again.',
    ERR_STATEMENT_REVOCATION_UNKNOWN:
      'Nobody can tell just now whether this certificate is still valid. Try again in a minute.',
    ERR_STATEMENT_REVOKED: 'The certificate on this card was revoked or suspended.',
    ERR_STATEMENT_SIGNATURE: 'The signature does not hold. Start again.',
  },
  ja: {
    ERR_STATEMENT_CERTIFICATE: 'このカードの電子証明書は、ここではお使いになれません。',
    ERR_STATEMENT_CERTIFICATE_EXPIRED:
      'このカードの電子証明書は有効期限が切れています。市区町村の窓口で更新してください。',
    ERR_STATEMENT_CLASS: 'カードのもう一方の電子証明書が使われました。最初からやり直してください。',
    ERR_STATEMENT_EXPIRED:
      '時間が経ちすぎました。最初からやり直し、もう一度カードをかざしてください。',
    ERR_STATEMENT_FORM:
      '送られた内容は、カードの申告の形式ではありません。最初からやり直してください。',
    ERR_STATEMENT_KAZASHI: 'このカードのチップを確認できなかったため、この公演には登録できません。',
    ERR_STATEMENT_LINK_OTHER: '送られた 2 つの電子証明書は、別々のカードのものです。',
    ERR_STATEMENT_LINK_UNKNOWN:
      '入場に使う利用者証明用電子証明書が、このカードには見つかりません。',
    ERR_STATEMENT_LINK_UNREACHABLE:
      'ただいま J-LIS に照会できません。1 分ほど待って、もう一度お試しください。',
    ERR_STATEMENT_METHOD: '暗証番号が必要です。カードを読み取るだけでは本人の確認になりません。',
    ERR_STATEMENT_REQUEST: 'カードは別の依頼に答えました。最初からやり直してください。',
    ERR_STATEMENT_REVOCATION_UNKNOWN:
      'この電子証明書がまだ有効か、ただいま確認できません。1 分ほど待って、もう一度お試しください。',
    ERR_STATEMENT_REVOKED: 'このカードの電子証明書は、失効しているか一時停止されています。',
    ERR_STATEMENT_SIGNATURE: '署名が正しくありません。最初からやり直してください。',
  },
};
