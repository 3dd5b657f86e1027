import { readU16, readU32, toHex } from '../bytes';
import { internetChecksum, pseudoHeaderSum } from '../checksum';
import { formatIp4 } from '../ip4';
import { IPPROTO_TCP } from '../ipv4';
import { isMalformed } from '../malformed';
import {
  parseTcp,
  parseTcpOptions,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  TCPOPT_EOL,
  TCPOPT_MSS,
  TCPOPT_NOP,
  TCPOPT_SACK,
  TCPOPT_SACK_PERM,
  TCPOPT_TIMESTAMP,
  TCPOPT_WINDOW,
  verifyTcp,
  type TcpHeader,
  type TcpOption,
} from '../tcp';
import { cut, type Carrier, type Context, type TcpSequences } from './context';

const BGP_PORT = 179;
const HTTP_PORTS = [80, 8080, 3128];

/** In tcpdump's order (`tcp_flag_values`). */
const FLAGS: readonly [mask: number, letter: string][] = [
  [TCP_FIN, 'F'],
  [TCP_SYN, 'S'],
  [TCP_RST, 'R'],
  [TCP_PSH, 'P'],
  [TCP_ACK, '.'],
  [TCP_URG, 'U'],
  [TCP_ECE, 'E'],
  [TCP_CWR, 'W'],
];

/** `tcp_print`; `length` is what the IP header says of the segment, also when the frame holds less of it. */
export function printTcp(
  context: Context,
  at: number,
  end: number,
  length: number,
  carrier: Carrier,
): string {
  const { bytes } = context;
  const src = formatIp4(carrier.src);
  const dst = formatIp4(carrier.dst);
  if (end - at < 4) return `${src} > ${dst}:${cut('tcp')}`;
  const ports = `${src}.${readU16(bytes, at)} > ${dst}.${readU16(bytes, at + 2)}: `;
  const header = parseTcp(bytes, at, end - at);
  if (isMalformed(header)) return `${ports}${cut('tcp')}`;
  const dataLength = length - header.headerLength;
  const base = baseOf(context.tcp, header, carrier);
  const letters = FLAGS.filter(([mask]) => (header.flags & mask) !== 0).map(([, letter]) => letter);
  let text = `${ports}Flags [${letters.length === 0 ? 'none' : letters.join('')}]`;
  if (context.verbose && !carrier.moreFragments && end - at >= length) {
    text += checksumOf(bytes, at, length, carrier, header.checksum);
  }
  text += numbersOf(header, dataLength, base);
  if (header.options.length > 0) text += `, options [${optionsOf(header, base).join(',')}]`;
  return `${text}, length ${dataLength}${applicationOf(context, header, at, end, dataLength)}`;
}

function numbersOf(header: TcpHeader, dataLength: number, base: Base): string {
  let text = '';
  if (dataLength > 0 || (header.flags & (TCP_SYN | TCP_FIN | TCP_RST)) !== 0) {
    const seq = (header.seq - base.seq) >>> 0;
    text += `, seq ${seq}`;
    if (dataLength > 0) text += `:${(seq + dataLength) >>> 0}`;
  }
  if ((header.flags & TCP_ACK) !== 0) text += `, ack ${(header.ack - base.ack) >>> 0}`;
  text += `, win ${header.window}`;
  if ((header.flags & TCP_URG) !== 0) text += `, urg ${header.urgent}`;
  return text;
}

/** What to take off the numbers of a segment. */
interface Base {
  seq: number;
  ack: number;
  /** for the edges of SACK blocks, which are relative from the very first segment on */
  sack: number;
}

/**
 * The first segment with ACK, and every one with SYN and ACK, is printed as it is and sets the base of its connection;
 * both directions share an entry. (`tcp_print`: `thseq`, `thack`.)
 */
function baseOf(sequences: TcpSequences, header: TcpHeader, carrier: Carrier): Base {
  if ((header.flags & TCP_ACK) === 0) return { seq: 0, ack: 0, sack: 0 };
  const reversed =
    header.srcPort > header.dstPort || (header.srcPort === header.dstPort && carrier.src > carrier.dst);
  const ends = [`${carrier.src}:${header.srcPort}`, `${carrier.dst}:${header.dstPort}`];
  const key = (reversed ? ends.reverse() : ends).join('-');
  const known = sequences.get(key);
  if (known === undefined || (header.flags & TCP_SYN) !== 0) {
    const before = (header.ack - 1) >>> 0;
    sequences.set(key, reversed ? { seq: before, ack: header.seq } : { seq: header.seq, ack: before });
    return { seq: 0, ack: 0, sack: before };
  }
  return reversed
    ? { seq: known.ack, ack: known.seq, sack: known.seq }
    : { seq: known.seq, ack: known.ack, sack: known.ack };
}

function optionsOf(header: TcpHeader, base: Base): string[] {
  return parseTcpOptions(header.options).map((option) => optionOf(option, base));
}

function optionOf({ kind, data }: TcpOption, base: Base): string {
  switch (kind) {
    case TCPOPT_EOL:
      return 'eol';
    case TCPOPT_NOP:
      return 'nop';
    case TCPOPT_MSS:
      return `mss ${readU16(data, 0)}`;
    case TCPOPT_WINDOW:
      return `wscale ${data[0] ?? 0}`;
    case TCPOPT_SACK_PERM:
      return 'sackOK';
    case TCPOPT_SACK:
      return sackOf(data, base.sack);
    case TCPOPT_TIMESTAMP:
      return `TS val ${readU32(data, 0)} ecr ${readU32(data, 4)}`;
    default:
      return `unknown-${kind}${data.length > 0 ? ` 0x${toHex(data)}` : ''}`;
  }
}

function sackOf(data: Uint8Array, base: number): string {
  let text = `sack ${data.length >> 3} `;
  const edge = (at: number) => (readU32(data, at) - base) >>> 0;
  for (let at = 0; at + 8 <= data.length; at += 8) text += `{${edge(at)}:${edge(at + 4)}}`;
  return text;
}

function checksumOf(
  bytes: Uint8Array,
  at: number,
  length: number,
  carrier: Carrier,
  checksum: number,
): string {
  const shown = `, cksum 0x${checksum.toString(16).padStart(4, '0')}`;
  if (verifyTcp(bytes, at, length, carrier)) return `${shown} (correct)`;
  const copy = bytes.slice(at, at + length);
  copy.fill(0, 16, 18);
  const sum = pseudoHeaderSum(carrier.src, carrier.dst, IPPROTO_TCP, length);
  return `${shown} (incorrect -> 0x${internetChecksum(copy, 0, length, sum).toString(16).padStart(4, '0')})`;
}

function applicationOf(
  context: Context,
  header: TcpHeader,
  at: number,
  end: number,
  dataLength: number,
): string {
  if (dataLength <= 0) return '';
  const ports = [header.srcPort, header.dstPort];
  if (ports.includes(BGP_PORT)) return ': BGP';
  if (!ports.some((port) => HTTP_PORTS.includes(port))) return '';
  return ': HTTP' + httpText(context, at + header.headerLength, end);
}

const HTTP_METHODS = [
  'GET',
  'PUT',
  'COPY',
  'HEAD',
  'LOCK',
  'MOVE',
  'POLL',
  'POST',
  'DELETE',
  'OPTIONS',
  'TRACE',
];

/** `txtproto_print`: the first line, or with `-v` every line, if it begins as a request or a status line does. */
function httpText(context: Context, at: number, end: number): string {
  const lines = textLines(context.bytes, at, end);
  const line = lines[0] ?? '';
  const [first = '', second = ''] = line.split(' ');
  const isHttp = HTTP_METHODS.includes(first) || (first.startsWith('HTTP/') && /^\d{3}$/.test(second));
  if (!isHttp) return '';
  if (!context.verbose) return `: ${line}`;
  return `, length: ${end - at}${lines.map((each) => `\n\t${each}`).join('')}`;
}

/** Lines of ASCII text; the last one, if no line feed closes it, ends in tcpdump's mark for cut text. */
function textLines(bytes: Uint8Array, at: number, end: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 13 && bytes[i + 1] === 10) continue;
    if (byte === 10) {
      lines.push(line);
      line = '';
    } else if (byte >= 128) {
      return lines;
    } else {
      line += String.fromCharCode(byte);
    }
  }
  if (line !== '') lines.push(line + cut('http'));
  return lines;
}
