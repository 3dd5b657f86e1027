import { readU8 } from '../bytes';
import { isMalformed } from '../malformed';
import {
  parseTcp,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_LENGTH,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  verifyTcp,
  type TcpHeader,
} from '../tcp';
import { cutShort, field, hex, type Hint, type Read } from './context';
import type { Field } from './types';

/** From the highest bit down, as they stand in byte 13. */
const FLAGS: readonly [mask: number, id: string, name: string][] = [
  [TCP_CWR, 'cwr', 'CWR'],
  [TCP_ECE, 'ece', 'ECE'],
  [TCP_URG, 'urg', 'URG'],
  [TCP_ACK, 'ack', 'ACK'],
  [TCP_PSH, 'psh', 'PSH'],
  [TCP_RST, 'rst', 'RST'],
  [TCP_SYN, 'syn', 'SYN'],
  [TCP_FIN, 'fin', 'FIN'],
];

export function readTcpLayer(bytes: Uint8Array, at: number, end: number, hint: Hint): Read {
  const header = parseTcp(bytes, at, end - at);
  if (isMalformed(header)) return cutShort('tcp', at, end, header.malformed);
  const right = hint.pseudo !== undefined && verifyTcp(bytes, at, end - at, hint.pseudo);
  const wrong = hint.pseudo !== undefined && !right;
  const body = at + header.headerLength;
  return {
    layer: {
      protocol: 'tcp',
      offset: at,
      length: header.headerLength,
      summary: `${header.srcPort} > ${header.dstPort}, ${flagNames(header)}, length ${end - body}`,
      fields: fieldsOf(
        bytes,
        at,
        header,
        hint.pseudo === undefined ? undefined : right ? 'correct' : 'wrong',
      ),
      ...(wrong ? { malformed: 'bad TCP checksum' } : {}),
    },
    parts: [{ next: 'data', at: body, end }],
  };
}

function flagNames(header: TcpHeader): string {
  const names = FLAGS.filter(([mask]) => (header.flags & mask) !== 0).map(([, , name]) => name);
  return names.length === 0 ? 'no flags' : names.reverse().join(' ');
}

function fieldsOf(
  bytes: Uint8Array,
  at: number,
  header: TcpHeader,
  checksumNote: string | undefined,
): Field[] {
  const fields = [
    field('tcp.src', 'Source port', at, 2, header.srcPort),
    field('tcp.dst', 'Destination port', at + 2, 2, header.dstPort),
    field('tcp.seq', 'Sequence number', at + 4, 4, header.seq),
    field('tcp.ack', 'Acknowledgment number', at + 8, 4, header.ack),
    field('tcp.off', 'Header length', at + 12, 1, header.headerLength / 4, {
      bits: [0, 3],
      note: `${header.headerLength} bytes`,
    }),
    field('tcp.reserved', 'Reserved', at + 12, 1, readU8(bytes, at + 12) & 15, { bits: [4, 7] }),
    ...FLAGS.map(([mask, id, name], bit) =>
      field(`tcp.flags.${id}`, name, at + 13, 1, (header.flags & mask) === 0 ? 0 : 1, { bits: [bit, bit] }),
    ),
    field('tcp.window', 'Window', at + 14, 2, header.window),
    field('tcp.checksum', 'Checksum', at + 16, 2, hex(header.checksum, 4), { note: checksumNote }),
    field('tcp.urgent', 'Urgent pointer', at + 18, 2, header.urgent),
  ];
  const optionBytes = header.options.length;
  if (optionBytes > 0) {
    fields.push(field('tcp.options', 'Options', at + TCP_LENGTH, optionBytes, `${optionBytes} bytes`));
  }
  return fields;
}
