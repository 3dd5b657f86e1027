import { readU16 } from '../bytes';
import { internetChecksum } from '../checksum';
import {
  echoId,
  echoSeq,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_FRAG_NEEDED,
  ICMP_LENGTH,
  ICMP_PARAMETERPROB,
  ICMP_PORT_UNREACH,
  ICMP_PROT_UNREACH,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  isIcmpErrorType,
  readIcmp,
  type IcmpHeader,
} from '../icmp';
import { formatIp4 } from '../ip4';
import { IPPROTO_TCP, IPPROTO_UDP, parseQuotedIpv4 } from '../ipv4';
import { isMalformed } from '../malformed';
import { cut, type Carrier, type Context } from './context';

/** `icmp_print`: `length` is the message's, also when the frame holds less of it. */
export function printIcmp(
  context: Context,
  at: number,
  end: number,
  length: number,
  carrier: Carrier,
): string {
  const { bytes } = context;
  const header = readIcmp(bytes.subarray(0, end), at);
  if (isMalformed(header)) return cut('icmp');
  const what = describe(bytes, at + ICMP_LENGTH, end, header);
  if (what === undefined) return cut('icmp');
  const text = `ICMP ${what}, length ${length}`;
  if (!context.verbose) return text;
  const whole = end - at >= length && !carrier.moreFragments;
  return text + (whole ? checksumNote(bytes, at, at + length) : '') + quoteOf(context, header, at, end);
}

function checksumNote(bytes: Uint8Array, at: number, end: number): string {
  if (internetChecksum(bytes, at, end) === 0) return '';
  const copy = bytes.slice(at, end);
  copy.fill(0, 2, 4);
  const right = internetChecksum(copy, 0, copy.length);
  return ` (wrong icmp cksum ${readU16(bytes, at + 2).toString(16)} (->${right.toString(16)})!)`;
}

function quoteOf(context: Context, header: IcmpHeader, at: number, end: number): string {
  if (!isIcmpErrorType(header.type)) return '';
  const quote = at + ICMP_LENGTH;
  // The quote is printed by the length it claims, so that a cut one is not reported as such.
  return '\n\t' + context.printIp(quote, end, readU16(context.bytes, quote + 2));
}

/** What the message says; `undefined` when it should quote a packet and does not. */
function describe(bytes: Uint8Array, quote: number, end: number, header: IcmpHeader): string | undefined {
  switch (header.type) {
    case ICMP_ECHO:
      return `echo request, id ${echoId(header)}, seq ${echoSeq(header)}`;
    case ICMP_ECHOREPLY:
      return `echo reply, id ${echoId(header)}, seq ${echoSeq(header)}`;
    case ICMP_DEST_UNREACH:
      return unreachable(bytes, quote, end, header);
    case ICMP_REDIRECT:
      return redirect(bytes, quote, end, header);
    case ICMP_TIME_EXCEEDED:
      if (header.code === 0) return 'time exceeded in-transit';
      return header.code === 1 ? 'ip reassembly time exceeded' : `time exceeded-#${header.code}`;
    case ICMP_PARAMETERPROB:
      return `parameter problem - ${header.code === 0 ? `octet ${header.rest >>> 24}` : `code ${header.code}`}`;
    default:
      return OTHER_TYPES.get(header.type) ?? `type-#${header.type}`;
  }
}

const OTHER_TYPES = new Map([
  [4, 'source quench'],
  [9, 'router advertisement'],
  [10, 'router solicitation'],
  [13, 'time stamp request'],
  [14, 'time stamp reply'],
  [15, 'information request'],
  [16, 'information reply'],
  [17, 'address mask request'],
]);

/** Text around the quoted destination for the codes that need nothing else. */
const UNREACHABLE = new Map<number, [before: string, after: string]>([
  [0, ['net ', '']],
  [1, ['host ', '']],
  [5, ['', ' - source route failed']],
  [6, ['net ', ' - unknown']],
  [7, ['host ', ' - unknown']],
  [8, ['', ' - source host isolated']],
  [9, ['net ', ' - admin prohibited']],
  [10, ['host ', ' - admin prohibited']],
  [11, ['net ', ' - tos prohibited']],
  [12, ['host ', ' - tos prohibited']],
  [13, ['host ', ' - admin prohibited filter']],
  [14, ['host ', ' - host precedence violation']],
  [15, ['host ', ' - precedence cutoff']],
]);

function unreachable(bytes: Uint8Array, quote: number, end: number, header: IcmpHeader): string | undefined {
  const quoted = parseQuotedIpv4(bytes.subarray(0, end), quote);
  if (isMalformed(quoted)) return undefined;
  const dst = formatIp4(quoted.dst);
  if (header.code === ICMP_PROT_UNREACH) return `${dst} protocol ${quoted.protocol} unreachable`;
  if (header.code === ICMP_PORT_UNREACH) {
    const port = readU16(bytes, quote + quoted.headerLength + 2);
    if (quoted.protocol === IPPROTO_TCP) return `${dst} tcp port ${port} unreachable`;
    if (quoted.protocol === IPPROTO_UDP) return `${dst} udp port ${port} unreachable`;
    return `${dst} protocol ${quoted.protocol} port ${port} unreachable`;
  }
  if (header.code === ICMP_FRAG_NEEDED) {
    const mtu = header.rest & 0xffff;
    return `${dst} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`;
  }
  const [before, after] = UNREACHABLE.get(header.code) ?? ['', ` - #${header.code}`];
  return `${before}${dst} unreachable${after}`;
}

function redirect(bytes: Uint8Array, quote: number, end: number, header: IcmpHeader): string | undefined {
  const quoted = parseQuotedIpv4(bytes.subarray(0, end), quote);
  if (isMalformed(quoted)) return undefined;
  const dst = formatIp4(quoted.dst);
  const gateway = formatIp4(header.rest);
  switch (header.code) {
    case 0:
      return `redirect ${dst} to net ${gateway}`;
    case 1:
      return `redirect ${dst} to host ${gateway}`;
    case 2:
      return `redirect-tos ${dst} to net ${gateway}`;
    case 3:
      return `redirect-tos ${dst} to host ${gateway}`;
    default:
      return `redirect-#${header.code} ${dst} to ${gateway}`;
  }
}
