import { BlockList, isIP } from 'node:net';

/** Who may be asked besides public hosts by https: names, addresses and networks. */
export class Destinations {
  readonly #names: ReadonlySet<string>;
  readonly #networks = new BlockList();

  /** Throws `RangeError` where one is none of these. */
  constructor(allow: readonly string[]) {
    this.#names = new Set(allow.filter(isName).map((name) => name.toLowerCase()));
    for (const one of allow) if (!isName(one)) addNetwork(this.#networks, one);
  }

  /** Why nothing is sent there, by the address as it is written; undefined where it may be. */
  refusal(text: string): string | undefined {
    if (!URL.canParse(text)) return 'not an address';
    const url = new URL(text);
    const host = hostOf(url);
    const literal = isIP(host) !== 0;
    const named = literal ? this.#holds(host) : this.knows(host);
    if (url.protocol !== 'https:' && !(named && url.protocol === 'http:')) {
      return 'begins with https://';
    }
    if (url.username !== '' || url.password !== '') return 'holds a name or password';
    if (url.hash !== '') return 'ends with #';
    if (!named && !PORTS.has(url.port)) return 'has another port than 443 or 8443';
    return literal && !this.permits(host) ? 'not a public address' : undefined;
  }

  /** By name: wherever it leads. */
  knows(host: string): boolean {
    return this.#names.has(host.toLowerCase());
  }

  /** An address that may be connected to. */
  permits(address: string): boolean {
    return isPublic(address) || this.#holds(address);
  }

  #holds(address: string): boolean {
    return this.#networks.check(address, familyOf(address));
  }
}

/** Whether a name, address or network is meant at all. */
export function isDestination(text: string): boolean {
  return isName(text) || networkOf(text) !== undefined;
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

const PORTS: ReadonlySet<string> = new Set(['', '443', '8443']);

/** IANA's special-purpose registries, 2026: what is not globally reachable, or leads to IPv4 by a detour. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of 2000::/3, the only part of IPv6 that is public at all. */
const GLOBAL_IPV6 = '2000::/3';
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = new BlockList();
for (const network of [...SPECIAL_IPV4, ...SPECIAL_IPV6]) addNetwork(special, network);
const globalIpv6 = new BlockList();
addNetwork(globalIpv6, GLOBAL_IPV6);

export function isPublic(address: string): boolean {
  const family = familyOf(address);
  if (family === 'ipv6' && !globalIpv6.check(address, family)) return false;
  return !special.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Not an address, and without the slash of a network. */
function isName(text: string): boolean {
  return isIP(text) === 0 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text);
}

function networkOf(text: string): { address: string; length: number } | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  const wrong = isIP(address) === 0 || !(length <= longest) || more.length > 0;
  return wrong ? undefined : { address, length };
}

function addNetwork(list: BlockList, text: string): void {
  const network = networkOf(text);
  if (!network) throw new RangeError(`${text}: not a host, address or network`);
  list.addSubnet(network.address, network.length, familyOf(network.address));
}
