/**
 * The protocol of a layer. `ipip` is the *outer* IPv4 header of an IP-in-IP packet (its fields are `ip.…` all the
 * same); the packet inside is `ip`, one level deeper. `data` is whatever has no header we read: payload, padding, and
 * the rest of a frame after something malformed.
 */
export type LayerProtocol = 'eth' | 'arp' | 'ip' | 'icmp' | 'udp' | 'tcp' | 'vxlan' | 'ipip' | 'data';

/** What the first byte of a frame is: `ethernet` an Ethernet header, `ip` a version field (TUN, IPIP). */
export type LinkType = 'ethernet' | 'ip';

/** One header of a frame. The layers of a frame, in order, cover every byte exactly once. */
export interface Layer {
  protocol: LayerProtocol;
  /** from the start of the frame, bytes */
  offset: number;
  /** bytes of this header alone, options included; for `data` all its bytes */
  length: number;
  /** 0 for the outermost headers, one more inside each VXLAN, IP-in-IP or flannel UDP tunnel */
  depth: number;
  /** one line, in tcpdump's spirit */
  summary: string;
  fields: Field[];
  /** what is wrong with this header; the fields that could be read are still there */
  malformed?: string;
  /** set on what an ICMP error quotes: these headers are told about, not travelling */
  quoted?: true;
}

export interface Field {
  /** stable id such as `ip.ttl` */
  name: string;
  /** in English: `Time to live` */
  label: string;
  /** from the start of the frame, bytes */
  offset: number;
  length: number;
  /** when the field is not whole bytes: first and last bit within its bytes, 0 being the highest */
  bits?: [from: number, to: number];
  /** as people write it: `10.0.0.1`, `0x0800`, `64` */
  value: string;
  /** what the value means or whether it is right: `IPv4`, `correct`, `Don't fragment` */
  note?: string;
}
