/** What ping says of an ICMP error (ping.c pr_icmph). */
import {
  ICMP_DEST_UNREACH,
  ICMP_EXC_FRAGTIME,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  formatIp4,
} from '../../wire/index';

const SOURCE_QUENCH = 4;

const UNREACHABLE: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  'Frag needed and DF set',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
];
const REDIRECTS: readonly string[] = [
  'Redirect Network',
  'Redirect Host',
  'Redirect Type of Service and Network',
  'Redirect Type of Service and Host',
];

/** `info`: the MTU for fragmentation needed, the gateway for a redirect. */
export function icmpText(type: number, code: number, info: number): string {
  switch (type) {
    case ICMP_DEST_UNREACH:
      if (code === ICMP_FRAG_NEEDED) return `${UNREACHABLE[code]} (mtu = ${info})`;
      return UNREACHABLE[code] ?? `Dest Unreachable, Bad Code: ${code}`;
    case SOURCE_QUENCH:
      return 'Source Quench';
    case ICMP_REDIRECT:
      return `${REDIRECTS[code] ?? `Redirect, Bad Code: ${code}`}(New nexthop: ${formatIp4(info)})`;
    case ICMP_TIME_EXCEEDED:
      if (code === ICMP_EXC_TTL) return 'Time to live exceeded';
      if (code === ICMP_EXC_FRAGTIME) return 'Frag reassembly time exceeded';
      return `Time exceeded, Bad Code: ${code}`;
    case ICMP_PARAMETERPROB:
      return `Parameter problem: pointer = ${info}`;
    default:
      return `Bad ICMP type: ${type}`;
  }
}
