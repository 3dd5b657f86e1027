/**
 * Reassembly at the final destination (net/ipv4/ip_fragment.c, RFC 791 §3.2). A datagram's pieces share source,
 * destination, protocol and id; what is not complete after 30 s is dropped and, if the first piece came, reported.
 */
import { IPV4_LENGTH, buildIpv4 } from '../../wire/index';
import { SECOND } from '../costs';
import type { Timer } from '../../engine/index';
import type { Netns } from '../netns';
import type { IpPacket } from './packet';

interface Queue {
  readonly pieces: IpPacket[];
  /** Payload length, known when the last piece has come. */
  total: number | undefined;
  timer: Timer;
}

const FRAG_TIMEOUT = 30 * SECOND;
/** ipfrag_high_thresh keeps memory bounded; here the number of pieces. */
const MAX_PIECES = 4096;

export class Fragments {
  readonly #queues = new Map<string, Queue>();
  #held = 0;

  constructor(private readonly netns: Netns) {}

  /** The packet itself when whole, the reassembled one when it was the last piece, undefined while pieces are missing. */
  collect(packet: IpPacket): IpPacket | undefined {
    const { header } = packet;
    if (!header.moreFragments && header.fragmentOffset === 0) return packet;
    const key = `${header.src}/${header.dst}/${header.protocol}/${header.id}`;
    const queue = this.#queues.get(key) ?? this.#open(key);
    if (queue.pieces.some((piece) => piece.header.fragmentOffset === header.fragmentOffset)) {
      this.netns.dropPacket(packet, 'DUP_FRAG', 'ip_frag_queue');
      return undefined;
    }
    if (this.#held >= MAX_PIECES) {
      this.netns.dropPacket(packet, 'FRAG_REASM_TIMEOUT', 'ip_frag_queue', { pieces: this.#held });
      return undefined;
    }
    queue.pieces.push(packet);
    this.#held++;
    const length = header.totalLength - header.headerLength;
    if (!header.moreFragments) queue.total = header.fragmentOffset + length;
    return this.#complete(queue) ? this.#reassemble(key, queue, packet) : undefined;
  }

  #open(key: string): Queue {
    const timer = this.netns.timerAt(this.netns.now + FRAG_TIMEOUT, () => this.#expire(key));
    const queue: Queue = { pieces: [], total: undefined, timer };
    this.#queues.set(key, queue);
    return queue;
  }

  #complete(queue: Queue): boolean {
    if (queue.total === undefined) return false;
    queue.pieces.sort((a, b) => a.header.fragmentOffset - b.header.fragmentOffset);
    let next = 0;
    for (const { header } of queue.pieces) {
      if (header.fragmentOffset > next) return false;
      next = Math.max(next, header.fragmentOffset + header.totalLength - header.headerLength);
    }
    return next >= queue.total;
  }

  #reassemble(key: string, queue: Queue, last: IpPacket): IpPacket {
    this.#close(key, queue);
    const first = queue.pieces[0] as IpPacket;
    const payload = new Uint8Array(queue.total ?? 0);
    for (const piece of queue.pieces) {
      const data = piece.bytes.subarray(piece.header.headerLength);
      payload.set(
        data.subarray(0, payload.length - piece.header.fragmentOffset),
        piece.header.fragmentOffset,
      );
    }
    const { header } = first;
    const bytes = buildIpv4({ ...header, moreFragments: false, fragmentOffset: 0 }, payload);
    const frame = this.netns.tracer.frame(bytes, 'ip', last.frame);
    const seq = this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: last.cause,
      kind: 'reassemble',
      frame: frame.id,
      pieces: queue.pieces.map((piece) => piece.frame),
    });
    return last.changed(bytes, frame.id, seq);
  }

  #close(key: string, queue: Queue): void {
    queue.timer.cancel();
    this.#queues.delete(key);
    this.#held -= queue.pieces.length;
  }

  /** ip_expire. */
  #expire(key: string): void {
    const queue = this.#queues.get(key);
    if (!queue) return;
    this.#close(key, queue);
    for (const piece of queue.pieces) this.netns.dropPacket(piece, 'FRAG_REASM_TIMEOUT', 'ip_expire');
    const first = queue.pieces.find((piece) => piece.header.fragmentOffset === 0);
    if (first && first.bytes.length > IPV4_LENGTH) this.netns.icmp.error(first, 11, 1, 0);
  }
}
