/**
 * The udp backend (flannel pkg/backend/udp: udp_network_amd64.go, proxy_amd64.c): every packet for another node's pods
 * goes through this process. It reads it from a TUN device, looks up which node has the subnet in a table of its own
 * (filled by the lease watch; etcd is not asked per packet), and sends it as the payload of a UDP datagram; the other
 * node's flanneld writes it into its own TUN device. The TTL goes down on both sides.
 */
import type { Reply } from '../../kernel/netlink';
import {
  buildIcmp,
  buildIpv4,
  formatIp4,
  formatPrefix,
  networkOf,
  prefixContains,
  readU16,
  readU32,
  ICMP_DEST_UNREACH,
  ICMP_NET_UNREACH,
  IP_OFFSET_MASK,
  IPPROTO_ICMP,
  IPV4_LENGTH,
  type Ip4,
} from '../../wire/index';
import { log, request, type Effect, type Input } from '../daemon';
import type { Backend } from './backend';
import { errnoText } from './gotext';
import { subnetKey } from './lease';
import { fail, next, type FlanneldState, type Peer, type Step } from './state';

/** IP 20 + UDP 8. */
const ENCAP_OVERHEAD = 28;
const MAX_IP_OPTIONS = 40;
/** TTL of the errors that the proxy makes. */
const ERROR_TTL = 8;

function mtuOf(state: FlanneldState): number {
  return (state.ext?.mtu ?? 1500) - ENCAP_OVERHEAD;
}
function tunName(state: FlanneldState): string {
  return `flannel${state.tun ?? 0}`;
}
/** The subnet's own address: source of what the node itself sends to pods. */
function tunAddress(state: FlanneldState): Ip4 {
  return state.lease?.subnet.addr ?? 0;
}

// ---- Setting up ------------------------------------------------------------------------------------------------

/** OpenTun("flannel%d"): the first free number. */
function open(state: FlanneldState, tun: number): Step {
  const known = { ...state, tun };
  return next(known, { do: 'tun-open', dev: tunName(known), to: 'tun' });
}

function addressLen(state: FlanneldState): number {
  return state.options.udpAddress === 'network' ? (state.config?.network.len ?? 32) : 32;
}

/** configureIface, then the socket; each step waits for the one before. */
const STEPS: Readonly<Record<string, (state: FlanneldState) => Effect>> = {
  tun: (state) =>
    request(
      {
        op: 'newAddr',
        spec: { dev: tunName(state), local: tunAddress(state), prefixlen: addressLen(state) },
      },
      { to: 'tun-address' },
    ),
  'tun-address': (state) =>
    request({ op: 'setLink', name: tunName(state), change: { mtu: mtuOf(state) } }, { to: 'tun-mtu' }),
  'tun-mtu': (state) =>
    request({ op: 'setLink', name: tunName(state), change: { up: true } }, { to: 'tun-up' }),
  'tun-up': (state) =>
    request(
      {
        op: 'newRoute',
        spec: { dst: state.config?.network ?? { addr: 0, len: 0 }, dev: tunName(state), scope: 'global' },
      },
      { to: 'tun-route' },
    ),
  'tun-route': (state) => ({
    do: 'udp-open',
    address: state.ext?.addr ?? 0,
    port: state.config?.udp.port ?? 0,
    to: 'proxy',
  }),
};

function refusal(state: FlanneldState, step: string, error: string): string {
  const dev = tunName(state);
  const network = state.config?.network ?? { addr: 0, len: 0 };
  switch (step) {
    case 'tun':
      return `failed to open TUN device: ${error}`;
    case 'tun-address':
      return `failed to add IP address ${formatIp4(tunAddress(state))}/${addressLen(state)} to ${dev}: ${error}`;
    case 'tun-mtu':
      return `failed to set MTU for ${dev}: ${error}`;
    case 'tun-up':
      return `failed to set interface ${dev} to UP state: ${error}`;
    case 'tun-route':
      return `failed to add route (${formatPrefix(network)} -> ${dev}): ${error}`;
    default: {
      const address = `${formatIp4(state.ext?.addr ?? 0)}:${state.config?.udp.port ?? 0}`;
      return `failed to start listening on UDP socket: listen udp4 ${address}: bind: ${error}`;
    }
  }
}

function done(state: FlanneldState, step: string, reply: Reply): Step {
  const following = STEPS[step];
  if (!reply.ok) {
    const { errno } = reply.error;
    if (step === 'tun' && errno === 'EBUSY') return open(state, (state.tun ?? 0) + 1);
    // With the network's own length the address has brought the route already.
    const there = step === 'tun-route' && errno === 'EEXIST';
    if (!there) return fail(state, `Error registering network: ${refusal(state, step, errnoText(errno))}`);
  }
  return next(state, ...(following ? [following(state)] : []));
}

// ---- The proxy -------------------------------------------------------------------------------------------------

/** find_route */
function nodeOf(state: FlanneldState, dst: Ip4): Peer | undefined {
  const len = state.config?.subnetLen ?? 24;
  const usual = state.peers.get(subnetKey({ addr: networkOf(dst, len), len }));
  if (usual) return usual;
  // Leases of an earlier configuration may be of another length.
  for (const [, peer] of state.peers.entries()) {
    if (peer.subnet.len !== len && prefixContains(peer.subnet.addr, peer.subnet.len, dst)) return peer;
  }
  return undefined;
}

/** decrement_ttl: the checksum is patched, whatever it was (RFC 1624). Undefined: the TTL has run out. */
export function decremented(packet: Uint8Array): Uint8Array | undefined {
  const ttl = ((packet[8] ?? 0) - 1) & 0xff;
  if (ttl === 0) return undefined;
  const bytes = packet.slice();
  bytes[8] = ttl;
  // The sum is added up in the byte order of the machine, which is that of the low byte first.
  const check = (packet[10] ?? 0) | ((packet[11] ?? 0) << 8);
  const patched = check >= 0xfffe ? check + 2 : check + 1;
  bytes[10] = patched & 0xff;
  bytes[11] = (patched >> 8) & 0xff;
  return bytes;
}

/** send_net_unreachable; undefined where RFC 792 allows no error. */
export function netUnreachable(offender: Uint8Array, source: Ip4): Uint8Array | undefined {
  const headerLength = ((offender[0] ?? 0) & 0xf) * 4;
  if (headerLength >= IPV4_LENGTH + MAX_IP_OPTIONS) return undefined;
  if (offender[9] === IPPROTO_ICMP) return undefined;
  if ((readU16(offender, 6) & IP_OFFSET_MASK) !== 0) return undefined;
  const quoted = new Uint8Array(headerLength + 8);
  quoted.set(offender.subarray(0, headerLength + 8));
  const message = buildIcmp({ type: ICMP_DEST_UNREACH, code: ICMP_NET_UNREACH, rest: 0 }, quoted);
  const dst = readU32(offender, 12);
  return buildIpv4({ id: 0, ttl: ERROR_TTL, protocol: IPPROTO_ICMP, src: source, dst }, message);
}

/** tun_to_udp */
function fromTun(state: FlanneldState, { packet, cause }: Extract<Input, { on: 'tun' }>): Effect[] {
  if (packet.length < IPV4_LENGTH) return [];
  const peer = nodeOf(state, readU32(packet, 16));
  if (!peer) {
    const error = netUnreachable(packet, tunAddress(state));
    return error ? [{ do: 'tun-write', packet: error, cause }] : [];
  }
  const payload = decremented(packet.subarray(0, mtuOf(state)));
  if (!payload) return [];
  return [{ do: 'udp-send', dst: peer.attrs.publicIp, port: state.config?.udp.port ?? 0, payload, cause }];
}

/** udp_to_tun: whoever sent it, and whatever it is. */
function fromUdp(state: FlanneldState, { payload, cause }: Extract<Input, { on: 'udp' }>): Effect[] {
  if (payload.length < IPV4_LENGTH) return [];
  const packet = decremented(payload.subarray(0, mtuOf(state)));
  return packet ? [{ do: 'tun-write', packet, cause }] : [];
}

export const udp: Backend = {
  mtu: mtuOf,
  leased: (state) => open(state, 0),
  added: (state, _key, peer) => next(state, log('I', `Subnet added: ${formatPrefix(peer.subnet)}`)),
  removed: (state, _key, peer) => next(state, log('I', `Subnet removed: ${formatPrefix(peer.subnet)}`)),
  done: (state, step, _key, reply) => done(state, step, reply),
  lookup: (state) => next(state),
  routes: (state) => next(state),
  packet: (state, input) =>
    next(state, ...(input.on === 'tun' ? fromTun(state, input) : fromUdp(state, input))),
};
