/** ARP (RFC 826) as net/ipv4/arp.c does it: asking, answering, learning, proxy and gratuitous requests. */
import {
  ARPOP_REPLY,
  ARPOP_REQUEST,
  MAC_BROADCAST,
  MAC_ZERO,
  buildArpFrame,
  isLoopback,
  isMalformed,
  isMulticast,
  parseArp,
  ETHERNET_LENGTH,
  type ArpPacket,
  type Ip4,
  type Mac,
} from '../../wire/index';
import { ipText } from '../text';
import { COST, MS } from '../costs';
import type { Device } from '../device/device';
import type { Netns } from '../netns';
import type { ArpEvent, EventSeq, Frame, PacketType } from '../trace';
import type { IpPacket } from './packet';

export class Arp {
  constructor(private readonly netns: Netns) {}

  /** arp_solicit: ask for `target`; `unicast` when a MAC known from before is to be confirmed. */
  solicit(
    device: Device,
    target: Ip4,
    unicast: Mac | undefined,
    packet: IpPacket | undefined,
    cause: EventSeq,
  ): void {
    const spa = this.#announce(device, target, packet);
    this.#send(
      device,
      unicast ?? MAC_BROADCAST,
      {
        op: ARPOP_REQUEST,
        sha: device.mac,
        spa,
        tha: MAC_ZERO,
        tpa: target,
      },
      'arp_solicit',
      cause,
    );
  }

  /** inetdev_send_gratuitous_arp (arp_notify). */
  gratuitous(device: Device, cause: EventSeq): void {
    for (const { local } of device.addresses) {
      const packet = { op: ARPOP_REQUEST, sha: device.mac, spa: local, tha: MAC_ZERO, tpa: local };
      this.#send(device, MAC_BROADCAST, packet, 'inetdev_send_gratuitous_arp', cause);
    }
  }

  /** arp_rcv, arp_process. */
  receive(device: Device, frame: Frame, pkt: PacketType, cause: EventSeq): void {
    if (pkt === 'otherhost' || device.noarp) {
      this.netns.drop(frame, cause, 'OTHERHOST', 'arp_rcv', device.name);
      return;
    }
    const arp = parseArp(frame.bytes, ETHERNET_LENGTH);
    if (isMalformed(arp)) {
      this.netns.drop(frame, cause, 'UNHANDLED_PROTO', 'arp_rcv', device.name, { why: arp.malformed });
      return;
    }
    const ignored = this.#ignore(device, arp);
    if (ignored !== undefined) {
      this.#tell(device, frame, arp, 'ignored', ignored, cause);
      return;
    }
    if (arp.op === ARPOP_REQUEST && this.#answer(device, frame, arp, pkt, cause)) return;
    this.#bystander(device, frame, arp, pkt, cause);
  }

  #ignore(device: Device, arp: ArpPacket): string | undefined {
    if (arp.op !== ARPOP_REQUEST && arp.op !== ARPOP_REPLY) return 'operation';
    if (isMulticast(arp.tpa)) return 'multicast-target';
    if (isLoopback(arp.tpa) && this.netns.sysctl.confMax(device.name, 'route_localnet') === 0)
      return 'loopback-target';
    return undefined;
  }

  /** A request for us, or for somebody whom we answer for. */
  #answer(device: Device, frame: Frame, arp: ArpPacket, pkt: PacketType, cause: EventSeq): boolean {
    const { netns } = this;
    if (arp.spa === 0) {
      // Duplicate address detection (RFC 5227 probe): answered, nothing learned.
      if (!netns.isLocal(arp.tpa) || !this.#mayAnswer(device, arp)) return false;
      const seq = this.#tell(device, frame, arp, 'answered', 'probe', cause);
      this.#reply(device, arp, seq);
      return true;
    }
    if (netns.isLocal(arp.tpa)) {
      // ip_route_input checks the sender as it would a packet's source.
      if (!netns.ip.believes(device, arp.spa)) {
        this.#tell(device, frame, arp, 'ignored', 'source-check', cause);
        return true;
      }
      if (!this.#mayAnswer(device, arp)) {
        this.#tell(device, frame, arp, 'ignored', 'arp_ignore', cause);
        return true;
      }
      const seq = this.#tell(device, frame, arp, 'answered', undefined, cause);
      this.#learnAsker(device, arp, seq);
      this.#reply(device, arp, seq);
      return true;
    }
    if (netns.sysctl.conf(device.name, 'forwarding') === 0) return false;
    return this.#proxy(device, frame, arp, pkt, cause);
  }

  /** Proxy ARP: only when the route to the target is unicast and leads out of another device (arp_fwd_proxy). */
  #proxy(device: Device, frame: Frame, arp: ArpPacket, pkt: PacketType, cause: EventSeq): boolean {
    const { netns } = this;
    const explicit = netns.neigh.proxies.has(netns.neigh.keyOf(device, arp.tpa));
    const enabled = netns.sysctl.confMax(device.name, 'proxy_arp') !== 0;
    if (!explicit && !enabled) return false;
    const route = netns.ip.lookup(
      { dst: arp.tpa, src: arp.spa, iif: device.name },
      'proxy-arp',
      cause,
      frame.id,
    );
    const out = route.lookup.dev;
    if (route.lookup.type !== 'unicast' || (!explicit && out === device.name)) {
      const reason = route.lookup.type !== 'unicast' ? 'proxy-no-route' : 'proxy-same-device';
      this.#tell(device, frame, arp, 'ignored', reason, route.seq);
      return true;
    }
    const seq = this.#tell(device, frame, arp, 'proxied', undefined, route.seq);
    this.#learnAsker(device, arp, seq);
    const delay = pkt === 'host' ? 0 : netns.sysctl.neigh(device.name, 'proxy_delay') * 10 * MS;
    if (delay === 0) this.#reply(device, arp, seq);
    else netns.packet(netns.random.below(delay), () => this.#reply(device, arp, seq));
    return true;
  }

  #mayAnswer(device: Device, arp: ArpPacket): boolean {
    const level = this.netns.sysctl.confMax(device.name, 'arp_ignore');
    if (level === 0) return true;
    const own = device.addresses.some(({ local }) => local === arp.tpa);
    if (level === 1) return own;
    if (level === 2) return own && device.addresses.some((address) => this.#sameSubnet(address, arp.spa));
    return level !== 8;
  }

  #sameSubnet(address: { local: Ip4; prefixlen: number }, ip: Ip4): boolean {
    const mask = address.prefixlen === 0 ? 0 : (0xffffffff << (32 - address.prefixlen)) >>> 0;
    return (address.local & mask) >>> 0 === (ip & mask) >>> 0;
  }

  /** neigh_event_ns: whoever asks has told us his address. */
  #learnAsker(device: Device, arp: ArpPacket, cause: EventSeq): void {
    const table = this.netns.neigh;
    const entry = table.get(device, arp.spa) ?? table.create(device, arp.spa);
    table.update(entry, arp.sha, 'STALE', { override: true }, cause);
  }

  /** Replies, and requests that others ask: only what we already know is refreshed (arp_accept=0). */
  #bystander(device: Device, frame: Frame, arp: ArpPacket, pkt: PacketType, cause: EventSeq): void {
    const table = this.netns.neigh;
    const accept = this.netns.sysctl.confMax(device.name, 'arp_accept') !== 0;
    const gratuitous = arp.spa === arp.tpa;
    const entry =
      table.get(device, arp.spa) ?? (accept && gratuitous ? table.create(device, arp.spa) : undefined);
    if (!entry) {
      this.#tell(device, frame, arp, 'ignored', arp.op === ARPOP_REQUEST ? 'not-ours' : 'unsolicited', cause);
      return;
    }
    const confirmed = arp.op === ARPOP_REPLY && pkt === 'host';
    const seq = this.#tell(device, frame, arp, confirmed ? 'taken' : 'refreshed', undefined, cause);
    const override = gratuitous || table.unlocked(entry);
    table.update(entry, arp.sha, confirmed ? 'REACHABLE' : 'STALE', { override }, seq);
  }

  #reply(device: Device, arp: ArpPacket, cause: EventSeq): void {
    const packet = { op: ARPOP_REPLY, sha: device.mac, spa: arp.tpa, tha: arp.sha, tpa: arp.spa };
    this.netns.work(COST.arpReply, () => this.#send(device, arp.sha, packet, 'arp_process', cause));
  }

  #send(device: Device, dst: Mac, arp: ArpPacket, by: string, cause: EventSeq): void {
    const frame = this.netns.tracer.frame(buildArpFrame(dst, device.mac, arp), 'ethernet');
    const seq = this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: cause,
      kind: 'origin',
      frame: frame.id,
      by,
    });
    device.transmit(frame, seq);
  }

  /** Sender address of a request (arp_announce 0): the waiting packet's source if it is ours, else one that suits. */
  #announce(device: Device, target: Ip4, packet: IpPacket | undefined): Ip4 {
    if (packet && this.netns.isLocal(packet.header.src)) return packet.header.src;
    return this.netns.selectAddress(device, target);
  }

  #tell(
    device: Device,
    frame: Frame,
    arp: ArpPacket,
    verdict: ArpEvent['verdict'],
    reason: string | undefined,
    cause: EventSeq,
  ): EventSeq {
    return this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: cause,
      kind: 'arp',
      dev: device.name,
      frame: frame.id,
      op: arp.op === ARPOP_REQUEST ? 'request' : 'reply',
      target: ipText(arp.tpa),
      sender: ipText(arp.spa),
      verdict,
      reason,
    });
  }
}
