import { readU16, readU32 } from '../bytes';
import { internetChecksum } from '../checksum';
import {
  echoId,
  echoSeq,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_FRAG_NEEDED,
  ICMP_LENGTH,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  isIcmpErrorType,
  readIcmp,
  type IcmpHeader,
} from '../icmp';
import { formatIp4 } from '../ip4';
import { isMalformed } from '../malformed';
import { cutShort, field, hex, type Hint, type Read } from './context';
import type { Field } from './types';

const TYPE_NAMES = new Map([
  [ICMP_ECHOREPLY, 'Echo reply'],
  [ICMP_DEST_UNREACH, 'Destination unreachable'],
  [ICMP_REDIRECT, 'Redirect'],
  [ICMP_ECHO, 'Echo request'],
  [ICMP_TIME_EXCEEDED, 'Time exceeded'],
  [12, 'Parameter problem'],
]);

const UNREACHABLE_NAMES = new Map([
  [0, 'Network unreachable'],
  [1, 'Host unreachable'],
  [2, 'Protocol unreachable'],
  [3, 'Port unreachable'],
  [4, 'Fragmentation needed'],
  [5, 'Source route failed'],
  [6, 'Network unknown'],
  [7, 'Host unknown'],
  [9, 'Network prohibited'],
  [10, 'Host prohibited'],
  [13, 'Packet filtered'],
]);

export function readIcmpLayer(bytes: Uint8Array, at: number, end: number, hint: Hint): Read {
  const header = readIcmp(bytes.subarray(0, end), at);
  if (isMalformed(header)) return cutShort('icmp', at, end, header.malformed);
  // A fragment or a cut quote does not hold all that the checksum covers.
  const checkable = hint.pseudo !== undefined;
  const right = internetChecksum(bytes, at, end) === 0;
  const isError = isIcmpErrorType(header.type);
  const body = at + ICMP_LENGTH;
  return {
    layer: {
      protocol: 'icmp',
      offset: at,
      length: ICMP_LENGTH,
      summary: summaryOf(header),
      fields: [
        field('icmp.type', 'Type', at, 1, header.type, { note: TYPE_NAMES.get(header.type) }),
        field('icmp.code', 'Code', at + 1, 1, header.code, { note: codeName(header) }),
        field('icmp.checksum', 'Checksum', at + 2, 2, hex(header.checksum, 4), {
          note: checkable ? (right ? 'correct' : 'wrong') : undefined,
        }),
        ...restFields(bytes, at, header),
      ],
      ...(checkable && !right ? { malformed: 'bad ICMP checksum' } : {}),
    },
    parts: [isError ? { next: 'ipv4', at: body, end, inside: 'quote' } : { next: 'data', at: body, end }],
  };
}

function restFields(bytes: Uint8Array, at: number, header: IcmpHeader): Field[] {
  if (header.type === ICMP_ECHO || header.type === ICMP_ECHOREPLY) {
    return [
      field('icmp.id', 'Identifier', at + 4, 2, echoId(header)),
      field('icmp.seq', 'Sequence number', at + 6, 2, echoSeq(header)),
    ];
  }
  if (header.type === ICMP_DEST_UNREACH && header.code === ICMP_FRAG_NEEDED) {
    return [
      field('icmp.unused', 'Unused', at + 4, 2, readU16(bytes, at + 4)),
      field('icmp.mtu', 'MTU of next hop', at + 6, 2, header.rest & 0xffff),
    ];
  }
  if (header.type === ICMP_REDIRECT) {
    return [field('icmp.gateway', 'Gateway', at + 4, 4, formatIp4(header.rest))];
  }
  return [field('icmp.rest', 'Unused', at + 4, 4, hex(readU32(bytes, at + 4), 8))];
}

function codeName(header: IcmpHeader): string | undefined {
  if (header.type === ICMP_DEST_UNREACH) return UNREACHABLE_NAMES.get(header.code);
  if (header.type === ICMP_TIME_EXCEEDED) {
    if (header.code === 0) return 'Time to live exceeded in transit';
    if (header.code === 1) return 'Reassembly time exceeded';
  }
  if (header.type === ICMP_REDIRECT && header.code <= 1)
    return header.code === 0 ? 'For network' : 'For host';
  return undefined;
}

function summaryOf(header: IcmpHeader): string {
  const name = TYPE_NAMES.get(header.type) ?? `Type ${header.type}`;
  if (header.type === ICMP_ECHO || header.type === ICMP_ECHOREPLY) {
    return `${name}, id ${echoId(header)}, seq ${echoSeq(header)}`;
  }
  if (header.type === ICMP_DEST_UNREACH && header.code === ICMP_FRAG_NEEDED) {
    return `Fragmentation needed, mtu ${header.rest & 0xffff}`;
  }
  if (header.type === ICMP_REDIRECT) return `Redirect to ${formatIp4(header.rest)}`;
  return codeName(header) ?? (header.code === 0 ? name : `${name}, code ${header.code}`);
}
