import type { Language } from './language.ts';
import type { ShopMessages } from './shop-messages.ts';
import { shopEn } from './shop-messages-en.ts';
import { shopJa } from './shop-messages-ja.ts';

const SHOP: Readonly<Record<Language, ShopMessages>> = { ja: shopJa, en: shopEn };

export const shopWords = (language: Language): ShopMessages => SHOP[language];
