import { afterAll, beforeAll } from 'vitest';
import { newCa } from '../../whitelist-builder/fixture.ts';
import { soldOnce, TestShop } from '../selling.ts';
import { TestCard } from '../visiting.ts';

let shop: TestShop;
let card: TestCard;
let other: TestCard;

beforeAll(async () => {
  const ca = await newCa();
  shop = await TestShop.open();
  [card, other] = [await TestCard.issue(ca, '0705d990'), await TestCard.issue(ca, '0705d991')];
}, 60_000);
afterAll(() => shop.started.close());

soldOnce(() => ({ shop, card, other }));
