import type { PurchaseListMessages } from './purchase-list-messages.ts';

export const purchaseListJa: PurchaseListMessages = {
  title: '購入',
  find: '購入を探す',
  search: '購入番号',
  searchHint: '番号の全体、または始まりの部分',
  go: '探す',
  byState: '状態別（変更の新しい順）',
  found: '見つかった購入',
  ofState: (state) => `${state}の購入`,
  none: 'ありません',
  number: '番号',
  state: '状態',
  tickets: '券の数',
  ticketsOf: (count) => `${count} 枚`,
  changed: '最後の変更',
  listed: 'リスト',
  listings: { no: '載らない', waiting: '次のリストを待つ', exported: '書き出し済み' },
  more: '続きの購入',
};
