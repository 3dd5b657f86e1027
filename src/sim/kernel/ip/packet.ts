/** An IPv4 packet inside the IP layer: what Linux keeps in an sk_buff between ip_rcv and ip_finish_output. */
import { isMalformed, parseIpv4, type Ipv4Header } from '../../wire/index';
import { assert } from '../../../base/assert';
import type { Device } from '../device/device';
import type { SkbState } from '../netfilter/skb';
import type { EventSeq, FrameId, PacketType } from '../trace';

/**
 * Whose socket sent a packet (skb->sk): a process's, by its listening socket (SYN-ACK), or one of the kernel's own, for its
 * answers.
 */
type PacketOwner = 'process' | 'listener' | 'kernel';

export class IpPacket {
  mark = 0;
  /** Undefined: nobody's. What was received or forwarded, and what a connection sends that its process has left. */
  owner: PacketOwner | undefined;
  /** What netfilter knows of it. */
  nf: SkbState | undefined;
  /** Device it came in on; undefined for what this host made. */
  iif: Device | undefined;
  pkt: PacketType = 'host';
  #header: Ipv4Header | undefined;

  constructor(
    /** From the IP header on; never changed in place. */
    readonly bytes: Uint8Array,
    /** The frame that is shown for it: as received, or the bare packet once changed or made here. */
    readonly frame: FrameId,
    /** The latest event in this packet's life; every further event names it as its cause. */
    public cause: EventSeq,
    header?: Ipv4Header,
  ) {
    this.#header = header;
  }

  get header(): Ipv4Header {
    if (!this.#header) {
      const parsed = parseIpv4(this.bytes);
      assert(!isMalformed(parsed), 'the IP layer holds well-formed packets only');
      this.#header = parsed;
    }
    return this.#header;
  }

  /** The same packet's next form (TTL decremented, reassembled), keeping what belongs to the sk_buff. */
  changed(bytes: Uint8Array, frame: FrameId, cause: EventSeq): IpPacket {
    const next = new IpPacket(bytes, frame, cause);
    next.mark = this.mark;
    next.owner = this.owner;
    next.iif = this.iif;
    next.pkt = this.pkt;
    next.nf = this.nf;
    return next;
  }
}
