import type { ShopRefusalCode } from '../domain/shop-refusal.ts';
import type { Language } from './language.ts';

type Words = Readonly<Record<ShopRefusalCode, string>>;

/** What buyers, and those who sell to them, are told. */
export const SHOP_REFUSALS: Readonly<Record<Language, Words>> = {
  en: {
    ERR_APPLICATION_LIMIT: 'This card has as many of these tickets as one card may have.',
    ERR_APPLICATION_PICKS: 'Choose at least one ticket, and 20 at most.',
    ERR_APPLICATION_STATE:
      'This application has its card already, or its time is over. Apply again if you have no slip.',
    ERR_APPLICATION_UNKNOWN: 'There is no such application.',
    ERR_EVIDENCE: 'The evidence does not hold: it was changed, or is of another purchase.',
    ERR_EVIDENCE_UNKNOWN: 'There is no such evidence.',
    ERR_OFFER_CLOSED: 'These tickets are not on sale now.',
    ERR_OFFER_COUNT: 'That is more than one person may have of these tickets.',
    ERR_OFFER_FORM:
      'Check the offer: numbers within their bounds, rows of seats with a gate of the event, each seat once.',
    ERR_OFFER_SOLD_OUT:
      'There are not as many left of these tickets. Seats that nobody pays for come back: try again later.',
    ERR_OFFER_UNKNOWN: 'There is no such offer.',
    ERR_PAYMENT_CONFLICT: 'Another payment was told of with this id.',
    ERR_PAYMENT_FORM: 'What was told of the payment is not of the right form.',
    ERR_PAYMENT_SECRET_UNKNOWN: 'There is no such secret.',
    ERR_PAYMENT_SIGNATURE: 'The payment is not signed with a secret that is good now.',
    ERR_PAYMENT_UNKNOWN: 'There is no such payment.',
    ERR_VISITOR_CARDS: 'Cards cannot be taken here at the moment.',
    ERR_VISITOR_CODE: 'This code cannot be used. Check it for typing errors; it may have expired.',
    ERR_VISITOR_KAZASHI: 'The card was taken away too early. Hold it to the reader again.',
    ERR_VISITOR_METHOD: 'Hold the card to the reader in the way that was asked for.',
    ERR_VISITOR_REQUEST: 'It took too long. Hold the card to the reader again from the beginning.',
  },
  ja: {
    ERR_APPLICATION_LIMIT: 'この券種をこのカードでお申し込みいただける枚数を超えています。',
    ERR_APPLICATION_PICKS: '券を 1 枚以上、20 枚まで選んでください。',
    ERR_APPLICATION_STATE:
      'このお申し込みはカードの登録がすんでいるか、期限が過ぎています。払込票がお手元にないときは、もう一度お申し込みください。',
    ERR_APPLICATION_UNKNOWN: 'そのお申し込みはありません。',
    ERR_EVIDENCE: '証跡が成り立ちません。書き換えられたか、ほかの購入のものです。',
    ERR_EVIDENCE_UNKNOWN: 'その証跡はありません。',
    ERR_OFFER_CLOSED: 'この券はただいま販売していません。',
    ERR_OFFER_COUNT: 'お一人でお申し込みいただける枚数を超えています。',
    ERR_OFFER_FORM: '券種の内容を確かめてください。数は範囲内、席は公演の入口ごとに重なりなく。',
    ERR_OFFER_SOLD_OUT:
      '残りの枚数が足りません。お支払いのない席は戻りますので、のちほどお試しください。',
    ERR_OFFER_UNKNOWN: 'その券種はありません。',
    ERR_PAYMENT_CONFLICT: 'この番号では、別の入金が通知されています。',
    ERR_PAYMENT_FORM: '入金の通知の形が正しくありません。',
    ERR_PAYMENT_SECRET_UNKNOWN: 'その秘密鍵はありません。',
    ERR_PAYMENT_SIGNATURE: '入金の通知に、いま有効な鍵の署名がありません。',
    ERR_PAYMENT_UNKNOWN: 'その入金はありません。',
    ERR_VISITOR_CARDS: 'ただいまカードでのお手続きを受け付けていません。',
    ERR_VISITOR_CODE:
      'このコードは使えません。入力を確かめてください。期限が切れた可能性もあります。',
    ERR_VISITOR_KAZASHI: 'カードの読み取りが途中で終わりました。もう一度カードをかざしてください。',
    ERR_VISITOR_METHOD: '求められた方法でカードを読み取ってください。',
    ERR_VISITOR_REQUEST: '時間がたちすぎました。もう一度はじめからカードをかざしてください。',
  },
};
