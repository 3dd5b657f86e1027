/** ip_route_me_harder: what OUTPUT changed about a packet (its destination, its mark) can change its way. */
import type { OutputRoute } from '../ip/ip';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';

/** What a route depends on, taken before the hook runs. */
export interface RouteKey {
  readonly src: number;
  readonly dst: number;
  readonly tos: number;
  readonly mark: number;
}
export function routeKey(packet: IpPacket): RouteKey {
  const { src, dst, tos } = packet.header;
  return { src, dst, tos, mark: packet.mark };
}

/** The way the packet takes after OUTPUT; undefined when there is none any more, and the packet is dropped. */
export function reroute(
  netns: Netns,
  packet: IpPacket,
  before: RouteKey,
  route: OutputRoute,
): OutputRoute | undefined {
  const now = routeKey(packet);
  const same =
    now.src === before.src && now.dst === before.dst && now.tos === before.tos && now.mark === before.mark;
  if (same) return route;
  const next = netns.ip.routeOutput(
    { dst: now.dst, src: now.src, mark: now.mark },
    packet.cause,
    packet.frame,
  );
  if (next.ok) {
    packet.cause = next.seq;
    return next;
  }
  packet.cause = next.seq;
  netns.dropPacket(packet, 'IP_OUTNOROUTES', 'ip_route_me_harder', { dst: now.dst });
  return undefined;
}
