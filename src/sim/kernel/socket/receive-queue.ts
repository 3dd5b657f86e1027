/**
 * The receive buffer of a UDP socket whose process reads when it gets to it (__udp_enqueue_schedule_skb,
 * __skb_recv_udp). What does not fit is lost.
 */
import type { IpPacket } from '../ip/packet';
import type { Datagram, ReceivedDatagram, SocketEvents } from '../netlink';
import type { Netns } from '../netns';
import { copied } from './copies';

/** net.core.rmem_default */
const RECEIVE_BUFFER = 212_992;
/** struct sk_buff, and struct skb_shared_info behind the data. */
const SKB_SIZE = 256;
const SHARED_INFO = 320;
/** Room for the link header and alignment that the sender leaves (__ip_append_data: hh_len + 15). */
const HEADROOM = 31;
/** Small heads have a cache of their own (skbuff_small_head). */
const SMALL_HEAD = 256;

/**
 * skb->truesize of an IP packet of so many bytes: its data sits in a slab of a power of two. Measured on Linux 6.18: 832 up
 * to 225 bytes, 1280 up to 673, then 2304.
 */
function truesize(length: number): number {
  const head = HEADROOM + length;
  if (head <= SMALL_HEAD) return SKB_SIZE + SMALL_HEAD + SHARED_INFO;
  return SKB_SIZE + 2 ** Math.ceil(Math.log2(head + SHARED_INFO));
}

export class ReceiveQueue {
  readonly #waiting: { readonly packet: IpPacket; readonly datagram: Datagram }[] = [];
  #used = 0;

  constructor(
    private readonly netns: Netns,
    private readonly by: string,
    private readonly events: SocketEvents,
  ) {}

  /** Bytes that `ss` prints as Recv-Q. */
  get used(): number {
    return this.#used;
  }

  hasRoom(packet: IpPacket): boolean {
    return this.#used + truesize(packet.bytes.length) <= RECEIVE_BUFFER;
  }

  push(packet: IpPacket, datagram: Datagram): void {
    this.#waiting.push({ packet, datagram });
    this.#used += truesize(packet.bytes.length);
    if (this.#waiting.length === 1) this.events.onReadable?.();
  }

  /** recvfrom(). `woken`: the process slept in poll() until now. */
  take(woken: boolean): ReceivedDatagram | undefined {
    const next = this.#waiting.shift();
    if (!next) return undefined;
    const { packet, datagram } = next;
    this.#used -= truesize(packet.bytes.length);
    const cause = copied(this.netns, {
      frame: packet.frame,
      direction: 'to-user',
      process: this.by,
      via: 'recvfrom',
      bytes: datagram.payload.length,
      switches: woken ? 1 : 0,
      cause: packet.cause,
    });
    return { ...datagram, cause };
  }
}
