/**
 * IPv4 packets that a bridge switches, on their way through iptables (net/bridge/br_netfilter_hooks.c): PREROUTING before
 * the bridge learns and decides, FORWARD and POSTROUTING for each port a frame leaves by. Nothing is routed and no TTL
 * counts down; where DNAT gave the packet another destination, the frame gets the MAC that belongs to it.
 *
 * Leaves out: ARP (arptables), IPv6, VLAN and PPPoE encapsulation.
 */
import {
  ETHERNET_LENGTH,
  ETH_P_IP,
  fragmentIpv4,
  isMalformed,
  parseIpv4,
  readMac,
  readU16,
  writeMac,
  type Mac,
} from '../../wire/index';
import { IpPacket } from '../ip/packet';
import { copyState, stateOf } from '../netfilter/skb';
import type { Netns } from '../netns';
import { ipText } from '../text';
import type { EventSeq, Frame } from '../trace';
import type { BridgePort } from './bridge';

/** Tables are in use here, and bridges are to ask them. */
export function bridgeCallsIptables(netns: Netns): boolean {
  return netns.hooks.used && netns.sysctl.global('net.bridge.bridge-nf-call-iptables') !== 0;
}

/** br_nf_pre_routing. */
export function bridgePrerouting(port: BridgePort, frame: Frame, cause: EventSeq): void {
  const { bridge } = port;
  const { netns } = bridge;
  if (readU16(frame.bytes, ETHERNET_LENGTH - 2) !== ETH_P_IP) {
    bridge.finish(port, frame, cause);
    return;
  }
  const header = parseIpv4(frame.bytes, ETHERNET_LENGTH);
  if (isMalformed(header)) {
    const reason = header.malformed.includes('checksum') ? 'IP_CSUM' : 'IP_INHDR';
    netns.drop(frame, cause, reason, 'br_nf_pre_routing', port.device.name, { why: header.malformed });
    return;
  }
  const end = ETHERNET_LENGTH + header.totalLength;
  const packet = new IpPacket(frame.bytes.subarray(ETHERNET_LENGTH, end), frame.id, cause, header);
  packet.iif = bridge;
  stateOf(packet).physIn = port.device.name;
  const passed = netns.hooks.run('PREROUTING', packet, bridge, undefined);
  if (!passed) return;
  if (passed.header.dst === header.dst) finish(port, frame, passed);
  else redirected(port, frame, passed);
}

/** br_handle_frame_finish, with the frame as netfilter left it. */
function finish(port: BridgePort, frame: Frame, packet: IpPacket, dst?: Mac): void {
  const { netns } = port.bridge;
  const now = reframe(netns, frame, packet, dst);
  const known = now.id === packet.frame ? packet : packetOf(packet, now);
  port.bridge.finish(port, now, known.cause, known);
}
/** The Ethernet frame that carries the packet: the one received, unless the packet or the destination changed. */
function reframe(netns: Netns, frame: Frame, packet: IpPacket, dst = readMac(frame.bytes, 0)): Frame {
  if (packet.frame === frame.id && dst === readMac(frame.bytes, 0)) return frame;
  const bytes = new Uint8Array(ETHERNET_LENGTH + packet.bytes.length);
  bytes.set(frame.bytes.subarray(0, ETHERNET_LENGTH));
  writeMac(bytes, 0, dst);
  bytes.set(packet.bytes, ETHERNET_LENGTH);
  return netns.tracer.frame(bytes, 'ethernet', packet.frame);
}
function packetOf(packet: IpPacket, frame: Frame): IpPacket {
  return packet.changed(frame.bytes.subarray(ETHERNET_LENGTH), frame.id, packet.cause);
}

/**
 * br_nf_pre_routing_finish after DNAT: where the new destination is behind this bridge too, the frame stays on it and goes
 * to that neighbour's MAC; otherwise it is the host's to route.
 */
function redirected(port: BridgePort, frame: Frame, packet: IpPacket): void {
  const { bridge } = port;
  const { netns } = bridge;
  const { src, dst } = packet.header;
  if (!netns.ip.believes(bridge, src)) {
    const detail = { src: ipText(src), dst: ipText(dst) };
    netns.dropPacket(packet, 'IP_RPFILTER', 'br_nf_pre_routing_finish', detail);
    return;
  }
  const flow = { dst, src, iif: bridge.name, mark: packet.mark };
  const way = netns.fib.lookup(flow);
  const forwards = netns.sysctl.conf(bridge.name, 'forwarding') !== 0;
  if (way.type !== 'unicast' || way.dev !== bridge.name || !forwards) {
    finish(port, frame, packet, bridge.mac);
    return;
  }
  packet.cause = netns.ip.lookup(flow, 'input', packet.cause, packet.frame).seq;
  const nf = stateOf(packet);
  nf.neighbour = (mac, resolved) => {
    nf.neighbour = undefined;
    if (port.device.port === port) finish(port, frame, resolved, mac);
  };
  netns.ip.neighbourOutput(bridge, way.gateway || dst, packet);
}

/** br_nf_forward and br_nf_post_routing: once for each port, each with a packet of its own. */
export function bridgeForward(to: BridgePort, frame: Frame, from: IpPacket, cause: EventSeq): void {
  const { bridge } = to;
  const { netns } = bridge;
  const packet = from.changed(from.bytes, from.frame, cause);
  packet.nf = copyState(stateOf(from));
  packet.nf.physOut = to.device.name;
  const forwarded = netns.hooks.run('FORWARD', packet, bridge, bridge);
  const passed = forwarded && netns.hooks.run('POSTROUTING', forwarded, undefined, bridge);
  if (passed) transmit(to, frame, passed);
}

/** br_nf_dev_queue_xmit: what was put together for conntrack is taken apart again. */
function transmit(to: BridgePort, frame: Frame, packet: IpPacket): void {
  const { bridge } = to;
  const { netns } = bridge;
  const whole = packet.nf?.largestPiece;
  const { length } = packet.bytes;
  if (length <= Math.min(to.device.mtu, whole ?? to.device.mtu)) {
    bridge.push(to, reframe(netns, frame, packet), packet.cause);
    return;
  }
  if (packet.header.dontFragment || (whole ?? 0) > bridge.mtu) {
    netns.dropPacket(packet, 'PKT_TOO_BIG', 'br_nf_ip_fragment', {
      length,
      mtu: bridge.mtu,
      dev: to.device.name,
    });
    return;
  }
  const mtu = Math.min(bridge.mtu, whole ?? bridge.mtu);
  const pieces = fragmentIpv4(packet.bytes, mtu).map((bytes) =>
    netns.tracer.frame(bytes, 'ip', packet.frame),
  );
  const seq = netns.emit({
    seq: 0,
    at: 0,
    machine: netns.machine,
    netns: netns.id,
    cause: packet.cause,
    kind: 'fragment',
    frame: packet.frame,
    pieces: pieces.map((piece) => piece.id),
    mtu,
  });
  for (const piece of pieces)
    bridge.push(to, reframe(netns, frame, packet.changed(piece.bytes, piece.id, seq)), seq);
}
