import type { LinkType } from '../dissect/types';

export interface TcpdumpOptions {
  /** `-e`: print link-level headers */
  ethernet: boolean;
  /** `-v`: print TTL, id, flags, checksums and what ICMP errors quote */
  verbose?: boolean;
  /**
   * lets TCP sequence numbers count from the connection's start across the frames of one capture, as tcpdump's do;
   * without it every frame is printed as the first of its capture, so with absolute numbers
   */
  tcp?: TcpSequences;
}

/** First sequence numbers by connection, kept by the caller from frame to frame. Filled by `tcpdumpLine`. */
export type TcpSequences = Map<string, { seq: number; ack: number }>;

/** What the printers of single protocols share: the frame, the options, and the printers they hand on to. */
export interface Context {
  bytes: Uint8Array;
  linkType: LinkType;
  ethernet: boolean;
  verbose: boolean;
  tcp: TcpSequences;
  /** an IPv4 packet in `bytes[at … end)` that claims to be `length` bytes long */
  printIp(at: number, end: number, length: number): string;
  printEthernet(at: number, end: number): string;
}

/** The addresses and the fragment bit that transport printers need from the IP header. */
export interface Carrier {
  src: number;
  dst: number;
  moreFragments: boolean;
}

/**
 * tcpdump's printer for what it cannot read (`hex_and_ascii_print`): sixteen bytes a line in groups of two, then the same
 * bytes as text.
 */
export function hexDump(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  for (let line = at; line < end; line += 16) {
    let hex = '';
    let ascii = '';
    for (let i = line; i < Math.min(line + 16, end); i++) {
      const byte = bytes[i] ?? 0;
      hex += ((i - line) % 2 === 0 ? ' ' : '') + byte.toString(16).padStart(2, '0');
      ascii += byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.';
    }
    text += `\n\t0x${(line - at).toString(16).padStart(4, '0')}: ${hex.padEnd(40)}  ${ascii}`;
  }
  return text;
}

/** How tcpdump says that the frame ends before the header does (`nd_print_trunc`). */
export function cut(protocol: string): string {
  return ` [|${protocol}]`;
}
