/** Names for numbers: protocols, services and ICMP types, as a small system's /etc and iptables itself know them. */
import { usageError } from './fail';

export const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
};
const SERVICES: Readonly<Record<string, number>> = {
  tcpmux: 1,
  echo: 7,
  discard: 9,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  http: 80,
  kerberos: 88,
  pop3: 110,
  sunrpc: 111,
  ntp: 123,
  imap2: 143,
  snmp: 161,
  bgp: 179,
  ldap: 389,
  https: 443,
  mysql: 3306,
  'http-alt': 8080,
};

export function protocolNumber(word: string): number {
  const lower = word.toLowerCase();
  if (lower === 'all') return 0;
  const number = /^\d+$/.test(lower) && Number(lower) <= 255 ? Number(lower) : PROTOCOLS[lower];
  return number ?? usageError(`unknown protocol "${lower}" specified`);
}
export function protocolName(protocol: number): string | undefined {
  return Object.keys(PROTOCOLS).find((name) => PROTOCOLS[name] === protocol);
}
export function serviceName(port: number): string | undefined {
  return Object.keys(SERVICES).find((name) => SERVICES[name] === port);
}
export function portOfService(name: string): number | undefined {
  return Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
}
/** xtables_parse_port */
export function portNumber(word: string): number {
  const number = /^(?:0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : SERVICES[word];
  if (number === undefined || number > 65_535) return usageError(`invalid port/service \`${word}' specified`);
  return number;
}

/** [name, type, lowest code, highest code] in iptables' order: the first that fits a number names it. */
export const ICMP_TYPES: readonly (readonly [string, number, number, number])[] = [
  ['any', 255, 0, 255],
  ['echo-reply', 0, 0, 255],
  ['pong', 0, 0, 255],
  ['destination-unreachable', 3, 0, 255],
  ['network-unreachable', 3, 0, 0],
  ['host-unreachable', 3, 1, 1],
  ['protocol-unreachable', 3, 2, 2],
  ['port-unreachable', 3, 3, 3],
  ['fragmentation-needed', 3, 4, 4],
  ['source-route-failed', 3, 5, 5],
  ['network-unknown', 3, 6, 6],
  ['host-unknown', 3, 7, 7],
  ['network-prohibited', 3, 9, 9],
  ['host-prohibited', 3, 10, 10],
  ['TOS-network-unreachable', 3, 11, 11],
  ['TOS-host-unreachable', 3, 12, 12],
  ['communication-prohibited', 3, 13, 13],
  ['host-precedence-violation', 3, 14, 14],
  ['precedence-cutoff', 3, 15, 15],
  ['source-quench', 4, 0, 255],
  ['redirect', 5, 0, 255],
  ['network-redirect', 5, 0, 0],
  ['host-redirect', 5, 1, 1],
  ['TOS-network-redirect', 5, 2, 2],
  ['TOS-host-redirect', 5, 3, 3],
  ['echo-request', 8, 0, 255],
  ['ping', 8, 0, 255],
  ['router-advertisement', 9, 0, 255],
  ['router-solicitation', 10, 0, 255],
  ['time-exceeded', 11, 0, 255],
  ['ttl-exceeded', 11, 0, 255],
  ['ttl-zero-during-transit', 11, 0, 0],
  ['ttl-zero-during-reassembly', 11, 1, 1],
  ['parameter-problem', 12, 0, 255],
  ['ip-header-bad', 12, 0, 0],
  ['required-option-missing', 12, 1, 1],
  ['timestamp-request', 13, 0, 255],
  ['timestamp-reply', 14, 0, 255],
  ['address-mask-request', 17, 0, 255],
  ['address-mask-reply', 18, 0, 255],
];

/** xtables_parse_icmp: a name or the beginning of one, or TYPE[/CODE]. */
export function icmpType(word: string): { type: number; codeLow: number; codeHigh: number } {
  const lower = word.toLowerCase();
  const found = ICMP_TYPES.filter(([name]) => name.toLowerCase().startsWith(lower));
  const [first, second] = found;
  if (first && second) {
    usageError(`Ambiguous ICMP type \`${word}': \`${first[0]}' or \`${second[0]}'?`);
  }
  if (first) return { type: first[1], codeLow: first[2], codeHigh: first[3] };
  const numbers = /^(\d+)(?:\/(\d+)(?:-(\d+))?)?$/.exec(word);
  const type = Number(numbers?.[1] ?? 256);
  if (type > 255) return usageError(`Unknown ICMP type \`${word}'`);
  if (numbers?.[2] === undefined) return { type, codeLow: 0, codeHigh: 255 };
  const low = Number(numbers[2]);
  const high = Number(numbers[3] ?? numbers[2]);
  if (low > 255) return usageError(`Unknown ICMP code \`${numbers[2]}'`);
  return { type, codeLow: low, codeHigh: high };
}
