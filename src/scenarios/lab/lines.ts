/** One row of a table as the command that makes it. Everything is written out; nothing relies on a default that a distribution may change. */
import type { AddrRow, FdbRow, LinkRow, NeighRow, RouteRow, RuleRow } from '../../sim/index';

export interface Place {
  readonly netns: string;
  readonly link: LinkRow;
}

const ZERO_MAC = '00:00:00:00:00:00';

function given(link: LinkRow): string {
  // A MAC that a bridge took over from a port is the port's; written here it would become the bridge's own.
  const own = link.link_type === 'ether' && link.address !== ZERO_MAC && link.bridge?.macSet !== false;
  const address = own ? ` address ${link.address}` : '';
  return `${address} mtu ${link.mtu}`;
}

/** A veth pair or a cable; the far end is born in its own namespace. */
export function pairLine({ netns, link }: Place, far: Place | undefined): string {
  const peer = far ? ` peer name ${far.link.ifname}${given(far.link)} netns ${far.netns}` : '';
  return `ip -n ${netns} link add ${link.ifname}${given(link)} type veth${peer}`;
}

function bridgeWords(bridge: LinkRow['bridge']): string {
  const ageing = bridge && bridge.ageing !== 30_000 ? ` ageing_time ${bridge.ageing}` : '';
  return `type bridge stp_state ${bridge?.stp ? 1 : 0} mcast_snooping ${bridge?.mcastSnooping ? 1 : 0}${ageing}`;
}

function vxlanWords(vxlan: NonNullable<LinkRow['vxlan']>): string {
  const words = [`type vxlan id ${vxlan.id}`];
  if (vxlan.local !== undefined) words.push(`local ${vxlan.local}`);
  if (vxlan.remote !== undefined) words.push(`remote ${vxlan.remote}`);
  if (vxlan.dev !== undefined) words.push(`dev ${vxlan.dev}`);
  words.push(`dstport ${vxlan.port}`, vxlan.learning ? 'learning' : 'nolearning');
  if (vxlan.ttl > 0) words.push(`ttl ${vxlan.ttl}`);
  if (vxlan.ageing !== 300) words.push(`ageing ${vxlan.ageing}`);
  if (!vxlan.udpCsum) words.push('noudpcsum');
  return words.join(' ');
}

/** Undefined for a kind of device that has no command here. */
export function deviceLine({ netns, link }: Place): string | undefined {
  const start = `ip -n ${netns} link add ${link.ifname}${given(link)}`;
  if (link.kind === 'bridge') return `${start} ${bridgeWords(link.bridge)}`;
  if (link.kind === 'vxlan' && link.vxlan) return `${start} ${vxlanWords(link.vxlan)}`;
  return link.kind === 'dummy' ? `${start} type dummy` : undefined;
}

export function portLines({ netns, link }: Place): string[] {
  const lines = [`ip -n ${netns} link set ${link.ifname} master ${link.master ?? ''}`];
  const { port } = link;
  if (!port) return lines;
  const options: [boolean, string][] = [
    [port.hairpin, 'hairpin on'],
    [!port.learning, 'learning off'],
    [!port.flood, 'flood off'],
    [port.isolated, 'isolated on'],
    [port.neighSuppress, 'neigh_suppress on'],
  ];
  const set = options.flatMap(([differs, words]) => (differs ? [words] : []));
  return set.length > 0
    ? [...lines, `bridge -n ${netns} link set dev ${link.ifname} ${set.join(' ')}`]
    : lines;
}

export function addrLine(netns: string, row: AddrRow): string {
  const local =
    row.address === undefined
      ? `${row.local}/${row.prefixlen}`
      : `${row.local} peer ${row.address}/${row.prefixlen}`;
  const words = [`ip -n ${netns} addr add ${local}`];
  if (row.broadcast !== undefined) words.push(`brd ${row.broadcast}`);
  if (row.scope !== 'global') words.push(`scope ${row.scope}`);
  if (row.label !== row.dev && row.label !== '') words.push(`label ${row.label}`);
  return `${words.join(' ')} dev ${row.dev}`;
}

function via(hop: {
  readonly gateway?: string;
  readonly dev?: string;
  readonly flags: readonly string[];
}): string {
  const words = [
    hop.gateway === undefined ? '' : ` via ${hop.gateway}`,
    hop.dev === undefined ? '' : ` dev ${hop.dev}`,
  ];
  return words.join('') + (hop.flags.includes('onlink') ? ' onlink' : '');
}

/** `verb` is add or append. */
export function routeLine(netns: string, row: RouteRow, verb: 'add' | 'append'): string {
  const type = row.type === undefined || row.type === 'unicast' ? '' : `${row.type} `;
  const words = [`ip -n ${netns} route ${verb} ${type}${row.dst}${row.nexthops ? '' : via(row)}`];
  if (row.table !== undefined) words.push(`table ${row.table}`);
  if (row.protocol !== undefined) words.push(`proto ${row.protocol}`);
  // `ip` takes link for a route without a gateway; a daemon may have said global.
  const plain = type === '' && row.gateway === undefined && !row.nexthops;
  if (row.scope !== undefined || plain) words.push(`scope ${row.scope ?? 'global'}`);
  if (row.prefsrc !== undefined) words.push(`src ${row.prefsrc}`);
  if (row.metric !== undefined) words.push(`metric ${row.metric}`);
  if (row.mtu !== undefined) words.push(`mtu ${row.mtu}`);
  for (const hop of row.nexthops ?? []) words.push(`nexthop${via(hop)} weight ${hop.weight}`);
  return words.join(' ');
}

export function ruleLine(netns: string, row: RuleRow): string {
  const prefix = (address: string | undefined, length: number | undefined) =>
    address === undefined ? undefined : `${address}${length === undefined ? '' : `/${length}`}`;
  const words = [
    `ip -n ${netns} rule add priority ${row.priority} from ${prefix(row.src, row.srclen) ?? 'all'}`,
  ];
  const to = prefix(row.dst, row.dstlen);
  if (to !== undefined) words.push(`to ${to}`);
  if (row.iif !== undefined) words.push(`iif ${row.iif}`);
  if (row.oif !== undefined) words.push(`oif ${row.oif}`);
  if (row.fwmark !== undefined) words.push(`fwmark ${row.fwmark}`);
  return `${words.join(' ')} lookup ${row.table}`;
}

/** Undefined for an entry that has no MAC address. */
export function neighLine(netns: string, row: NeighRow): string | undefined {
  if (row.proxy) return `ip -n ${netns} neigh add proxy ${row.dst} dev ${row.dev}`;
  if (row.lladdr === undefined) return undefined;
  const kept = ['PERMANENT', 'NOARP', 'REACHABLE', 'STALE'] as const;
  const state = kept.find((each) => row.state.includes(each)) ?? 'STALE';
  return `ip -n ${netns} neigh replace ${row.dst} lladdr ${row.lladdr} dev ${row.dev} nud ${state.toLowerCase()}`;
}

/** Undefined for what the kernel makes itself or will learn again. `own` are the addresses of the namespace's devices. */
export function fdbLine(netns: string, row: FdbRow, own: ReadonlySet<string>): string | undefined {
  const start = `bridge -n ${netns} fdb append ${row.mac} dev ${row.ifname}`;
  if (row.dst !== undefined) {
    const port = row.port === undefined ? '' : ` port ${row.port}`;
    const vni = row.vni === undefined ? '' : ` vni ${row.vni}`;
    return `${start} dst ${row.dst}${port}${vni} self ${row.state === '' ? 'dynamic' : 'permanent'}`;
  }
  if (row.master === undefined || row.state === '' || own.has(row.mac)) return undefined;
  return `${start.replace(' append ', ' add ')} master ${row.state === 'static' ? 'static' : 'local'}`;
}

/** An entry that a bridge has learnt; undefined for any other. */
export function learntLine(netns: string, row: FdbRow): string | undefined {
  return row.master !== undefined && row.state === '' && row.dst === undefined
    ? `bridge -n ${netns} fdb add ${row.mac} dev ${row.ifname} master dynamic`
    : undefined;
}
