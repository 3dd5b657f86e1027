import type { Field, Layer, LayerProtocol } from './types';

/** Where a header stands. */
export interface Place {
  /** inside how many tunnels */
  depth: number;
  /** whether an ICMP error only quotes it */
  quoted: boolean;
  /** whether it is in the first fragment of a larger packet, so that its end may rightly be missing */
  fragment: boolean;
}

/**
 * Hands `bytes[at … end)` on to another protocol; what it does not claim becomes data. Kept as a value so that the
 * files of the protocols need not import each other in a circle.
 */
export type Next = 'ethernet' | 'arp' | 'ipv4' | 'icmp' | 'udp' | 'tcp' | 'vxlan' | 'data';

/** One header read: what it is, and what stands behind it. */
export interface Read {
  layer: Omit<Layer, 'depth' | 'quoted'>;
  /** what follows the header, to be read in order; bytes up to the end that no part covers are data */
  parts: Part[];
}

export interface Part {
  next: Next;
  at: number;
  end: number;
  /** whether this part is inside a tunnel, or quoted by an ICMP error */
  inside?: 'tunnel' | 'quote';
  /** whether this part is only the beginning of what was sent, the rest being in later fragments */
  fragment?: boolean;
  /** what the layers above need to tell those below */
  hint?: Hint;
}

export interface Hint {
  /** addresses for the transport checksum; absent when it cannot be checked (a fragment, a cut quote) */
  pseudo?: { src: number; dst: number };
  /** the name to give to data: `Payload` by default */
  data?: string;
}

/** A header that does not even reach its end: all its bytes are this layer, with no fields. */
export function cutShort(protocol: LayerProtocol, at: number, end: number, reason: string): Read {
  return {
    layer: { protocol, offset: at, length: end - at, summary: reason, fields: [], malformed: reason },
    parts: [],
  };
}

/** A field; `more` gives bits or a note. */
export function field(
  name: string,
  label: string,
  offset: number,
  length: number,
  value: string | number,
  more: { bits?: [number, number]; note?: string | undefined } = {},
): Field {
  const made: Field = { name, label, offset, length, value: String(value) };
  if (more.bits !== undefined) made.bits = more.bits;
  if (more.note !== undefined) made.note = more.note;
  return made;
}

/** `0x0800`: a number in hex with a fixed count of digits. */
export function hex(value: number, digits: number): string {
  return '0x' + value.toString(16).padStart(digits, '0');
}
