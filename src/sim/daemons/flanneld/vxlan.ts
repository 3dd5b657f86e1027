/**
 * The vxlan backend (flannel pkg/backend/vxlan): per peer a permanent neighbour (the peer's flannel.1 address has this
 * MAC), an FDB entry (this MAC is behind that node) and a route through the peer's flannel.1, `onlink`. The neighbour comes
 * first and the route last, so that the kernel never asks by ARP for what is not known yet.
 *
 * With DirectRouting a peer on our own link gets a plain route instead.
 */
import type { AddrRow, Reply } from '../../kernel/netlink';
import { formatIp4, formatMac, formatPrefix, parseIp4, prefixContains } from '../../wire/index';
import { log, request, type Effect, type Next } from '../daemon';
import type { Backend } from './backend';
import { errnoText } from './gotext';
import { next, withPeer, type FlanneldState, type Peer } from './state';

/** Outer Ethernet is the NIC's own; IP 20 + UDP 8 + VXLAN 8 + inner Ethernet 14. */
const ENCAP_OVERHEAD = 50;
const CHECK_NS = 10_000_000_000;

export function vtepName(state: FlanneldState): string {
  return `flannel.${state.config?.vxlan.vni ?? 1}`;
}

/**
 * EnsureV4AddressOnLink: the subnet's first address, in place of one of an earlier subnet. A /32: no broadcast routes; it
 * is only the host's own source address towards pods. Answered by `address`.
 */
export function vtepAddress(state: FlanneldState, addrs: readonly AddrRow[]): Effect[] {
  const { config, lease } = state;
  if (!config || !lease) return [];
  const dev = vtepName(state);
  const local = lease.subnet.addr;
  const old = addrs.flatMap((row) => {
    const addr = row.dev === dev && row.family === 'inet' ? parseIp4(row.local) : undefined;
    if (!addr?.ok || addr.value === local) return [];
    if (!prefixContains(config.network.addr, config.network.len, addr.value)) return [];
    return [
      request({ op: 'delAddr', spec: { dev, local: addr.value, prefixlen: row.prefixlen } }),
      log('I', `removed IP address ${formatIp4(local)}/32 from ${dev}`),
    ];
  });
  const spec = { dev, local, prefixlen: 32 };
  return [...old, request({ op: 'newAddr', spec, mode: 'replace' }, { to: 'address' })];
}

function neighbour(state: FlanneldState, peer: Peer) {
  return { dev: vtepName(state), dst: peer.subnet.addr };
}
function fdb(state: FlanneldState, peer: Peer) {
  const mac = peer.attrs.vtepMac ?? 0;
  return { mac, dev: vtepName(state), self: true, dst: peer.attrs.publicIp, state: 'permanent' as const };
}
function tunnelRoute(state: FlanneldState, peer: Peer) {
  return { dst: peer.subnet, gateway: peer.subnet.addr, dev: vtepName(state), onlink: true };
}

function addNeighbour(state: FlanneldState, key: string, peer: Peer): Effect {
  const lladdr = peer.attrs.vtepMac ?? 0;
  const spec = { ...neighbour(state, peer), lladdr, state: 'PERMANENT' as const };
  return request({ op: 'newNeigh', spec, mode: 'replace' }, { to: `arp ${key}` });
}
function addFdb(state: FlanneldState, key: string, peer: Peer): Effect {
  return request({ op: 'newFdb', spec: fdb(state, peer), mode: 'replace' }, { to: `fdb ${key}` });
}
function addRoute(state: FlanneldState, key: string, peer: Peer): Effect {
  return request({ op: 'newRoute', spec: tunnelRoute(state, peer), mode: 'replace' }, { to: `route ${key}` });
}
function addDirect(key: string, peer: Peer, step: string): Effect {
  const spec = { dst: peer.subnet, gateway: peer.attrs.publicIp };
  return request(
    { op: 'newRoute', spec, mode: step === 'direct' ? 'replace' : 'add' },
    { to: `${step} ${key}` },
  );
}

const tunnelled = (state: FlanneldState, key: string, peer: Peer): Next<FlanneldState> => {
  const { subnet, attrs } = peer;
  const what = `${formatPrefix(subnet)} PublicIP: ${formatIp4(attrs.publicIp)} VtepMAC: ${formatMac(attrs.vtepMac ?? 0)}`;
  return next(state, log('I', `adding subnet: ${what}`), addNeighbour(state, key, peer));
};

function refused(state: FlanneldState, step: string, peer: Peer, error: string): Effect[] {
  const undoNeighbour = request({ op: 'delNeigh', spec: neighbour(state, peer) });
  const subnet = formatPrefix(peer.subnet);
  switch (step) {
    case 'arp':
      return [log('E', `AddARP failed: ${error}`)];
    case 'fdb':
      return [log('E', `AddFDB failed: ${error}`), undoNeighbour];
    case 'route':
      return [
        log('E', `failed to add vxlanRoute (${subnet} -> ${formatIp4(peer.subnet.addr)}): ${error}`),
        undoNeighbour,
        request({ op: 'delFdb', spec: fdb(state, peer) }),
      ];
    case 'direct':
      return [log('E', `Error adding route to ${subnet} via ${formatIp4(peer.attrs.publicIp)}: ${error}`)];
    case 'recover':
      return [log('E', `Error recovering route to ${subnet}: ${formatIp4(peer.attrs.publicIp)}, ${error}`)];
    default:
      return [];
  }
}

function removal(step: string, key: string, error: string): Effect[] {
  const name = key.slice(key.lastIndexOf('/') + 1).replace('-', '/');
  const texts: Readonly<Record<string, string>> = {
    'del-arp': `DelARP failed: ${error}`,
    'del-fdb': `DelFDB failed: ${error}`,
    'del-route': `failed to delete vxlanRoute (${name} -> ${name.replace(/\/.*/, '')}): ${error}`,
    'del-direct': `Error deleting route to ${name}: ${error}`,
  };
  const text = texts[step];
  return text === undefined ? [] : [log('E', text)];
}

export const vxlan: Backend = {
  timer: { name: 'route-check', everyNs: CHECK_NS },
  mtu: (state) => (state.config?.vxlan.mtu || (state.ext?.mtu ?? 1500)) - ENCAP_OVERHEAD,
  added(state, key, peer) {
    if (peer.attrs.vtepMac === undefined) {
      return next(state, log('E', 'error decoding subnet lease JSON: unexpected end of JSON input'));
    }
    if (!state.config?.vxlan.directRouting) return tunnelled(state, key, peer);
    return next(state, { do: 'lookup', dst: peer.attrs.publicIp, to: `reach ${key}` });
  },
  removed(state, key, peer) {
    if (peer.direct) {
      const match = { dst: peer.subnet, gateway: peer.attrs.publicIp };
      const what = `${formatPrefix(peer.subnet)} PublicIP: ${formatIp4(peer.attrs.publicIp)}`;
      return next(
        state,
        log('I', `Removing direct route to subnet: ${what}`),
        request({ op: 'delRoute', match }, { to: `del-direct ${key}` }),
      );
    }
    const { dst, gateway, dev } = tunnelRoute(state, peer);
    const mac = formatMac(peer.attrs.vtepMac ?? 0);
    return next(
      state,
      log(
        'I',
        `removing subnet: ${formatPrefix(peer.subnet)} PublicIP: ${formatIp4(peer.attrs.publicIp)} VtepMAC: ${mac}`,
      ),
      request({ op: 'delNeigh', spec: neighbour(state, peer) }, { to: `del-arp ${key}` }),
      request({ op: 'delFdb', spec: fdb(state, peer) }, { to: `del-fdb ${key}` }),
      request({ op: 'delRoute', match: { dst, gateway, dev } }, { to: `del-route ${key}` }),
    );
  },
  done(state, step, key, reply: Reply) {
    if (step.startsWith('del-')) {
      return next(state, ...(reply.ok ? [] : removal(step, key, errnoText(reply.error.errno))));
    }
    const peer = state.peers.get(key);
    if (!peer) return next(state);
    if (!reply.ok) return next(state, ...refused(state, step, peer, errnoText(reply.error.errno)));
    if (step === 'arp') return next(state, addFdb(state, key, peer));
    if (step === 'fdb') return next(state, addRoute(state, key, peer));
    if (step !== 'recover') return next(state);
    return next(
      state,
      log('I', `Route recovered ${formatPrefix(peer.subnet)} : ${formatIp4(peer.attrs.publicIp)}`),
    );
  },
  lookup(state, _step, key, reply) {
    const peer = state.peers.get(key);
    if (!peer) return next(state);
    // ip.DirectRouting: the kernel's route to the peer has no gateway.
    if (!reply.ok || reply.value.gateway !== undefined) return tunnelled(state, key, peer);
    const known = withPeer(state, key, { ...peer, direct: true });
    const what = `${formatPrefix(peer.subnet)} PublicIP: ${formatIp4(peer.attrs.publicIp)}`;
    return next(known, log('I', `Adding direct route to subnet: ${what}`), addDirect(key, peer, 'direct'));
  },
  routes(state, _step, _key, routes) {
    const missing = state.peers
      .entries()
      .filter(
        ([, peer]) =>
          peer.direct &&
          !routes.some(
            (row) => row.dst === formatPrefix(peer.subnet) && row.gateway === formatIp4(peer.attrs.publicIp),
          ),
      );
    return next(state, ...missing.map(([key, peer]) => addDirect(key, peer, 'recover')));
  },
};
