/** REJECT: says no to the sender (net/ipv4/netfilter/nf_reject_ipv4.c). */
import {
  IPPROTO_TCP,
  TCP_ACK,
  TCP_FIN,
  TCP_LENGTH,
  TCP_RST,
  TCP_SYN,
  buildIpv4,
  buildTcp,
  isMalformed,
  parseTcp,
  verifyTcp,
} from '../../wire/index';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { RejectType } from './rules';
import { attachError } from './skb';

const CODES: Readonly<Record<Exclude<RejectType, 'tcp-reset'>, number>> = {
  'icmp-net-unreachable': 0,
  'icmp-host-unreachable': 1,
  'icmp-proto-unreachable': 2,
  'icmp-port-unreachable': 3,
  'icmp-net-prohibited': 9,
  'icmp-host-prohibited': 10,
  'icmp-admin-prohibited': 13,
};

export function reject(netns: Netns, packet: IpPacket, type: RejectType): void {
  if (packet.header.fragmentOffset > 0) return;
  if (type === 'tcp-reset') sendReset(netns, packet);
  else netns.icmp.error(packet, 3, CODES[type], 0);
}

/** nf_send_reset: as if the port's owner had reset the connection. */
function sendReset(netns: Netns, packet: IpPacket): void {
  const { header, bytes } = packet;
  const at = header.headerLength;
  const length = header.totalLength - at;
  if (header.protocol !== IPPROTO_TCP || length < TCP_LENGTH) return;
  const tcp = parseTcp(bytes, at, length);
  if (isMalformed(tcp) || tcp.flags & TCP_RST || !verifyTcp(bytes, at, length, header)) return;
  const route = netns.ip.routeOutput({ dst: header.src, src: header.dst }, packet.cause, packet.frame);
  if (!route.ok) return;
  const acknowledges = (tcp.flags & TCP_ACK) !== 0;
  const taken = (tcp.flags & TCP_SYN ? 1 : 0) + (tcp.flags & TCP_FIN ? 1 : 0) + length - tcp.headerLength;
  const ends = { src: header.dst, dst: header.src };
  const segment = buildTcp(
    {
      srcPort: tcp.dstPort,
      dstPort: tcp.srcPort,
      seq: acknowledges ? tcp.ack : 0,
      ack: acknowledges ? 0 : (tcp.seq + taken) >>> 0,
      flags: acknowledges ? TCP_RST : TCP_RST | TCP_ACK,
      window: 0,
    },
    new Uint8Array(0),
    ends,
  );
  const reply = buildIpv4(
    { id: 0, dontFragment: true, ttl: netns.sysctl.defaultTtl(), protocol: IPPROTO_TCP, ...ends },
    segment,
  );
  const reset = netns.originate(reply, 'nf_send_reset', route.seq, packet.frame);
  attachError(packet, reset);
  netns.ip.sendRouted(reset, route);
}
