/**
 * Address translation (net/netfilter/nf_nat_core.c): the first packet of a connection decides, once for its source and
 * once for its destination; every packet is then rewritten from the connection alone.
 */
import { ICMP_LENGTH, ICMP_REDIRECT, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, readU8 } from '../../wire/index';
import type { Random } from '../../../base/random';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { Connection, Manip } from './connection';
import { sourceKey, type Conntrack } from './conntrack';
import { refreshIcmpChecksum, writeEnd } from './rewrite';
import type { BuiltinChain, NatRange } from './rules';
import { invert, sameTuple, type Tuple } from './tuple';

/** Linux's bound on the search for a free port: 128 tries, then half as many from somewhere else, … */
const MAX_ATTEMPTS = 128;

/** HOOK2MANIP */
export function manipOf(hook: BuiltinChain): Manip {
  return hook === 'PREROUTING' || hook === 'OUTPUT' ? 'dst' : 'src';
}

export class Nat {
  readonly #random: Random;

  constructor(
    private readonly netns: Netns,
    private readonly conntrack: Conntrack,
  ) {
    this.#random = netns.random.fork('nat');
  }

  /** nf_nat_setup_info: decides one end of a connection that is not confirmed yet. */
  setup(connection: Connection, range: NatRange, manip: Manip): void {
    if (connection.natDone(manip) || connection.confirmed) return;
    const current = invert(connection.reply) ?? connection.orig;
    const chosen = this.#unique(current, range, connection, manip);
    if (!sameTuple(chosen, current)) {
      connection.reply = invert(chosen) ?? connection.reply;
      if (manip === 'src') connection.srcNat = true;
      else connection.dstNat = true;
    }
    if (manip === 'src') {
      connection.srcNatDone = true;
      connection.source = sourceKey(connection.orig);
      this.conntrack.bySource.set(connection.source, connection);
    } else connection.dstNatDone = true;
  }

  /** nf_nat_alloc_null_binding: no rule spoke, so the address stays; the port moves only when its tuple is taken. */
  setupNull(connection: Connection, manip: Manip): void {
    const own = manip === 'src' ? connection.reply.dst : connection.reply.src;
    this.setup(connection, { addr: { low: own, high: own } }, manip);
  }

  // --- choosing ------------------------------------------------------------------------------------------------------

  #taken(tuple: Tuple, by: Connection): boolean {
    const reply = invert(tuple);
    return reply !== undefined && this.conntrack.taken(reply, by);
  }

  /** get_unique_tuple. */
  #unique(orig: Tuple, range: NatRange, connection: Connection, manip: Manip): Tuple {
    const anyPort = range.random === true || range.randomFully === true;
    if (manip === 'src' && !anyPort) {
      if (this.#inRange(orig, range, manip) && !this.#taken(orig, connection)) return orig;
      const mapped = this.#mappedBefore(orig, range);
      if (mapped && !this.#taken(mapped, connection)) return mapped;
    }
    const tuple = this.#bestAddress(orig, range, manip);
    if (!anyPort) {
      if (range.ports) {
        const { low, high } = range.ports;
        const port = portOf(tuple, manip);
        if (port >= low && port <= high && (low === high || !this.#taken(tuple, connection))) return tuple;
      } else if (!this.#taken(tuple, connection)) return tuple;
    }
    return this.#freePort(tuple, range, connection, manip);
  }

  #inRange(tuple: Tuple, range: NatRange, manip: Manip): boolean {
    const address = manip === 'src' ? tuple.src : tuple.dst;
    if (range.addr && (address < range.addr.low || address > range.addr.high)) return false;
    const port = portOf(tuple, manip);
    return !range.ports || (port >= range.ports.low && port <= range.ports.high);
  }

  /** find_appropriate_src: the same speaker keeps the outside address and port it already has. */
  #mappedBefore(orig: Tuple, range: NatRange): Tuple | undefined {
    const known = this.conntrack.bySource.get(sourceKey(orig));
    if (!known) return undefined;
    const outside = invert(known.reply);
    if (!outside) return undefined;
    const tuple: Tuple = { ...orig, src: outside.src, sport: outside.sport };
    return this.#inRange(tuple, range, 'src') ? tuple : undefined;
  }

  /** find_best_ips_proto: a hash of the speaker picks among several addresses. */
  #bestAddress(tuple: Tuple, range: NatRange, manip: Manip): Tuple {
    if (!range.addr) return tuple;
    const { low, high } = range.addr;
    let address = low;
    if (low !== high) {
      const seed = range.persistent ? tuple.src : (tuple.src ^ Math.imul(tuple.dst, 0x9e3779b1)) >>> 0;
      const spread = Math.imul(seed ^ (seed >>> 15), 0x85ebca6b) >>> 0;
      address = low + (spread % (high - low + 1));
    }
    return manip === 'src' ? { ...tuple, src: address } : { ...tuple, dst: address };
  }

  /** nf_nat_l4proto_unique_tuple. What it leaves may be taken all the same: then confirming the connection fails. */
  #freePort(tuple: Tuple, range: NatRange, connection: Connection, manip: Manip): Tuple {
    const span = this.#portSpan(tuple, range, manip);
    if (!span) return tuple;
    const { low, size } = span;
    const sequential = manip === 'dst' && !range.randomFully && !range.random;
    let attempts = Math.min(size, MAX_ATTEMPTS);
    let offset = sequential ? 0 : this.#random.u16();
    let candidate = tuple;
    for (;;) {
      for (let tries = 0; tries < attempts; tries++, offset++) {
        candidate = withPort(tuple, manip, low + (offset % size));
        if (!this.#taken(candidate, connection)) return candidate;
      }
      if (attempts >= size || attempts < 16) return candidate;
      attempts >>= 1;
      offset = this.#random.u16();
    }
  }

  #portSpan(tuple: Tuple, range: NatRange, manip: Manip): { low: number; size: number } | undefined {
    if (range.ports) return { low: range.ports.low, size: range.ports.high - range.ports.low + 1 };
    if (tuple.protocol === IPPROTO_ICMP) return { low: 0, size: 65_536 };
    if (tuple.protocol !== IPPROTO_TCP && tuple.protocol !== IPPROTO_UDP) return undefined;
    if (manip === 'dst') return undefined;
    if (tuple.sport < 512) return { low: 1, size: 511 };
    return tuple.sport < 1024 ? { low: 600, size: 424 } : { low: 1024, size: 64_512 };
  }

  // --- rewriting -----------------------------------------------------------------------------------------------------

  /**
   * nf_nat_icmp_reply_translation lets a redirect pass only where both ends of the connection are known to stay as they
   * are: who is told a better gateway must be who asked for that destination.
   */
  mayTell(connection: Connection, error: IpPacket): boolean {
    if (readU8(error.bytes, error.header.headerLength) !== ICMP_REDIRECT) return true;
    const { srcNatDone, dstNatDone, srcNat, dstNat } = connection;
    return srcNatDone && dstNatDone && !srcNat && !dstNat;
  }

  /** nf_nat_packet and nf_nat_icmp_reply_translation: the packet as it looks after this hook. */
  translate(packet: IpPacket, hook: BuiltinChain): IpPacket {
    const state = packet.nf;
    const connection = state?.connection;
    if (!state || !connection) return packet;
    const manip = manipOf(hook);
    // In the answer's direction the two change places: what was written over the source is undone at the destination.
    const ownEnd = (manip === 'src') === (state.direction === 'orig');
    if (!(ownEnd ? connection.srcNat : connection.dstNat)) return packet;
    const way = state.direction === 'orig' ? 'reply' : 'orig';
    const target = invert(connection[way]);
    if (!target) return packet;
    const bytes = packet.bytes.slice();
    if (state.info === 'RELATED' && packet.header.protocol === IPPROTO_ICMP) {
      const at = packet.header.headerLength;
      writeEnd(bytes, at + ICMP_LENGTH, connection[way], manip === 'src' ? 'dst' : 'src');
      refreshIcmpChecksum(bytes, at);
    }
    writeEnd(bytes, 0, target, manip);
    const frame = this.netns.tracer.frame(bytes, 'ip', packet.frame);
    return packet.changed(bytes, frame.id, packet.cause);
  }
}

function portOf(tuple: Tuple, manip: Manip): number {
  return manip === 'src' || tuple.protocol === IPPROTO_ICMP ? tuple.sport : tuple.dport;
}
function withPort(tuple: Tuple, manip: Manip, port: number): Tuple {
  return manip === 'src' || tuple.protocol === IPPROTO_ICMP
    ? { ...tuple, sport: port }
    : { ...tuple, dport: port };
}
