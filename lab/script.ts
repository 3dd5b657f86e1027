/** The shell text that builds a network in a room, and what is done to the built network before it is looked at. */
import { scenarioFromScript } from '../src/scenarios/index';
import type { Row, Tables } from './types';

/**
 * A new namespace takes over settings of the machine it is made on; these are put back to what the kernel's source says,
 * and IPv6 is off, as in the simulator. `sudo` is not needed inside.
 */
const SETTINGS = [
  ...['all', 'default'].flatMap((dev) =>
    [
      ...['forwarding=0', 'rp_filter=0', 'accept_redirects=1', 'send_redirects=1', 'secure_redirects=1'],
      ...[
        'accept_source_route=0',
        'log_martians=0',
        'promote_secondaries=0',
        'proxy_arp=0',
        'shared_media=1',
      ],
      ...[
        'arp_ignore=0',
        'arp_announce=0',
        'arp_accept=0',
        'arp_filter=0',
        'arp_notify=0',
        'route_localnet=0',
      ],
    ].map((setting) => `net.ipv4.conf.${dev}.${setting}`),
  ),
];
/** A bridge that looks into multicast says so once or twice when it comes up, some time later. */
const NO_REPORTS = 'net.ipv4.igmp_link_local_mcast_reports=0';
/** These go by the machine's memory; the windows of TCP go by them. */
const BUFFERS = ['net.ipv4.tcp_rmem="4096 131072 33554432"', 'net.ipv4.tcp_wmem="4096 16384 4194304"'];
/** What a namespace is born with where br_netfilter is loaded. */
const BRIDGE = ['iptables', 'ip6tables', 'arptables'].map(
  (tables) => `net.bridge.bridge-nf-call-${tables}=1`,
);
const OFFLOADS = 'tx off rx off sg off tso off gso off gro off';
/** A bridge merges nothing itself; libpcap believes a device without it to have no frame above its MTU, but defragmentation makes some. */
const BRIDGE_OFFLOADS = OFFLOADS.replace('gro off', 'gro on');
const IPV6_OFF = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];

const PRELUDE = `
settle() {
  "$@" sysctl -qw ${BRIDGE.join(' ')}
  "$@" sysctl -qw ${SETTINGS.join(' ')} ${BUFFERS.join(' ')} ${NO_REPORTS}
  if [ -e /proc/sys/net/ipv6 ]; then "$@" sysctl -qw ${IPV6_OFF.join(' ')}; fi
}
ip() {
  command ip "$@" || { local exit=$?; echo "failed: ip $*"; return $exit; }
  if [ "\${1-} \${2-}" = "netns add" ]; then settle command ip netns exec "$3"; fi
}
sudo() { "$@"; }
settle
`;

/** Makes every namespace of a script as a kernel that has just started would make it. Bash runs the result. */
export function withPrelude(script: string): string {
  // What stays in the background must not hold the output that is waited for.
  return `${PRELUDE}${script.replace(/ &$/gm, ' > /dev/null 2>&1 &')}\n`;
}

/**
 * The lines of a script up to the first that sends packets. Bash runs them here; the simulator has read them by itself.
 *
 * @throws when the simulator cannot read the script
 */
export function buildingPart(script: string): string {
  const loaded = scenarioFromScript(script, 'lab');
  if (!loaded.ok) {
    throw new Error(loaded.error.map(({ place, message }) => `${place}: ${message.en}`).join('; '));
  }
  const places = loaded.value.scenario.setup.map(({ place }) => Number(/^line (\d+)$/.exec(place)?.[1] ?? 0));
  const lines = script.split('\n');
  let end = Math.max(0, ...places);
  while (lines[end - 1]?.endsWith('\\')) end++;
  return lines.slice(0, end).join('\n');
}

/**
 * Checksums are filled in where they are made instead of being left to a device (so a capture shows them), packets are not
 * merged or split, and devices whose address was drawn by chance get the one the simulator has drawn.
 */
export function levelling(
  wanted: ReadonlyMap<string, Tables>,
  real: ReadonlyMap<string, Tables>,
  root?: string,
): string {
  const spaces = [...real].map(([netns, tables]) => {
    const own = wanted.get(netns)?.link ?? [];
    const lines = tables.link.flatMap((row) => {
      if (row.kind === undefined) return [];
      const dev = String(row.ifname);
      const offloads = `ethtool -K ${dev} ${row.kind === 'bridge' ? BRIDGE_OFFLOADS : OFFLOADS} >/dev/null 2>&1 || true`;
      if (!needsAddress(row, own, tables.link)) return [offloads];
      const address = own.find(({ ifname }) => ifname === row.ifname)?.address;
      return [offloads, `ip link set dev ${dev} address ${String(address)}`];
    });
    // One shell for each namespace: going into one takes longer than the commands.
    return netns === root
      ? lines.join('\n')
      : `ip netns exec ${netns} bash -e <<'END'\n${lines.join('\n')}\nEND`;
  });
  return spaces.join('\n');
}

/** A bridge with ports takes its address from them by itself, which is part of what is compared. */
function needsAddress(row: Row, wanted: readonly Row[], all: readonly Row[]): boolean {
  const own = wanted.find(({ ifname }) => ifname === row.ifname);
  if (own === undefined || row.kind === undefined || own.address === row.address) return false;
  return row.kind !== 'bridge' || !all.some(({ master }) => master === row.ifname);
}
