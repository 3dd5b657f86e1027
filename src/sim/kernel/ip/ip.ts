/**
 * The IPv4 path through one namespace (net/ipv4/{ip_input,route,ip_forward,ip_output}.c): receive, route, deliver or
 * forward, output, fragment, hand to the neighbour layer. Function names in events are Linux's.
 */
import {
  IP4_LIMITED_BROADCAST,
  MAC_BROADCAST,
  MAC_ZERO,
  ETHERNET_LENGTH,
  ETH_P_IP,
  buildEthernet,
  decrementTtl,
  fragmentIpv4,
  isLimitedBroadcast,
  isLoopback,
  isMalformed,
  isMulticast,
  parseIpv4,
  type Ip4,
  type Mac,
} from '../../wire/index';
import { ipText, macText } from '../text';
import { assert } from '../../../base/assert';
import { COST } from '../costs';
import type { Device } from '../device/device';
import type { Errno } from '../netlink';
import { reroute, routeKey } from '../netfilter/reroute';
import type { Netns } from '../netns';
import type { EventSeq, FibEvent, FibResultType, Frame, FrameId, PacketType } from '../trace';
import type { FibLookup } from './fib';
import { logMartian } from './martian';
import { IpPacket } from './packet';

interface Flow {
  readonly dst: Ip4;
  readonly src?: Ip4;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly tos?: number;
}
/** Where a packet that this host sends will go. `seq` is the lookup's event. */
export interface OutputRoute {
  readonly ok: true;
  readonly seq: EventSeq;
  readonly device: Device;
  readonly nexthop: Ip4;
  readonly source: Ip4;
  readonly type: FibResultType;
  /** Largest packet that may leave this way: device, route, or path MTU. */
  readonly mtu: number;
  readonly dst: Ip4;
}
interface NoRoute {
  readonly ok: false;
  readonly seq: EventSeq;
  readonly errno: Errno;
}

const OUTPUT_ERRNO: Partial<Record<FibResultType, Errno>> = {
  none: 'ENETUNREACH',
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
};

export class IpLayer {
  constructor(private readonly netns: Netns) {}

  // --- routing -------------------------------------------------------------------------------------------------------

  lookup(
    flow: Flow,
    direction: FibEvent['direction'],
    cause: EventSeq,
    frame?: FrameId,
  ): { readonly lookup: FibLookup; readonly seq: EventSeq } {
    const lookup = this.netns.fib.lookup(flow);
    const seq = this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: cause,
      kind: 'fib',
      frame,
      direction,
      flow: {
        dst: ipText(flow.dst),
        src: flow.src === undefined || flow.src === 0 ? undefined : ipText(flow.src),
        iif: flow.iif,
        oif: flow.oif,
      },
      decision: lookup.decision,
    });
    return { lookup, seq };
  }

  /** ip_route_output_key: route for something this host sends. */
  routeOutput(flow: Flow, cause: EventSeq, frame?: FrameId): OutputRoute | NoRoute {
    const { lookup, seq } = this.lookup(flow, 'output', cause, frame);
    const { netns } = this;
    const { dst } = flow;
    const limited = isLimitedBroadcast(dst);
    const errno = OUTPUT_ERRNO[lookup.type];
    if (errno !== undefined || limited) {
      // With a device named, Linux takes the destination to be on that link when the tables know nothing.
      const device = flow.oif === undefined ? undefined : netns.device(flow.oif);
      if (!device?.up || (lookup.type !== 'none' && !limited))
        return { ok: false, seq, errno: errno ?? 'ENETUNREACH' };
      const source = flow.src || netns.selectAddress(device, dst);
      return {
        ok: true,
        seq,
        device,
        nexthop: dst,
        source,
        type: limited ? 'broadcast' : 'unicast',
        mtu: device.mtu,
        dst,
      };
    }
    const device = lookup.type === 'local' ? netns.loopback : netns.device(lookup.dev ?? '');
    if (!device) return { ok: false, seq, errno: 'ENETUNREACH' };
    const source = flow.src || lookup.prefsrc;
    const mtu = Math.min(lookup.mtu || device.mtu, netns.pmtu.get(dst) ?? Number.MAX_SAFE_INTEGER);
    return { ok: true, seq, device, nexthop: lookup.gateway || dst, source, type: lookup.type, mtu, dst };
  }

  // --- input ---------------------------------------------------------------------------------------------------------

  /** ip_rcv. */
  receive(device: Device, frame: Frame, pkt: PacketType, cause: EventSeq): void {
    const { netns } = this;
    if (pkt === 'otherhost') {
      const dst = macText(this.#destinationMac(frame));
      netns.drop(frame, cause, 'OTHERHOST', 'ip_rcv_core', device.name, { mac: dst });
      return;
    }
    const at = device.link === 'ethernet' ? ETHERNET_LENGTH : 0;
    const header = parseIpv4(frame.bytes, at);
    if (isMalformed(header)) {
      const reason = header.malformed.includes('checksum') ? 'IP_CSUM' : 'IP_INHDR';
      netns.drop(frame, cause, reason, 'ip_rcv_core', device.name, { why: header.malformed });
      return;
    }
    const packet = new IpPacket(frame.bytes.subarray(at, at + header.totalLength), frame.id, cause, header);
    packet.iif = device;
    packet.pkt = pkt;
    const carried = netns.netfilter.passedUp;
    if (carried) {
      // ip_sabotage_in: the bridge has asked PREROUTING already.
      netns.netfilter.passedUp = undefined;
      packet.nf = carried.nf;
      packet.mark = carried.mark;
      // ip_rcv clears what the bridge noted there (IPCB).
      if (packet.nf) packet.nf.largestPiece = undefined;
    }
    const passed = carried ? packet : netns.hooks.run('PREROUTING', packet, device, undefined);
    if (passed) this.#route(device, passed);
  }

  #destinationMac(frame: Frame): Mac {
    let mac = 0;
    for (let i = 0; i < 6; i++) mac = mac * 256 + (frame.bytes[i] ?? 0);
    return mac;
  }

  /** ip_route_input_slow. */
  #route(device: Device, packet: IpPacket): void {
    const { netns } = this;
    const { src, dst } = packet.header;
    const martian = this.#martian(device, src, dst);
    if (martian) {
      logMartian(device, packet, martian === 'IP_INVALID_DEST' ? 'destination' : 'source');
      netns.dropPacket(packet, martian, 'ip_route_input_slow', { src: ipText(src), dst: ipText(dst) });
      return;
    }
    if (isLimitedBroadcast(dst)) {
      this.#deliver(packet);
      return;
    }
    const flow = { dst, src, iif: device.name, mark: packet.mark };
    const { lookup, seq } = this.lookup(flow, 'input', packet.cause, packet.frame);
    packet.cause = seq;
    if (lookup.type === 'broadcast' || isMulticast(dst)) {
      this.#deliver(packet);
      return;
    }
    if (lookup.type === 'local') {
      if (this.#validSource(device, packet)) this.#deliver(packet);
      return;
    }
    if (netns.sysctl.conf(device.name, 'forwarding') === 0) {
      netns.dropPacket(packet, 'IP_FORWARDING_OFF', 'ip_error', { dst: ipText(dst), dev: device.name });
      return;
    }
    if (lookup.type === 'unicast') {
      if (this.#validSource(device, packet)) this.#forward(device, packet, lookup);
    } else this.#noRoute(packet, lookup.type);
  }

  #martian(device: Device, src: Ip4, dst: Ip4): 'IP_INVALID_SOURCE' | 'IP_INVALID_DEST' | undefined {
    if (isMulticast(src) || isLimitedBroadcast(src) || (src === 0 && dst !== IP4_LIMITED_BROADCAST)) {
      return 'IP_INVALID_SOURCE';
    }
    if (device.loopback || this.netns.sysctl.confMax(device.name, 'route_localnet') !== 0) return undefined;
    if (isLoopback(src)) return 'IP_INVALID_SOURCE';
    return isLoopback(dst) ? 'IP_INVALID_DEST' : undefined;
  }

  /** fib_validate_source: nobody else may use our own address; rp_filter asks for the way back. */
  #validSource(device: Device, packet: IpPacket): boolean {
    const { netns } = this;
    const { src } = packet.header;
    if (device.loopback || src === 0) return true;
    const detail = { src: ipText(src), dev: device.name };
    const rp = netns.sysctl.confMax(device.name, 'rp_filter');
    if (rp === 0) {
      if (!netns.isLocal(src) || netns.sysctl.conf(device.name, 'accept_local') !== 0) return true;
      logMartian(device, packet, 'source');
      netns.dropPacket(packet, 'IP_LOCAL_SOURCE', 'fib_validate_source', detail);
      return false;
    }
    const flow = { dst: src, src: packet.header.dst };
    const { lookup, seq } = this.lookup(flow, 'rp-filter', packet.cause, packet.frame);
    packet.cause = seq;
    if (lookup.type === 'unicast' && (rp === 2 || lookup.dev === device.name)) return true;
    logMartian(device, packet, 'source');
    netns.dropPacket(packet, 'IP_RPFILTER', 'fib_validate_source', detail);
    return false;
  }

  /** The same question for an ARP request's sender: asked without a packet, so without an event of its own. */
  believes(device: Device, src: Ip4): boolean {
    const { netns } = this;
    const rp = netns.sysctl.confMax(device.name, 'rp_filter');
    if (rp === 0) return !netns.isLocal(src) || netns.sysctl.conf(device.name, 'accept_local') !== 0;
    const lookup = netns.fib.lookup({ dst: src });
    return lookup.type === 'unicast' && (rp === 2 || lookup.dev === device.name);
  }

  /** ip_error: what a router says about a destination it will not route. */
  #noRoute(packet: IpPacket, type: FibResultType): void {
    const { netns } = this;
    const detail = { dst: ipText(packet.header.dst) };
    if (type === 'blackhole') netns.dropPacket(packet, 'IP_ROUTE_BLACKHOLE', 'dst_discard', detail);
    else if (type === 'unreachable') {
      netns.dropPacket(packet, 'IP_ROUTE_UNREACHABLE', 'ip_error', detail);
      netns.icmp.error(packet, 3, 1, 0);
    } else if (type === 'prohibit') {
      netns.dropPacket(packet, 'IP_ROUTE_PROHIBIT', 'ip_error', detail);
      netns.icmp.error(packet, 3, 13, 0);
    } else {
      netns.dropPacket(packet, 'IP_INNOROUTES', 'ip_error', detail);
      netns.icmp.error(packet, 3, 0, 0);
    }
  }

  /** ip_local_deliver. */
  #deliver(packet: IpPacket): void {
    const whole = this.netns.fragments.collect(packet);
    if (!whole) return;
    const passed = this.netns.hooks.run('INPUT', whole, whole.iif, undefined);
    if (passed) this.netns.deliverLocal(passed);
  }

  // --- forwarding ----------------------------------------------------------------------------------------------------

  /** ip_forward: TTL, MTU, then the decremented copy goes on. The order is what ICMP errors quote. */
  #forward(device: Device, packet: IpPacket, lookup: FibLookup): void {
    const { netns } = this;
    const { header } = packet;
    const out = netns.device(lookup.dev ?? '');
    assert(out !== undefined, 'a unicast route has a device');
    if (packet.pkt !== 'host') {
      netns.dropPacket(packet, 'OTHERHOST', 'ip_forward', { mac: packet.pkt });
      return;
    }
    if (header.ttl <= 1) {
      netns.dropPacket(packet, 'TTL_EXCEEDED', 'ip_forward', { ttl: header.ttl, dst: ipText(header.dst) });
      netns.icmp.error(packet, 11, 0, 0);
      return;
    }
    const mtu = lookup.mtu || out.mtu;
    if (packet.bytes.length > mtu && header.dontFragment) {
      netns.dropPacket(packet, 'PKT_TOO_BIG', 'ip_forward', {
        length: packet.bytes.length,
        mtu,
        dev: out.name,
      });
      netns.icmp.error(packet, 3, 4, mtu);
      return;
    }
    const bytes = decrementTtl(packet.bytes);
    const frame = netns.tracer.frame(bytes, 'ip', packet.frame);
    const seq = netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: packet.cause,
      kind: 'forward',
      frame: frame.id,
      before: packet.frame,
      iif: device.name,
      oif: out.name,
      ttl: header.ttl - 1,
      mtu,
    });
    const next = packet.changed(bytes, frame.id, seq);
    const nexthop = lookup.gateway || header.dst;
    if (out === device) netns.icmp.redirect(next, device, nexthop);
    netns.work(COST.forward, () => {
      const passed = netns.hooks.run('FORWARD', next, device, out);
      if (passed) this.#output(passed, out, nexthop, mtu, lookup.type);
    });
  }

  // --- output --------------------------------------------------------------------------------------------------------

  /** ip_local_out for a packet whose route is known. */
  sendRouted(packet: IpPacket, route: OutputRoute): void {
    const { mark } = packet;
    const passed = this.netns.hooks.run('OUTPUT', packet, undefined, route.device);
    if (!passed) return;
    const changed = passed !== packet || packet.mark !== mark;
    const way = changed ? reroute(this.netns, passed, { ...routeKey(packet), mark }, route) : route;
    if (way) this.#output(passed, way.device, way.nexthop, way.mtu, way.type);
  }

  /** ip_output, ip_finish_output. */
  #output(packet: IpPacket, out: Device, nexthop: Ip4, mtu: number, type: FibResultType): void {
    const passed = this.netns.hooks.run('POSTROUTING', packet, packet.iif, out);
    if (!passed) return;
    // What was put together for conntrack leaves in pieces no larger than it came (IPCB frag_max_size).
    const largest = passed.nf?.largestPiece;
    if (passed.bytes.length <= mtu && largest === undefined) {
      this.#finish(passed, out, nexthop, type);
      return;
    }
    if (passed.header.dontFragment) {
      const detail = { length: passed.bytes.length, mtu, dev: out.name };
      this.netns.dropPacket(passed, 'PKT_TOO_BIG', 'ip_fragment', detail);
      this.netns.icmp.error(passed, 3, 4, mtu);
      return;
    }
    this.#fragment(passed, out, nexthop, Math.min(mtu, largest ?? mtu), type);
  }

  #fragment(packet: IpPacket, out: Device, nexthop: Ip4, mtu: number, type: FibResultType): void {
    const { netns } = this;
    const pieces = fragmentIpv4(packet.bytes, mtu).map((bytes) =>
      netns.tracer.frame(bytes, 'ip', packet.frame),
    );
    const ids = pieces.map((piece) => piece.id);
    const seq = netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: packet.cause,
      kind: 'fragment',
      frame: packet.frame,
      pieces: ids,
      mtu,
    });
    for (const piece of pieces) this.#finish(packet.changed(piece.bytes, piece.id, seq), out, nexthop, type);
  }

  /** ip_finish_output2: broadcast and multicast have MACs of their own; everything else asks the neighbour table. */
  #finish(packet: IpPacket, out: Device, nexthop: Ip4, type: FibResultType): void {
    if (out.link === 'ip') {
      out.transmit(this.netns.tracer.frames[packet.frame] as Frame, packet.cause);
    } else if (out.loopback) this.#frame(out, MAC_ZERO, packet);
    else if (type === 'broadcast') this.#resolved(out, nexthop, MAC_BROADCAST, 'broadcast', packet);
    else if (isMulticast(nexthop)) {
      this.#resolved(out, nexthop, 0x01005e000000 + (nexthop & 0x7fffff), 'multicast', packet);
    } else if (out.noarp) this.#resolved(out, nexthop, out.mac, 'noarp', packet);
    else this.neighbourOutput(out, nexthop, packet);
  }

  /** neigh_output: also called for packets that waited, once their neighbour answered. */
  neighbourOutput(out: Device, nexthop: Ip4, packet: IpPacket): void {
    const { netns } = this;
    const at = netns.tracer.events.length;
    const found = netns.neigh.resolve(out, nexthop, packet);
    if (found.verdict === 'resolved') {
      this.#resolved(out, nexthop, found.lladdr ?? MAC_ZERO, 'resolved', packet, found.state);
      return;
    }
    // The queue event is told only for packets that join a resolution under way; the first one's solicitation says it.
    netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: at < netns.tracer.events.length ? at : packet.cause,
      kind: 'neigh',
      dev: out.name,
      frame: packet.frame,
      dst: ipText(nexthop),
      state: found.state,
      verdict: 'queued',
      queue: netns.neigh.get(out, nexthop)?.queue.length,
    });
  }

  #resolved(
    out: Device,
    nexthop: Ip4,
    mac: Mac,
    verdict: 'resolved' | 'broadcast' | 'multicast' | 'noarp',
    packet: IpPacket,
    state: 'NONE' | 'NOARP' | ReturnType<Netns['neigh']['resolve']>['state'] = 'NOARP',
  ): void {
    const { netns } = this;
    packet.cause = netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: packet.cause,
      kind: 'neigh',
      dev: out.name,
      frame: packet.frame,
      dst: ipText(nexthop),
      state,
      verdict,
      lladdr: macText(mac),
    });
    this.#frame(out, mac, packet);
  }

  /** neigh_hh_output: the Ethernet header goes on. */
  #frame(out: Device, dst: Mac, packet: IpPacket): void {
    if (packet.nf?.neighbour) {
      packet.nf.neighbour(dst, packet);
      return;
    }
    const bytes = buildEthernet({ dst, src: out.mac, type: ETH_P_IP }, packet.bytes);
    out.transmit(this.netns.tracer.frame(bytes, 'ethernet', packet.frame), packet.cause);
  }
}
