import {
  Destinations,
  isDestination,
  isPublic,
} from '@pinless-gate/issuer-console/webhooks/destinations';
import { describe, expect, test } from 'vitest';

describe('isPublic', () => {
  // IANA IPv4 and IPv6 Special-Purpose Address Registries: first, last and neighbours.
  test.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.1', '127.255.255.255'],
    ['169.254.0.0', '169.254.169.254'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.1', '192.168.0.1'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.7', '203.0.113.7'],
    ['224.0.0.1', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
    ['::', '::1'],
    ['::ffff:8.8.8.8', '::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1', '64:ff9b:1::1'],
    ['100::1', '2001::1'],
    ['2001:1ff:ffff::1', '2001:db8::1'],
    ['2002:7f00:1::', '3fff:fff::1'],
    ['fc00::1', 'fdff::1'],
    ['fe80::1', 'ff02::1'],
    ['5f00::1', '4000::1'],
  ])('%s and %s are not', (...addresses) => {
    expect(addresses.filter(isPublic)).toEqual([]);
  });

  test.each([
    ['1.1.1.1', '9.255.255.255'],
    ['11.0.0.0', '100.63.255.255'],
    ['100.128.0.0', '126.255.255.255'],
    ['128.0.0.0', '169.253.255.255'],
    ['172.15.255.255', '172.32.0.0'],
    ['192.167.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.20.0.0'],
    ['223.255.255.255', '2606:4700::1111'],
    ['2001:200::1', '2400:8500::1'],
  ])('%s and %s are', (...addresses) => {
    expect(addresses.filter((one) => !isPublic(one))).toEqual([]);
  });
});

describe('refusal', () => {
  const strict = new Destinations([]);
  test.each([
    'https://shop.example.jp/hooks',
    'https://shop.example.jp:443/',
    'https://shop.example.jp:8443/?token=1',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
  ])('%s may be asked', (url) => {
    expect(strict.refusal(url)).toBeUndefined();
  });

  test.each([
    ['shop.example.jp', 'not an address'],
    ['http://shop.example.jp/', 'begins with https://'],
    ['ftp://shop.example.jp/', 'begins with https://'],
    ['file:///etc/passwd', 'begins with https://'],
    ['https://user@shop.example.jp/', 'holds a name or password'],
    ['https://:pass@shop.example.jp/', 'holds a name or password'],
    ['https://shop.example.jp/#x', 'ends with #'],
    ['https://shop.example.jp:22/', 'has another port than 443 or 8443'],
    ['https://127.0.0.1/', 'not a public address'],
    ['https://0x7f.1/', 'not a public address'],
    ['https://2130706433/', 'not a public address'],
    ['https://[::1]/', 'not a public address'],
    ['https://[::ffff:127.0.0.1]/', 'not a public address'],
    ['https://169.254.169.254/latest/meta-data/', 'not a public address'],
  ])('%s: %s', (url, why) => {
    expect(strict.refusal(url)).toBe(why);
  });

  const open = new Destinations(['hooks.internal', '10.0.5.0/24', '127.0.0.1', 'fd00::/8']);
  test.each([
    ['http://hooks.internal:9000/', undefined],
    ['http://HOOKS.internal/', undefined],
    ['https://other.internal:9000/', 'has another port than 443 or 8443'],
    ['http://10.0.5.7:9000/', undefined],
    ['https://10.0.6.7/', 'not a public address'],
    ['http://127.0.0.1:80/', undefined],
    ['https://127.0.0.2/', 'not a public address'],
    ['http://[fd00::5]/', undefined],
    ['ftp://hooks.internal/', 'begins with https://'],
    ['http://hooks.internal.example/', 'begins with https://'],
  ])('where some are allowed: %s: %s', (url, why) => {
    expect(open.refusal(url)).toBe(why);
  });
});

test.each([
  ['localhost', true],
  ['hooks.internal', true],
  ['10.0.0.0/8', true],
  ['::1/128', true],
  ['10.0.0.0/33', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/x', false],
  ['10.0.0.0/8/9', false],
  ['https://x', false],
  ['', false],
  ['-x', false],
])('isDestination(%s): %s', (text, is) => {
  expect(isDestination(text)).toBe(is);
});
