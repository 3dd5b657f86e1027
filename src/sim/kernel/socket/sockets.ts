/**
 * The sockets of a namespace: ICMP echo sockets (as ping opens them), UDP sockets, taps; and the handing over of what
 * arrives (ping_rcv, __udp4_lib_rcv). VXLAN's kernel sockets are found here too. TCP is in `tcp/`.
 *
 * Leaves out: receive buffers of processes that never leave anything unread, SO_REUSEPORT.
 */
import { err, ok, type Result } from '../../../base/result';
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_PORT_UNREACH,
  ICMP_REDIRECT,
  IPPROTO_ICMP,
  IPPROTO_UDP,
  UDP_LENGTH,
  buildEcho,
  buildIpv4,
  buildUdp,
  echoId,
  isMalformed,
  parseUdp,
  verifyUdp,
  type IcmpHeader,
  type Ip4,
} from '../../wire/index';
import type { Device, Tap } from '../device/device';
import { openTun } from '../device/tun';
import { VxlanDevice, receiveVxlan } from '../device/vxlan';
import type { OutputRoute } from '../ip/ip';
import type { IpPacket } from '../ip/packet';
import type {
  Capture,
  Errno,
  IcmpSocket,
  Requester,
  SendOptions,
  SocketApi,
  SocketDumpRow,
  SocketError,
  SocketEvents,
  SocketSendError,
  UdpSocket,
} from '../netlink';
import type { Netns } from '../netns';
import type { EventSeq, SocketRow } from '../trace';
import { copied, copiedFrame, originateFrom } from './copies';
import type { Datagram } from './door';
import { ReceiveQueue } from './receive-queue';
import { socketKey, udpRow } from './rows';
import { Tcp } from './tcp/tcp';

interface Bound {
  readonly by: string;
  /** As its packets' deliveries name it. */
  readonly label: string;
  readonly address: Ip4;
  readonly events: SocketEvents;
  /** Of a UDP socket. */
  readonly row?: SocketRow;
  /** What its process has not read yet; absent: it reads at once. */
  readonly queue?: ReceiveQueue;
}
/** A path-MTU mode asked for by nobody: UDP and ping both set DF until the path says otherwise. */
const DEFAULT_PMTUDISC = 'want';

export class Sockets {
  readonly #icmp = new Map<number, Bound>();
  readonly #udp = new Map<number, Bound>();
  #nextIcmpId = 1;
  #udpOrder = 0;
  #tcp: Tcp | undefined;

  constructor(private readonly netns: Netns) {}

  /** The API bound to whoever asks; what it sends is caused by that event. */
  api(requester: Requester): SocketApi {
    return {
      icmp: (id, events) => this.#openIcmp(id, events, requester),
      udp: (bind, events) => this.#openUdp(bind, events, requester),
      tun: (dev, events, options) => openTun(this.netns, dev, events, requester, options?.exclusive === true),
      connect: (dst, options) => this.#connect(dst, options),
      tcpConnect: (dst, port, options, events) => this.tcp.connect(dst, port, options, events, requester),
      tcpListen: (bind, onConnection) => this.tcp.listen(bind, onConnection, requester),
      list: () => this.#list(),
      capture: (dev, onFrame, promiscuous) => this.#capture(dev, onFrame, promiscuous === true),
    };
  }

  /** A namespace that never hears of TCP has none of it. */
  get tcp(): Tcp {
    return (this.#tcp ??= new Tcp(this.netns));
  }

  #list(): SocketDumpRow[] {
    const rows: SocketDumpRow[] = [];
    for (const { row, queue } of this.#udp.values())
      if (row) rows.push({ ...row, recvQ: queue?.used ?? 0, sendQ: 0 });
    for (const device of this.netns.devices) {
      if (device instanceof VxlanDevice && device.up)
        rows.push({ ...udpRow(0, device.config.port, ''), recvQ: 0, sendQ: 0 });
    }
    return [...rows, ...(this.#tcp?.list() ?? [])];
  }

  /** The namespace goes. */
  shutdown(cause: EventSeq): void {
    this.#tcp?.shutdown(cause);
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  #connect(dst: Ip4, options: SendOptions = {}): Result<{ source: Ip4; dev: string; mtu: number }, Errno> {
    // Asking for a route sends nothing and is no step of any packet: it stays out of the trace.
    const { netns } = this;
    const lookup = netns.fib.lookup({ dst, src: options.source, oif: options.device });
    if (lookup.type === 'none') {
      const device = options.device === undefined ? undefined : netns.device(options.device);
      if (!device?.up) return err('ENETUNREACH');
      return ok({
        source: options.source ?? netns.selectAddress(device, dst),
        dev: device.name,
        mtu: device.mtu,
      });
    }
    if (lookup.type === 'unreachable') return err('EHOSTUNREACH');
    if (lookup.type === 'prohibit' || lookup.type === 'broadcast') return err('EACCES');
    if (lookup.type === 'blackhole') return err('EINVAL');
    const device = lookup.type === 'local' ? netns.loopback : netns.device(lookup.dev ?? '');
    if (!device) return err('ENETUNREACH');
    const mtu = Math.min(lookup.mtu || device.mtu, netns.pmtu.get(dst) ?? device.mtu);
    return ok({ source: options.source || lookup.prefsrc, dev: device.name, mtu });
  }

  #openIcmp(
    wanted: number | undefined,
    events: SocketEvents,
    requester: Requester,
  ): Result<IcmpSocket, Errno> {
    let id = wanted;
    if (id === undefined) {
      while (this.#icmp.has(this.#nextIcmpId)) this.#nextIcmpId++;
      id = this.#nextIcmpId++ & 0xffff;
    }
    if (this.#icmp.has(id)) return err('EADDRINUSE');
    const { by } = requester;
    const own: Bound = { by, label: `${by} (icmp id ${id})`, address: 0, events };
    this.#icmp.set(id, own);
    const number = id;
    return ok({
      id: number,
      sendEcho: (dst, seq, payload, options = {}) =>
        this.#send(dst, IPPROTO_ICMP, options, requester, () => buildEcho(ICMP_ECHO, number, seq, payload)),
      close: () => {
        if (this.#icmp.get(number) === own) this.#icmp.delete(number);
      },
    });
  }

  #openUdp(
    bind: { address?: Ip4; port?: number },
    events: SocketEvents,
    requester: Requester,
  ): Result<UdpSocket, Errno> {
    const address = bind.address ?? 0;
    if (address !== 0 && !this.netns.isLocal(address)) return err('EADDRNOTAVAIL');
    const port = bind.port || this.#ephemeral();
    if (this.#udp.has(port) || this.#vxlanPort(port)) return err('EADDRINUSE');
    const row = udpRow(address, port, requester.by);
    const key = socketKey('udp', this.#udpOrder++);
    const queue = events.onReadable && new ReceiveQueue(this.netns, requester.by, events);
    const { by } = requester;
    const own: Bound = { by, label: `${by} (udp ${port})`, address, events, row, queue };
    this.#udp.set(port, own);
    this.netns.change('socket', key, undefined, row, requester.cause);
    return ok({
      port,
      sendTo: (dst, dstPort, payload, options = {}) =>
        this.#send(
          dst,
          IPPROTO_UDP,
          { ...options, source: options.source ?? (address || undefined) },
          requester,
          (route) => buildUdp({ srcPort: port, dstPort }, payload, { src: route.source, dst }),
        ),
      receive: (woken = false) => queue?.take(woken),
      close: (cause = requester.cause) => {
        if (this.#udp.get(port) !== own) return;
        this.#udp.delete(port);
        this.netns.change('socket', key, row, undefined, cause);
      },
    });
  }

  #ephemeral(): number {
    const [low, high] = this.netns.sysctl.portRange();
    const span = high - low + 1;
    const start = this.netns.random.below(span);
    for (let tries = 0; tries < span; tries++) {
      const port = low + ((start + tries) % span);
      if (!this.#udp.has(port)) return port;
    }
    return low;
  }

  /** ip_append_data and ip_push_pending_frames: route, size, header, out. */
  #send(
    dst: Ip4,
    protocol: number,
    options: SendOptions,
    requester: Requester,
    build: (route: OutputRoute) => Uint8Array,
  ): Result<void, SocketSendError> {
    const { netns } = this;
    const flow = { dst, src: options.source, oif: options.device, mark: options.mark };
    const cause = options.cause ?? requester.cause;
    const route = netns.ip.routeOutput(flow, cause);
    if (!route.ok) return err({ errno: route.errno });
    const payload = build(route);
    const mode = options.pmtudisc ?? DEFAULT_PMTUDISC;
    const tooBig = payload.length + 20 > (mode === 'probe' ? route.device.mtu : route.mtu);
    if (tooBig && (mode === 'do' || mode === 'probe')) return err({ errno: 'EMSGSIZE', mtu: route.mtu });
    if (payload.length + 20 > 65_535) return err({ errno: 'EMSGSIZE', mtu: route.mtu });
    const dontFragment = mode === 'want' ? !tooBig : mode !== 'dont';
    const bytes = buildIpv4(
      {
        tos: options.tos ?? 0,
        // ip_select_ident: a socket that never fragments sends id 0.
        id: mode === 'do' ? 0 : netns.nextIpId(),
        dontFragment,
        ttl: options.ttl ?? netns.sysctl.defaultTtl(),
        protocol,
        src: route.source,
        dst,
      },
      payload,
    );
    // What a process hands to an ICMP socket begins with the ICMP header; UDP's header is the kernel's.
    const given = protocol === IPPROTO_UDP ? payload.length - UDP_LENGTH : payload.length;
    const from = copiedFrame(netns, cause);
    const packet = originateFrom(netns, bytes, requester.by, given, route.seq, from);
    packet.mark = options.mark ?? 0;
    // A probing socket does not believe what it was told of the path.
    netns.ip.sendRouted(packet, mode === 'probe' ? { ...route, mtu: route.device.mtu } : route);
    return ok(undefined);
  }

  // --- arriving ------------------------------------------------------------------------------------------------------

  echoReply(packet: IpPacket, header: IcmpHeader, message: Uint8Array): void {
    const id = echoId(header);
    const socket = this.#icmp.get(id);
    if (!socket) {
      this.netns.dropPacket(packet, 'NO_SOCKET', 'ping_rcv', { id });
      return;
    }
    this.netns.delivered(packet, 'icmp', socket.label);
    this.#woke(packet, socket, message.length);
    socket.events.onMessage?.(this.#datagram(packet, 0, id, message));
  }

  echoError(packet: IpPacket, id: number, error: SocketError): void {
    this.#error(packet, this.#icmp.get(id), `icmp id ${id}`, error);
  }

  udpError(packet: IpPacket, port: number, error: SocketError): void {
    // Redirects are for the routing table alone (__udp4_lib_err).
    const told = error.type !== ICMP_REDIRECT && !this.#vxlanPort(port);
    const kernel = told ? this.#udp.get(port) : undefined;
    this.#error(packet, kernel, `udp ${port}`, error);
  }

  #error(packet: IpPacket, socket: Bound | undefined, name: string, error: SocketError): void {
    this.netns.delivered(packet, 'icmp', socket ? `${socket.by} (${name})` : 'icmp_unreach');
    if (!socket?.events.onError) return;
    this.#woke(packet, socket, error.quoted.length);
    socket.events.onError(error);
  }

  /** __udp4_lib_rcv. */
  udpReceive(packet: IpPacket): void {
    const { netns } = this;
    const at = packet.header.headerLength;
    const header = parseUdp(packet.bytes, at);
    if (isMalformed(header) || !verifyUdp(packet.bytes, at, packet.header)) {
      netns.dropPacket(packet, 'UDP_CSUM', '__udp4_lib_rcv');
      return;
    }
    const payload = packet.bytes.subarray(at + UDP_LENGTH, at + header.length);
    if (this.#vxlanPort(header.dstPort)) {
      netns.delivered(packet, 'udp', `vxlan (udp ${header.dstPort})`);
      receiveVxlan(netns, packet, payload, header.dstPort);
      return;
    }
    const socket = this.#udp.get(header.dstPort);
    if (!socket || (socket.address !== 0 && socket.address !== packet.header.dst)) {
      netns.dropPacket(packet, 'NO_SOCKET', '__udp4_lib_rcv', { port: header.dstPort });
      netns.icmp.error(packet, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
      return;
    }
    const { srcPort, dstPort } = header;
    const datagram = this.#datagram(packet, srcPort, dstPort, payload);
    if (socket.queue?.hasRoom(packet) === false) {
      netns.dropPacket(packet, 'SOCKET_RCVBUFF', '__udp_enqueue_schedule_skb', { port: dstPort });
      return;
    }
    netns.delivered(packet, 'udp', socket.label);
    if (socket.queue) return socket.queue.push(packet, datagram);
    this.#woke(packet, socket, payload.length);
    socket.events.onMessage?.(datagram);
  }

  /** A process that slept in recvmsg() gets what it waited for. */
  #woke(packet: IpPacket, socket: Bound, bytes: number): void {
    packet.cause = copied(this.netns, {
      frame: packet.frame,
      direction: 'to-user',
      process: socket.by,
      via: 'recvmsg',
      bytes,
      switches: 1,
      cause: packet.cause,
    });
  }

  #datagram(packet: IpPacket, srcPort: number, dstPort: number, payload: Uint8Array): Datagram {
    const { src, dst, ttl, tos } = packet.header;
    return { src, dst, ttl, tos, at: this.netns.now, srcPort, dstPort, payload };
  }

  #vxlanPort(port: number): boolean {
    for (const device of this.netns.devices) {
      if (device instanceof VxlanDevice && device.up && device.config.port === port) return true;
    }
    return false;
  }

  // --- taps ----------------------------------------------------------------------------------------------------------

  #capture(dev: string, onFrame: Tap, promiscuous: boolean): Result<Capture, Errno> {
    const all = dev === 'any';
    const devices: Device[] = all ? [...this.netns.devices] : [];
    const one = this.netns.device(dev);
    if (one) devices.push(one);
    if (devices.length === 0) return err('ENODEV');
    if (!all && one && !one.up) return err('ENETDOWN');
    // libpcap asks for no promiscuous mode on `any`.
    const listening = promiscuous && !all ? one : undefined;
    if (listening) listening.promiscuity++;
    for (const device of devices) device.taps.add(onFrame);
    let open = true;
    return ok({
      link: one?.link ?? 'ethernet',
      close: () => {
        if (open && listening) listening.promiscuity--;
        open = false;
        for (const device of devices) device.taps.delete(onFrame);
      },
    });
  }
}
