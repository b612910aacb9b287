import type { KeyRefusalCode } from '../domain/key-refusal.ts';

export const keyRefusalsJa: Readonly<Record<KeyRefusalCode, string>> = {
  ERR_DESTRUCTION_FORM: '廃棄の記録を読めません。',
  ERR_DESTRUCTION_KEYS: '記録に、このゲートへ送った鍵がありません。',
  ERR_DESTRUCTION_SIGNATURE: '登録済みの機器鍵で署名された記録ではありません。',
  ERR_DESTRUCTION_TIME: '記録の時刻がまだ来ていません。ゲートの時計を確かめてください。',
  ERR_ENVELOPE_EXPIRED: '包んだ鍵の期間が終わっています。包み直してください。',
  ERR_ENVELOPE_FORM: '包んだ鍵を読めません。',
  ERR_ENVELOPE_SIGNATURE:
    'このコンソールの公開者の鍵で署名されていません。どのゲートも受け取りません。',
  ERR_ENVELOPE_TRANSPORT_KEY:
    'ゲートの今の受け取り鍵に宛てたものではありません。ゲート鍵を保存し直して、包み直してください。',
  ERR_GATE_CODE:
    '照合コードが合いません。もう一度読み上げてもらってください。それでも合わなければ、このゲートを失効してください。',
  ERR_GATE_COMPARE: '照合できません。ゲートが鍵を申告していないか、失効しています。',
  ERR_GATE_UNKNOWN: 'このゲートはありません。',
  ERR_KEYS_EVENT: 'この公演の鍵はありません。',
  ERR_KEYS_GATE: '登録のない、または失効したゲートのものです。何も受け付けていません。',
  ERR_KEY_CHAIN: '証明書を読めません。',
  ERR_KEY_CHAIN_ANCHOR: 'CVCA の証明書も一緒に届けてください。鍵の曲線は、そこにしかありません。',
  ERR_KEY_CHAIN_DATES: '期限の切れた、またはまだ有効でない証明書があります。',
  ERR_KEY_CHAIN_KEY: '申請が届いていない鍵の証明書です。先に申請を届けてください。',
  ERR_KEY_CHAIN_ORDER: '証明書が一つの鎖になりません。足りないか、形式が混ざっています。',
  ERR_KEY_CHAIN_SIGNATURE: '前の証明書に署名されていない証明書があります。',
  ERR_KEY_FILE_COUNT: 'ファイルを一つ以上選んでください。記録は一つずつです。',
  ERR_KEY_FILE_KIND: '別の手順のファイルです。',
  ERR_KEY_FILE_SECRET:
    '秘密鍵か PIN でした。保存していませんが、置き場所から出ました。他人に知られたものとして、取り替えてください。',
  ERR_KEY_FILE_SIZE: 'ファイルが空か、4 MiB を超えています。',
  ERR_KEY_FILE_UNKNOWN: 'セレモニーのファイルではありません。',
  ERR_KEY_LOG: '記録が成り立ちません。行が変えられたか、記録ではありません。控えと比べてください。',
  ERR_KEY_LOG_FORK:
    '前に届いた記録とつながりません。両方を保管し、だれが変えたかを調べてください。',
  ERR_KEY_LOG_SHORTER: '前に届いた記録の方が長いです。行が切り取られたか、古い控えです。',
  ERR_KEY_LOG_SIGNATURE: '管理者の署名でない承認があるか、承認が足りません。',
  ERR_KEY_REQUEST: '申請を読めません。',
  ERR_KEY_REQUEST_SIGNATURE: '申請が、その鍵自身で署名されていません。',
};
