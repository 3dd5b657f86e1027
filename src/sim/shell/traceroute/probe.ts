/** One probe of traceroute, and what an ICMP error says about it. */
import {
  ICMP_DEST_UNREACH,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_PORT_UNREACH,
  ICMP_TIME_EXCEEDED,
  type Ip4,
} from '../../wire/index';
import type { SimTime, UdpSocket } from '../../kernel/netlink';

export interface Probe {
  readonly index: number;
  /** Undefined: not sent yet. */
  sentAt: SimTime | undefined;
  receivedAt: SimTime | undefined;
  /** Who answered. */
  from: Ip4 | undefined;
  /** `!H` and its kind. */
  error: string;
  /** Nothing more is awaited: answered or given up. */
  done: boolean;
  /** The journey ends in this hop. */
  final: boolean;
  /** UDP: its own socket. */
  socket: UdpSocket | undefined;
  /** ICMP: its sequence number. */
  seq: number;
}

export function newProbe(index: number): Probe {
  return {
    index,
    sentAt: undefined,
    receivedAt: undefined,
    from: undefined,
    error: '',
    done: false,
    final: false,
    socket: undefined,
    seq: 0,
  };
}

/** Codes of destination unreachable that have a letter of their own; port unreachable is what one hopes for. */
const UNREACHABLE = new Map<number, string>([
  [0, '!N'],
  [6, '!N'],
  [8, '!N'],
  [11, '!N'],
  [1, '!H'],
  [7, '!H'],
  [12, '!H'],
  [9, '!X'],
  [10, '!X'],
  [13, '!X'],
  [2, '!P'],
  [5, '!S'],
  [14, '!V'],
  [15, '!C'],
  [ICMP_PORT_UNREACH, ''],
]);

/** parse_icmp_res: what is printed after the time, and whether the journey ends here. `mtu`: of fragmentation needed. */
export function verdict(type: number, code: number, mtu: number): { error: string; final: boolean } {
  if (type === ICMP_TIME_EXCEEDED && code === ICMP_EXC_TTL) return { error: '', final: false };
  if (type !== ICMP_DEST_UNREACH) return { error: `!<${type}-${code}>`, final: true };
  if (code === ICMP_FRAG_NEEDED) return { error: `!F-${mtu}`, final: true };
  return { error: UNREACHABLE.get(code) ?? `!<${code}>`, final: true };
}
