/** The RST that answers a segment nobody here owns (net/ipv4/tcp_ipv4.c). */
import {
  IPPROTO_TCP,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  buildIpv4,
  buildTcp,
  type TcpHeader,
} from '../../../wire/index';
import type { IpPacket } from '../../ip/packet';
import type { Netns } from '../../netns';
import { add } from './seq';

/** tcp_v4_send_reset: nobody here owns what this segment is about. */
export function answerReset(netns: Netns, packet: IpPacket, tcp: TcpHeader): void {
  if (tcp.flags & TCP_RST || !netns.isLocal(packet.header.dst)) return;
  const acknowledges = (tcp.flags & TCP_ACK) !== 0;
  const { header } = packet;
  const data = header.totalLength - header.headerLength - tcp.headerLength;
  const taken = data + (tcp.flags & TCP_SYN ? 1 : 0) + (tcp.flags & TCP_FIN ? 1 : 0);
  const ends = { src: header.dst, dst: header.src };
  const route = netns.ip.routeOutput(ends, packet.cause, packet.frame);
  if (!route.ok) return;
  const segment = buildTcp(
    {
      srcPort: tcp.dstPort,
      dstPort: tcp.srcPort,
      seq: acknowledges ? tcp.ack : 0,
      ack: acknowledges ? 0 : add(tcp.seq, taken),
      flags: acknowledges ? TCP_RST : TCP_RST | TCP_ACK,
      window: 0,
    },
    new Uint8Array(0),
    ends,
  );
  const bytes = buildIpv4(
    {
      tos: header.tos,
      id: 0,
      dontFragment: true,
      ttl: netns.sysctl.defaultTtl(),
      protocol: IPPROTO_TCP,
      ...ends,
    },
    segment,
  );
  const reset = netns.originate(bytes, 'tcp_v4_send_reset', route.seq, packet.frame);
  reset.owner = 'kernel';
  netns.ip.sendRouted(reset, route);
}
