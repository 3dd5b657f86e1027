/**
 * The TCP states of a tracked connection (net/netfilter/nf_conntrack_proto_tcp.c, tcp_conntracks): which segment, in which
 * direction, leads from which state to which. Leaves out: window tracking (nothing is out of window here).
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../wire/index';
import { SECOND } from '../costs';

export type TcpState =
  | 'NONE'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'SYN_SENT2';
const ORDER: readonly TcpState[] = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
];
/** Two letters a state as in the kernel's table: IV invalid, IG ignored; columns in ORDER. */
const TABLE: Readonly<Record<'orig' | 'reply', Readonly<Record<Segment, string>>>> = {
  orig: {
    syn: 'SS SS IG IG IG IG IG SS SS S2',
    synack: 'IV IV SR IV IV IV IV IV IV SR',
    fin: 'IV IV FW FW LA LA LA TW CL IV',
    ack: 'ES IV ES ES CW CW TW TW CL IV',
    rst: 'IV CL CL CL CL CL CL CL CL CL',
    none: 'IV IV IV IV IV IV IV IV IV IV',
  },
  reply: {
    syn: 'IV S2 IV IV IV IV IV SS IV S2',
    synack: 'IV SR IG IG IG IG IG IG IG SR',
    fin: 'IV IV FW FW LA LA LA TW CL IV',
    ack: 'IV IG SR ES CW CW TW TW CL IG',
    rst: 'IV CL CL CL CL CL CL CL CL CL',
    none: 'IV IV IV IV IV IV IV IV IV IV',
  },
};
const LETTERS: Readonly<Record<string, TcpState | 'ignore' | 'invalid'>> = {
  SS: 'SYN_SENT',
  SR: 'SYN_RECV',
  ES: 'ESTABLISHED',
  FW: 'FIN_WAIT',
  CW: 'CLOSE_WAIT',
  LA: 'LAST_ACK',
  TW: 'TIME_WAIT',
  CL: 'CLOSE',
  S2: 'SYN_SENT2',
  IG: 'ignore',
  IV: 'invalid',
};
type Segment = 'syn' | 'synack' | 'fin' | 'ack' | 'rst' | 'none';

function segmentOf(flags: number): Segment {
  if (flags & TCP_RST) return 'rst';
  if (flags & TCP_SYN) return flags & TCP_ACK ? 'synack' : 'syn';
  if (flags & TCP_FIN) return 'fin';
  return flags & TCP_ACK ? 'ack' : 'none';
}

export function nextTcpState(
  state: TcpState,
  direction: 'orig' | 'reply',
  flags: number,
): TcpState | 'ignore' | 'invalid' {
  const row = TABLE[direction][segmentOf(flags)].split(' ');
  return LETTERS[row[ORDER.indexOf(state)] ?? 'IV'] ?? 'invalid';
}

export const TCP_TIMEOUT: Readonly<Record<TcpState, number>> = {
  NONE: 10 * SECOND,
  SYN_SENT: 120 * SECOND,
  SYN_RECV: 60 * SECOND,
  ESTABLISHED: 432_000 * SECOND,
  FIN_WAIT: 120 * SECOND,
  CLOSE_WAIT: 60 * SECOND,
  LAST_ACK: 30 * SECOND,
  TIME_WAIT: 120 * SECOND,
  CLOSE: 10 * SECOND,
  SYN_SENT2: 120 * SECOND,
};
