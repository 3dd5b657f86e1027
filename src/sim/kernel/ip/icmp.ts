/**
 * ICMP (RFC 792, RFC 1122 §3.2.2, net/ipv4/icmp.c): echo, and errors with what Linux quotes and from which address.
 *
 * Leaves out: rate limits (icmp_ratelimit, msgs_per_sec; a teaching network answers every time), timestamps, and going
 * by redirects that are received (the new gateway is looked up, as Linux does first).
 */
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_FRAG_NEEDED,
  ICMP_REDIRECT,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  buildIcmp,
  buildIcmpError,
  buildIpv4,
  isIcmpErrorType,
  isLimitedBroadcast,
  isMalformed,
  isMulticast,
  parseIcmp,
  parseQuotedIpv4,
  readU16,
  ICMP_LENGTH,
  type IcmpHeader,
  type Ip4,
} from '../../wire/index';
import { ipText } from '../text';
import { COST } from '../costs';
import type { Device } from '../device/device';
import type { Errno, SocketError } from '../netlink';
import { attachError } from '../netfilter/skb';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';
import type { IpPacket } from './packet';

/** icmp_err_convert for type 3, by code. */
const UNREACH_ERRNO: readonly Errno[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EOPNOTSUPP',
  'ECONNREFUSED',
  'EMSGSIZE',
  'EOPNOTSUPP',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
const TOS_INTERNETCONTROL = 0xc0;
/** ip_rt_redirect_number and ip_rt_redirect_load: nine redirects per sender, each twice as late as the last. */
const REDIRECT_NUMBER = 9;
const REDIRECT_LOAD = 20_000_000;
const REDIRECT_SILENCE = REDIRECT_LOAD << (REDIRECT_NUMBER + 1);

export class Icmp {
  readonly #redirects = new Map<Ip4, { count: number; last: number }>();

  constructor(private readonly netns: Netns) {}

  /** icmp_rcv. */
  receive(packet: IpPacket): void {
    const { netns } = this;
    const payload = packet.bytes.subarray(packet.header.headerLength);
    const header = parseIcmp(payload, 0, payload.length);
    if (isMalformed(header)) {
      netns.dropPacket(packet, 'ICMP_CSUM', 'icmp_rcv', { why: header.malformed });
      return;
    }
    if (header.type === ICMP_ECHO) this.#echo(packet, header, payload);
    else if (header.type === ICMP_ECHOREPLY) netns.sockets.echoReply(packet, header, payload);
    else if (isIcmpErrorType(header.type)) this.#errorReceived(packet, header, payload);
    else netns.delivered(packet, 'icmp', 'icmp_discard');
  }

  /** icmp_echo: the same bytes back, with a fresh IP header. */
  #echo(packet: IpPacket, header: IcmpHeader, payload: Uint8Array): void {
    const { netns } = this;
    const { src, dst, tos } = packet.header;
    const seq = netns.delivered(packet, 'icmp', 'icmp_echo');
    if (netns.sysctl.global('net.ipv4.icmp_echo_ignore_all') !== 0) return;
    const group = packet.pkt !== 'host' || isMulticast(dst) || isLimitedBroadcast(dst) || !netns.isLocal(dst);
    if (group && netns.sysctl.global('net.ipv4.icmp_echo_ignore_broadcasts') !== 0) return;
    const reply = buildIcmp(
      { type: ICMP_ECHOREPLY, code: 0, rest: header.rest },
      payload.subarray(ICMP_LENGTH),
    );
    netns.work(COST.icmpReply, () =>
      this.#send(src, group ? 0 : dst, reply, tos, 'icmp_reply', packet.frame, seq),
    );
  }

  /** arp_error_report: nobody answered for the next hop. */
  hostUnreachable(packet: IpPacket): void {
    this.error(packet, ICMP_DEST_UNREACH, 1, 0);
  }

  /** __icmp_send: report trouble with `packet` to its sender, if it may be reported and there is a way back. */
  error(packet: IpPacket, type: number, code: number, info: number): void {
    const { netns } = this;
    const { header } = packet;
    const suppressed = this.#suppressed(packet);
    if (suppressed !== undefined) {
      this.#tell(packet, type, code, info, 'suppressed', suppressed, packet.cause);
      return;
    }
    const inbound =
      netns.sysctl.global('net.ipv4.icmp_errors_use_inbound_ifaddr') !== 0 ? packet.iif : undefined;
    const own = netns.isLocal(header.dst)
      ? header.dst
      : inbound
        ? netns.selectAddress(inbound, header.src)
        : 0;
    const route = netns.ip.routeOutput(
      { dst: header.src, src: own || undefined },
      packet.cause,
      packet.frame,
    );
    if (!route.ok) {
      this.#tell(packet, type, code, info, 'suppressed', 'no-route-back', route.seq);
      return;
    }
    const seq = this.#tell(packet, type, code, info, 'sent', undefined, route.seq);
    const message = buildIcmpError(type, code, info, packet.bytes);
    const bytes = buildIpv4(
      {
        tos: (header.tos & 0x1e) | TOS_INTERNETCONTROL,
        id: netns.nextIpId(),
        ttl: netns.sysctl.defaultTtl(),
        protocol: IPPROTO_ICMP,
        src: own || route.source,
        dst: header.src,
      },
      message,
    );
    const error = netns.originate(bytes, 'icmp_send', seq, packet.frame);
    error.owner = 'kernel';
    attachError(packet, error);
    netns.ip.sendRouted(error, route);
  }

  #suppressed(packet: IpPacket): string | undefined {
    const { header, bytes } = packet;
    if (packet.pkt !== 'host' || isMulticast(header.dst) || isLimitedBroadcast(header.dst))
      return 'broadcast';
    if (header.fragmentOffset > 0) return 'fragment';
    if (header.src === 0 || isMulticast(header.src)) return 'no-sender';
    const type = bytes[header.headerLength] ?? 0;
    if (header.protocol === IPPROTO_ICMP && isIcmpErrorType(type)) return 'about-icmp-error';
    return undefined;
  }

  #tell(
    packet: IpPacket,
    type: number,
    code: number,
    info: number,
    verdict: 'sent' | 'suppressed',
    reason: string | undefined,
    cause: EventSeq,
  ): EventSeq {
    const to = ipText(packet.header.src);
    const { netns } = this;
    return netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: cause,
      kind: 'icmp-error',
      frame: packet.frame,
      type,
      code,
      info,
      to,
      verdict,
      reason,
    });
  }

  /** ip_rt_send_redirect: the sender could have reached the next hop itself. */
  redirect(packet: IpPacket, device: Device, nexthop: Ip4): void {
    const { netns } = this;
    if (
      netns.sysctl.conf('all', 'send_redirects') === 0 &&
      netns.sysctl.conf(device.name, 'send_redirects') === 0
    )
      return;
    const { src } = packet.header;
    const known = this.#redirects.get(src);
    const quiet = known !== undefined && netns.now - known.last > REDIRECT_SILENCE;
    const peer = !known || quiet ? { count: 0, last: Number.MIN_SAFE_INTEGER } : known;
    this.#redirects.set(src, peer);
    if (peer.count >= REDIRECT_NUMBER) return;
    if (peer.count > 0 && netns.now < peer.last + (REDIRECT_LOAD << peer.count)) return;
    peer.count++;
    peer.last = netns.now;
    this.error(packet, ICMP_REDIRECT, 1, nexthop);
  }

  /** icmp_unreach and its kind: tell the socket whose packet is quoted. */
  #errorReceived(packet: IpPacket, header: IcmpHeader, payload: Uint8Array): void {
    const { netns } = this;
    const quoted = payload.subarray(ICMP_LENGTH);
    const inner = parseQuotedIpv4(quoted);
    if (isMalformed(inner)) {
      netns.dropPacket(packet, 'ICMP_CSUM', 'icmp_unreach', { why: inner.malformed });
      return;
    }
    const info = header.rest & 0xffff;
    const tooBig = header.type === ICMP_DEST_UNREACH && header.code === ICMP_FRAG_NEEDED;
    if (tooBig) netns.pmtu.learn(inner.dst, info);
    if (header.type === ICMP_REDIRECT) this.#redirected(packet, inner.src, inner.dst, header.rest);
    const transport = quoted.subarray(inner.headerLength);
    const error: SocketError = {
      errno:
        header.type === ICMP_DEST_UNREACH ? (UNREACH_ERRNO[header.code] ?? 'EHOSTUNREACH') : 'EHOSTUNREACH',
      origin: 'icmp',
      type: header.type,
      code: header.code,
      info: tooBig ? info : header.type === ICMP_REDIRECT ? header.rest : 0,
      offender: packet.header.src,
      quoted: transport,
    };
    if (inner.protocol === IPPROTO_ICMP) netns.sockets.echoError(packet, readU16(transport, 4), error);
    else if (inner.protocol === IPPROTO_UDP) netns.sockets.udpError(packet, readU16(transport, 0), error);
    else if (inner.protocol === IPPROTO_TCP) netns.sockets.tcp.error(packet, inner.src, inner.dst, error);
    else netns.delivered(packet, 'icmp', 'icmp_unreach');
  }

  /** __ip_do_redirect: the gateway in use says who is a better one. It is asked for by ARP before anything goes to it. */
  #redirected(packet: IpPacket, src: Ip4, dst: Ip4, gateway: Ip4): void {
    const { netns } = this;
    const sender = packet.header.src;
    const route = netns.ip.routeOutput({ dst, src }, packet.cause, packet.frame);
    if (!route.ok || route.nexthop !== sender || gateway === sender) return;
    const { sysctl } = netns;
    const dev = route.device.name;
    const [all, own] = ['all', dev].map((name) => sysctl.conf(name, 'accept_redirects') !== 0);
    const accepts = sysctl.conf(dev, 'forwarding') !== 0 ? all && own : all || own;
    if (!accepts || isMulticast(gateway) || isLimitedBroadcast(gateway) || netns.isLocal(gateway)) return;
    netns.neigh.lookAhead(route.device, gateway, route.seq);
  }

  #send(
    dst: Ip4,
    src: Ip4,
    message: Uint8Array,
    tos: number,
    by: string,
    from: number,
    cause: EventSeq,
  ): void {
    const { netns } = this;
    const route = netns.ip.routeOutput({ dst, src: src || undefined }, cause);
    if (!route.ok) return;
    const bytes = buildIpv4(
      {
        tos,
        id: netns.nextIpId(),
        ttl: netns.sysctl.defaultTtl(),
        protocol: IPPROTO_ICMP,
        src: src || route.source,
        dst,
      },
      message,
    );
    const packet = netns.originate(bytes, by, route.seq, from);
    packet.owner = 'kernel';
    netns.ip.sendRouted(packet, route);
  }
}
