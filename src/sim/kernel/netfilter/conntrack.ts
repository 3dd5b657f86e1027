/**
 * Connection tracking (net/netfilter/nf_conntrack_core.c): every packet belongs to a connection, begins one, is about one
 * (ICMP errors), or is INVALID. An entry counts only once its first packet has got through (confirm).
 *
 * Leaves out: expectations (helpers), zones, accounting, window tracking, clash resolution.
 */
import {
  ICMP_LENGTH,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  TCP_RST,
  internetChecksum,
  isMalformed,
  parseQuotedIpv4,
  parseTcp,
  pseudoHeaderSum,
  readU16,
  readU8,
  isIcmpErrorType,
} from '../../wire/index';
import { SECOND } from '../costs';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';
import { Connection, type Direction } from './connection';
import type { ConntrackEntry, ConntrackFilter } from './door';
import { stateOf, type SkbState } from './skb';
import { nextTcpState, TCP_TIMEOUT } from './tcp-track';
import { invert, startsIcmp, tupleOf, type Tuple } from './tuple';
import { TupleTable, type TupleHolder } from './tuple-table';

const ICMP_TIMEOUT = 30 * SECOND;
const UDP_TIMEOUT = 30 * SECOND;
const UDP_STREAM_TIMEOUT = 120 * SECOND;
const UDP_STREAM_AFTER = 2 * SECOND;
const GENERIC_TIMEOUT = 600 * SECOND;
/** NF_CT_EVICTION_RANGE, and nf_conntrack_buckets of a machine with plenty of memory; both tuples of an entry hang there. */
const EVICTION_BUCKETS = 8;
const HASH_BUCKETS = 262_144;
/** NR_ICMP_TYPES */
const MAX_ICMP_TYPE = 18;

export interface ConntrackListener {
  changed(connection: Connection, change: 'new' | 'update' | 'destroy', cause: EventSeq): void;
}

export class Conntrack {
  /** Both tuples of every confirmed connection. */
  readonly #table = new TupleTable();
  readonly #connections = new Set<Connection>();
  /** Translated sources, so that one speaker keeps one outside port (nf_nat_bysource). */
  readonly bySource = new Map<string, Connection>();
  #nextId = 1;
  #confirmed = 0;

  constructor(
    private readonly netns: Netns,
    private readonly listener: ConntrackListener,
  ) {}

  get count(): number {
    return this.#connections.size;
  }
  get #full(): boolean {
    const { max } = this;
    return max !== 0 && this.count >= max;
  }
  /** Most entries; 0: as many as come. */
  get max(): number {
    return this.netns.sysctl.global('net.netfilter.nf_conntrack_max');
  }

  find(tuple: Tuple): TupleHolder | undefined {
    const found = this.#table.get(tuple);
    if (found && found.connection.expires <= this.netns.now) {
      this.#destroy(found.connection, found.connection.lastChange);
      return undefined;
    }
    return found;
  }
  /** nf_conntrack_tuple_taken. */
  taken(tuple: Tuple, by: Connection): boolean {
    const found = this.find(tuple);
    return found !== undefined && found.connection !== by;
  }

  /** nf_conntrack_in: says what the packet is. False: it may not pass (the table is full). */
  track(packet: IpPacket, local: boolean): boolean {
    const state = stateOf(packet);
    if (state.info !== undefined) return true;
    const at = packet.header.headerLength;
    const tuple = tupleOf(packet.header, packet.bytes, at);
    if (!tuple || !this.#wellFormed(packet, at, local)) {
      state.info = 'INVALID';
      return true;
    }
    if (tuple.protocol === IPPROTO_ICMP && isIcmpErrorType(tuple.dport >>> 8)) {
      this.#related(packet, state, at);
      return true;
    }
    return this.#resolve(packet, state, tuple);
  }

  #wellFormed(packet: IpPacket, at: number, local: boolean): boolean {
    const { header, bytes } = packet;
    if (header.protocol === IPPROTO_ICMP) {
      if (readU8(bytes, at) > MAX_ICMP_TYPE) return false;
      return local || internetChecksum(bytes, at, header.totalLength) === 0;
    }
    if (header.protocol !== IPPROTO_TCP && header.protocol !== IPPROTO_UDP) return true;
    const length = header.totalLength - at;
    if (header.protocol === IPPROTO_TCP && isMalformed(parseTcp(bytes, at, length))) return false;
    if (local || (header.protocol === IPPROTO_UDP && readU16(bytes, at + 6) === 0)) return true;
    const sum = pseudoHeaderSum(header.src, header.dst, header.protocol, length);
    return internetChecksum(bytes, at, header.totalLength, sum) === 0;
  }

  /** nf_conntrack_inet_error: the quoted packet says which connection it is about. */
  #related(packet: IpPacket, state: SkbState, at: number): void {
    state.info = 'INVALID';
    const quoted = packet.bytes.subarray(at + ICMP_LENGTH);
    const inner = parseQuotedIpv4(quoted);
    if (isMalformed(inner)) return;
    const tuple = tupleOf(inner, quoted, inner.headerLength);
    const answer = tuple && invert(tuple);
    const found = answer && this.find(answer);
    // The error must be for whoever sent the quoted packet.
    if (!found || found.connection[found.direction].dst !== packet.header.dst) return;
    state.info = 'RELATED';
    state.connection = found.connection;
    state.direction = found.direction;
  }

  /** resolve_normal_ct and the protocol's own packet function. */
  #resolve(packet: IpPacket, state: SkbState, tuple: Tuple): boolean {
    let found = this.find(tuple);
    if (found && tuple.protocol === IPPROTO_TCP && this.#reopens(packet, found)) {
      this.#destroy(found.connection, packet.cause);
      found = undefined;
    }
    let connection = found?.connection;
    const direction = found?.direction ?? 'orig';
    if (!connection) {
      const reply = invert(tuple);
      if (!reply || !this.#mayBegin(packet, tuple)) {
        state.info = 'INVALID';
        return true;
      }
      if (this.#full && !this.#earlyDrop(packet.cause)) return false;
      connection = new Connection(this.#nextId++, tuple, reply);
    }
    if (!this.#advance(connection, direction, packet)) {
      state.info = 'INVALID';
      return true;
    }
    state.connection = connection;
    state.direction = direction;
    state.info = direction === 'reply' || connection.seenReply ? 'ESTABLISHED' : 'NEW';
    if (direction === 'reply' && !connection.seenReply && !connection.dead) {
      connection.seenReply = true;
      this.listener.changed(connection, 'update', packet.cause);
    }
    return true;
  }

  #mayBegin(packet: IpPacket, tuple: Tuple): boolean {
    if (tuple.protocol === IPPROTO_ICMP) return startsIcmp(tuple);
    if (tuple.protocol !== IPPROTO_TCP) return true;
    const next = nextTcpState('NONE', 'orig', this.#tcpFlags(packet));
    return next !== 'invalid' && next !== 'ignore';
  }
  #tcpFlags(packet: IpPacket): number {
    return readU8(packet.bytes, packet.header.headerLength + 13);
  }
  /** A SYN on a connection that is over begins a new one. */
  #reopens(packet: IpPacket, found: TupleHolder): boolean {
    const { tcp } = found.connection;
    if (tcp !== 'TIME_WAIT' && tcp !== 'CLOSE') return false;
    return nextTcpState(tcp, found.direction, this.#tcpFlags(packet)) === 'SYN_SENT';
  }

  /** Moves the connection on by one packet; false: the packet does not fit it. */
  #advance(connection: Connection, direction: Direction, packet: IpPacket): boolean {
    const { protocol } = connection.orig;
    if (protocol === IPPROTO_TCP) return this.#advanceTcp(connection, direction, packet);
    if (protocol === IPPROTO_ICMP) this.#refresh(connection, ICMP_TIMEOUT);
    else if (protocol === IPPROTO_UDP) this.#advanceUdp(connection, direction, packet.cause);
    else this.#refresh(connection, GENERIC_TIMEOUT);
    return true;
  }
  #advanceUdp(connection: Connection, direction: Direction, cause: EventSeq): void {
    const { now } = this.netns;
    if (!connection.confirmed) connection.streamFrom = now + UDP_STREAM_AFTER;
    const stream = (connection.seenReply || direction === 'reply') && now > connection.streamFrom;
    this.#refresh(connection, stream && connection.seenReply ? UDP_STREAM_TIMEOUT : UDP_TIMEOUT);
    if (stream && connection.seenReply && !connection.assured) {
      connection.assured = true;
      this.listener.changed(connection, 'update', cause);
    }
  }
  #advanceTcp(connection: Connection, direction: Direction, packet: IpPacket): boolean {
    const before = connection.tcp;
    const flags = this.#tcpFlags(packet);
    const next = nextTcpState(before, direction, flags);
    if (next === 'invalid') return false;
    if (next === 'ignore') return true;
    connection.tcp = next;
    if ((flags & TCP_RST) !== 0 && !connection.seenReply && connection.confirmed) {
      // A reset before any answer, or as the only one: there never was a connection.
      this.#destroy(connection, packet.cause);
      return true;
    }
    this.#refresh(connection, TCP_TIMEOUT[next]);
    const settled = (before === 'SYN_RECV' || before === 'ESTABLISHED') && next === 'ESTABLISHED';
    const assured = !connection.assured && settled && (connection.seenReply || direction === 'reply');
    if (assured) connection.assured = true;
    if (assured || before !== next) this.listener.changed(connection, 'update', packet.cause);
    return true;
  }

  // --- the table -----------------------------------------------------------------------------------------------------

  #refresh(connection: Connection, timeout: number): void {
    connection.expires = this.netns.now + timeout;
    if (connection.confirmed) this.#arm(connection);
  }
  /** One timer per connection: it looks again when the deadline was put off, and is replaced when it came nearer. */
  #arm(connection: Connection): void {
    if (connection.timer && connection.expires >= connection.timerDue) return;
    connection.timer?.cancel();
    connection.timerDue = connection.expires;
    connection.timer = this.netns.timerAt(connection.expires, () => {
      connection.timer = undefined;
      if (connection.dead) return;
      if (connection.expires <= this.netns.now) this.#destroy(connection, connection.lastChange);
      else this.#arm(connection);
    });
  }

  /** nf_conntrack_confirm: the first packet got through. False: another connection has these tuples now. */
  confirm(packet: IpPacket): boolean {
    const connection = packet.nf?.connection;
    if (!connection || connection.confirmed || connection.dead || packet.nf?.info === 'RELATED') return true;
    const { orig, reply } = connection;
    if (this.find(orig) || this.find(reply)) return false;
    connection.confirmed = true;
    connection.order = this.#confirmed++;
    this.#connections.add(connection);
    this.#table.set(orig, connection, 'orig');
    this.#table.set(reply, connection, 'reply');
    this.#arm(connection);
    this.listener.changed(connection, 'new', packet.cause);
    return true;
  }

  #destroy(connection: Connection, cause: EventSeq): void {
    connection.dead = true;
    connection.timer?.cancel();
    if (!this.#connections.delete(connection)) return;
    this.#table.delete(connection.orig);
    this.#table.delete(connection.reply);
    const { source } = connection;
    if (source !== undefined && this.bySource.get(source) === connection) this.bySource.delete(source);
    this.listener.changed(connection, 'destroy', cause);
  }

  /**
   * early_drop: an entry that nobody has confirmed both ways makes room, if one lies in the few hash buckets that are
   * looked through: as many are looked at here as those hold on average, the oldest first. A small table has none there.
   */
  #earlyDrop(cause: EventSeq): boolean {
    let left = Math.floor((EVICTION_BUCKETS * 2 * this.count) / HASH_BUCKETS);
    for (const connection of this.#connections) {
      if (left-- <= 0) return false;
      if (connection.assured) continue;
      this.#destroy(connection, cause);
      return true;
    }
    return false;
  }

  // --- conntrack(8) --------------------------------------------------------------------------------------------------

  *#select(filter: ConntrackFilter): Generator<Connection> {
    for (const connection of [...this.#connections]) {
      if (connection.expires <= this.netns.now) this.#destroy(connection, connection.lastChange);
      else if (selected(connection, filter)) yield connection;
    }
  }
  list(filter: ConntrackFilter = {}): ConntrackEntry[] {
    return [...this.#select(filter)].map((connection) => entryOf(connection, this.netns.now));
  }
  remove(filter: ConntrackFilter = {}, cause: EventSeq = -1): ConntrackEntry[] {
    const entries: ConntrackEntry[] = [];
    for (const connection of this.#select(filter)) {
      entries.push(entryOf(connection, this.netns.now));
      this.#destroy(connection, cause);
    }
    return entries;
  }
  /** nf_nat_masquerade: the device lost its address, so what it masqueraded cannot go on. */
  forgetMasqueraded(device: string, cause: EventSeq): void {
    for (const connection of [...this.#connections])
      if (connection.masqueradedBy === device) this.#destroy(connection, cause);
  }
}

export function sourceKey(tuple: Tuple): string {
  return `${tuple.protocol}|${tuple.src}|${tuple.sport}`;
}
function entryOf(connection: Connection, now: number): ConntrackEntry {
  const { orig, reply, seenReply, assured, mark } = connection;
  return {
    protocol: orig.protocol,
    orig,
    reply,
    timeoutSec: Math.floor((connection.expires - now) / SECOND),
    seenReply,
    assured,
    mark,
    ...(orig.protocol === IPPROTO_TCP ? { tcpState: connection.tcp } : {}),
  };
}
function selected({ orig, reply, srcNat, dstNat }: Connection, filter: ConntrackFilter): boolean {
  const same = (wanted: number | undefined, value: number): boolean =>
    wanted === undefined || wanted === value;
  return (
    same(filter.protocol, orig.protocol) &&
    same(filter.origSrc, orig.src) &&
    same(filter.origDst, orig.dst) &&
    same(filter.replySrc, reply.src) &&
    same(filter.replyDst, reply.dst) &&
    same(filter.sport, orig.sport) &&
    same(filter.dport, orig.dport) &&
    (!filter.srcNat || srcNat) &&
    (!filter.dstNat || dstNat)
  );
}
