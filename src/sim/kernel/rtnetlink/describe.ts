/** Netlink requests in iproute2's words, for the trace: what one would have typed to make the same request. */
import { formatIp4, formatMac, formatPrefix, type Prefix } from '../../wire/index';
import {
  strerror,
  type AddrSpec,
  type FdbSpec,
  type LinkChange,
  type LinkSpec,
  type NeighSpec,
  type NetlinkError,
  type RouteMatch,
  type RouteMode,
  type RouteSpec,
  type RuleSpec,
} from '../netlink';

/** As iproute2 prints a refusal. */
export function errorText(error: NetlinkError): string {
  return error.extack !== undefined
    ? `Error: ${error.extack}.`
    : `RTNETLINK answers: ${strerror[error.errno]}`;
}

function words(...parts: (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== '').join(' ');
}
function opt<T>(word: string, value: T | undefined, show: (value: T) => string = String): string | undefined {
  return value === undefined ? undefined : `${word} ${show(value)}`;
}
function prefixText(prefix: Prefix): string {
  if (prefix.len === 0 && prefix.addr === 0) return 'default';
  return prefix.len === 32 ? formatIp4(prefix.addr) : formatPrefix(prefix);
}

export function describeNewLink(spec: LinkSpec): string {
  const { vxlan, peer, bridge } = spec;
  return words(
    'ip link add',
    spec.name,
    opt('address', spec.mac, formatMac),
    opt('mtu', spec.mtu),
    spec.kind === 'nic' ? 'type veth' : `type ${spec.kind}`,
    vxlan &&
      words(
        `id ${vxlan.id}`,
        opt('local', vxlan.local, formatIp4),
        opt('remote', vxlan.remote, formatIp4),
        opt('dev', vxlan.dev),
        opt('dstport', vxlan.port),
        vxlan.learning === false && 'nolearning',
      ),
    bridge?.ageingCs !== undefined && `ageing_time ${bridge.ageingCs}`,
    peer &&
      words(
        'peer',
        opt('name', peer.name),
        opt('netns', peer.netns?.id),
        opt('address', peer.mac, formatMac),
      ),
  );
}
export function describeSetLink(name: string, change: LinkChange): string {
  const { port, bridge } = change;
  return words(
    'ip link set',
    name,
    change.up !== undefined && (change.up ? 'up' : 'down'),
    opt('mtu', change.mtu),
    opt('address', change.mac, formatMac),
    opt('name', change.name),
    opt('txqueuelen', change.txqlen),
    change.master === null ? 'nomaster' : opt('master', change.master),
    opt('netns', change.netns?.id),
    opt('promisc', change.promisc, (on) => (on ? 'on' : 'off')),
    opt('arp', change.arp, (on) => (on ? 'on' : 'off')),
    bridge &&
      words(
        'type bridge',
        opt('ageing_time', bridge.ageingCs),
        opt('stp_state', bridge.stp, (on) => (on ? '1' : '0')),
        opt('mcast_snooping', bridge.mcastSnooping, (on) => (on ? '1' : '0')),
      ),
    port &&
      words(
        'type bridge_slave',
        ...Object.entries(port).map(
          ([key, value]) => `${key} ${value === true ? 'on' : value === false ? 'off' : value}`,
        ),
      ),
  );
}
export function describeAddr(
  action: string,
  spec: Pick<AddrSpec, 'dev' | 'local'> & Partial<AddrSpec>,
): string {
  const local = formatIp4(spec.local);
  const who = spec.peer !== undefined ? `${local} peer ${formatIp4(spec.peer)}` : local;
  return words(
    'ip addr',
    action,
    `${who}/${spec.prefixlen ?? 32}`,
    opt('brd', spec.broadcast, formatIp4),
    spec.scope !== 'global' && opt('scope', spec.scope),
    `dev ${spec.dev}`,
  );
}
export function describeRoute(action: RouteMode | 'del', spec: RouteSpec | RouteMatch): string {
  const hops = 'nexthops' in spec ? spec.nexthops : undefined;
  const onlink = 'onlink' in spec && spec.onlink === true;
  return words(
    'ip route',
    action,
    spec.type !== undefined && spec.type !== 'unicast' && spec.type,
    spec.dst && prefixText(spec.dst),
    opt('via', spec.gateway, formatIp4),
    opt('dev', spec.dev),
    opt('table', spec.table),
    opt('proto', spec.protocol),
    opt('scope', spec.scope),
    opt('src', spec.prefsrc, formatIp4),
    opt('metric', spec.metric),
    onlink && 'onlink',
    ...(hops ?? []).map((hop) =>
      words('nexthop', opt('via', hop.gateway, formatIp4), opt('dev', hop.dev), opt('weight', hop.weight)),
    ),
  );
}
export function describeRule(action: 'add' | 'del', spec: Partial<RuleSpec>): string {
  return words(
    'ip rule',
    action,
    opt('from', spec.src, formatPrefix),
    opt('to', spec.dst, formatPrefix),
    opt('iif', spec.iif),
    opt('fwmark', spec.fwmark),
    opt('table', spec.table),
    opt('priority', spec.priority),
  );
}
export function describeNeigh(
  action: string,
  spec: NeighSpec | Pick<NeighSpec, 'dev' | 'dst' | 'proxy'>,
): string {
  const full = spec as NeighSpec;
  return words(
    'ip neigh',
    action,
    spec.proxy && 'proxy',
    formatIp4(spec.dst),
    opt('lladdr', full.lladdr, formatMac),
    `dev ${spec.dev}`,
    opt('nud', full.state, (state) => state.toLowerCase()),
  );
}
export function describeFdb(action: string, spec: FdbSpec): string {
  return words(
    'bridge fdb',
    action,
    formatMac(spec.mac),
    `dev ${spec.dev}`,
    opt('dst', spec.dst, formatIp4),
    opt('vni', spec.vni),
    spec.self && 'self',
    spec.master && 'master',
    spec.state,
  );
}
