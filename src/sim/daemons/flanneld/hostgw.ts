/**
 * The host-gw backend (flannel pkg/backend/hostgw, pkg/backend/route_network.go): one route per peer, through the peer
 * itself, so every peer must be on our own link. Nothing is encapsulated. Every 10 s missing routes are put back.
 */
import type { Reply, RouteRow } from '../../kernel/netlink';
import { formatIp4, formatPrefix, type Prefix } from '../../wire/index';
import { log, request, type Effect } from '../daemon';
import type { Backend } from './backend';
import { errnoText, routeText } from './gotext';
import { next, type ExternalInterface, type FlanneldState, type Peer } from './state';

const CHECK_NS = 10_000_000_000;

function spec(ext: ExternalInterface, { subnet, attrs }: Peer) {
  return { dst: subnet, gateway: attrs.publicIp, dev: ext.name };
}

/** A /32 is written without its length in a row. */
function rowDst(prefix: Prefix): string {
  return prefix.len === 32 ? formatIp4(prefix.addr) : formatPrefix(prefix);
}

function isOurs(row: RouteRow, ext: ExternalInterface, peer: Peer): boolean {
  return (
    row.dst === rowDst(peer.subnet) && row.gateway === formatIp4(peer.attrs.publicIp) && row.dev === ext.name
  );
}

function addRoute(ext: ExternalInterface, key: string, peer: Peer, step: string): Effect {
  return request({ op: 'newRoute', spec: spec(ext, peer), mode: 'add' }, { to: `${step} ${key}` });
}

/** routeAdd: a different route to the same subnet is taken away first. */
function add(state: FlanneldState, key: string, peer: Peer, routes: readonly RouteRow[]): Effect[] {
  const { ext } = state;
  if (!ext) return [];
  const there = routes.find((row) => row.dst === rowDst(peer.subnet));
  const wanted = routeText(ext.index, peer.subnet, peer.attrs.publicIp);
  if (!there) return [addRoute(ext, key, peer, 'add')];
  if (isOurs(there, ext, peer)) return [log('I', `Route to ${wanted} already exists, skipping.`)];
  const old = `${there.dst} via ${there.gateway ?? 'none'} dev ${there.dev ?? 'none'}`;
  return [
    log('W', `Replacing existing route to ${old} with ${wanted}`),
    request({
      op: 'delRoute',
      match: { dst: peer.subnet, ...(there.dev === undefined ? {} : { dev: there.dev }) },
    }),
    addRoute(ext, key, peer, 'add'),
  ];
}

function refusal(state: FlanneldState, step: string, peer: Peer, error: string): Effect[] {
  const gw = formatIp4(peer.attrs.publicIp);
  if (step === 'add') {
    return [
      log(
        'E',
        `Error adding route to ${routeText(state.ext?.index ?? 0, peer.subnet, peer.attrs.publicIp)}: ${error}`,
      ),
    ];
  }
  if (step === 'recover') {
    return [log('E', `Error recovering route to ${formatPrefix(peer.subnet)}: ${gw}, ${error}`)];
  }
  return [];
}

export const hostGw: Backend = {
  timer: { name: 'route-check', everyNs: CHECK_NS },
  mtu: (state) => state.ext?.mtu ?? 1500,
  added(state, key, peer) {
    const via = `${formatPrefix(peer.subnet)} via ${formatIp4(peer.attrs.publicIp)}`;
    return next(state, log('I', `Subnet added: ${via}`), { do: 'survey', to: `list ${key}` });
  },
  removed(state, key, peer) {
    if (!state.ext) return next(state);
    const { dst, gateway, dev } = spec(state.ext, peer);
    return next(
      state,
      log('I', `Subnet removed: ${formatPrefix(peer.subnet)}`),
      request({ op: 'delRoute', match: { dst, gateway, dev } }, { to: `del ${key}` }),
    );
  },
  done(state, step, key, reply: Reply) {
    const peer = state.peers.get(key);
    if (step === 'del' && !reply.ok) {
      const subnet = key.slice(key.lastIndexOf('/') + 1).replace('-', '/');
      return next(state, log('E', `Error deleting route to ${subnet}: ${errnoText(reply.error.errno)}`));
    }
    if (!peer) return next(state);
    if (!reply.ok) return next(state, ...refusal(state, step, peer, errnoText(reply.error.errno)));
    if (step !== 'recover') return next(state);
    return next(
      state,
      log('I', `Route recovered ${formatPrefix(peer.subnet)} : ${formatIp4(peer.attrs.publicIp)}`),
    );
  },
  lookup: (state) => next(state),
  routes(state, step, key, routes) {
    const peer = state.peers.get(key);
    if (step === 'list') return next(state, ...(peer ? add(state, key, peer, routes) : []));
    const { ext } = state;
    if (!ext) return next(state);
    const missing = state.peers.entries().filter(([, one]) => !routes.some((row) => isOurs(row, ext, one)));
    return next(state, ...missing.map(([name, one]) => addRoute(ext, name, one, 'recover')));
  },
};
