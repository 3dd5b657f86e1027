/**
 * A built network as a shell script that rebuilds it in network namespaces on a real Linux machine, and that `script.ts`
 * reads back. It is made from the trace alone: what stands in the kernel's tables when the network is up, whoever put it
 * there, then the journal's commands.
 *
 * Ports are attached in the order in which they were attached before, because a bridge floods in that order.
 */
import type { EventSeq, JournalEntry, LinkRow, RouteRow, Trace } from '../../sim/index';
import { NETWORK_IS_UP } from '../script';
import {
  addrLine,
  deviceLine,
  fdbLine,
  learntLine,
  neighLine,
  pairLine,
  portLines,
  routeLine,
  ruleLine,
  type Place,
} from './lines';
import { ipsetLines, iptablesLines, qdiscLine } from './netfilter';
import { builtNetwork, type Built } from './tables';
import { leasesOf, proxyLine, serverLines } from './user-space';

interface Lab {
  readonly script: string;
  /** Journal commands that make no sense outside the simulation; they stand in the script as comments. */
  readonly skipped: readonly string[];
}

const IPV6_OFF = 'net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1';
/** Programs that speak to daemons, which the script does not start, or of a machine of its own. */
const DAEMON_COMMANDS = new Set([
  'etcdctl',
  'kubectl',
  'systemctl',
  'service',
  'docker',
  'journalctl',
  'dmesg',
]);
const CHANGES =
  /^(systemctl (re)?(start|stop)|service \S+ (re)?(start|stop)|docker (run|rm|start|stop|kill|restart)|kubectl (run|delete|apply|create|label|drain)|etcdctl (put|set|del|rm|mk|update))\b/;

/** `docker exec NAME …` is the command itself, in the container's namespace. */
function inContainer(netns: string, command: string): readonly [string, string] {
  const inside = /^docker\s+exec\s+(?:-\S+\s+)*(\S+)\s+(.+)$/.exec(command);
  return inside ? [inside[1] ?? netns, inside[2] ?? ''] : [netns, command];
}
const withoutVariables = (command: string): string => command.replace(/^(?:\w+=\S*\s+)+/, '');

/** Whether a command makes no sense outside the simulation. */
export function isSimulatedOnly({ netns, command }: JournalEntry): boolean {
  const [, what] = inContainer(netns, command);
  return DAEMON_COMMANDS.has(withoutVariables(what).split(/\s+/)[0] ?? '');
}
/** Whether daemons change the network because of it. */
export function movesDaemons(entry: JournalEntry): boolean {
  return isSimulatedOnly(entry) && CHANGES.test(withoutVariables(entry.command).replace(/\s+/g, ' '));
}
const TABLES_OF_THE_KERNEL = new Set([0, 32766, 32767]);

class Exporter {
  readonly lines: string[] = [];
  readonly skipped: string[] = [];
  readonly #spaces: readonly string[];

  constructor(
    private readonly built: Built,
    private readonly journal: readonly JournalEntry[],
    private readonly learnt: boolean,
  ) {
    // The machine's own namespace of a script is left out when it holds nothing.
    this.#spaces = built.namespaces.filter((netns) => !this.#isEmpty(netns));
  }

  #isEmpty(netns: string): boolean {
    const isHost = this.built.rows(netns, 'netns')[0]?.role === 'host';
    return isHost && this.built.rows(netns, 'link').every((link) => link.kind === 'loopback');
  }

  #say(comment: string, lines: readonly string[]): void {
    if (lines.length > 0) this.lines.push('', `# ${comment}`, ...lines);
  }

  #each(make: (netns: string) => readonly (string | undefined)[]): string[] {
    return this.#spaces.flatMap((netns) => make(netns).filter((line): line is string => line !== undefined));
  }

  build(): void {
    const { built } = this;
    this.#say('Namespaces, without IPv6.', [
      ...this.#spaces.map((netns) => `ip netns add ${netns}`),
      ...this.#spaces.map((netns) => `ip netns exec ${netns} sysctl -qw ${IPV6_OFF}`),
    ]);
    this.#say(
      'Settings.',
      this.#each((netns) => this.#sysctls(netns, (name) => !isOfDevice(name))),
    );
    const places = this.#places();
    this.#say('Links.', this.#links(places));
    const ports = places
      .filter(({ link }) => link.master !== undefined)
      .sort((a, b) => built.attached(a.netns, a.link.ifname) - built.attached(b.netns, b.link.ifname));
    this.#say('Bridge ports, in this order.', ports.flatMap(portLines));
    this.#say(
      'Settings of devices.',
      this.#each((netns) => this.#sysctls(netns, isOfDevice)),
    );
    const isTun = (netns: string, dev: string) => this.#tuns(netns).some(({ ifname }) => ifname === dev);
    this.#say(
      'Addresses.',
      this.#each((netns) => this.#addresses(netns, (dev) => !isTun(netns, dev))),
    );
    this.#say(
      'Up.',
      this.#each((netns) => this.#up(netns, (dev) => !isTun(netns, dev))),
    );
    this.#say(
      'Devices of user space, made by the program that reads from them (lab/udp-proxy.pl of Framewalk).',
      this.#each((netns) => [
        ...this.#proxies(netns),
        ...this.#addresses(netns, (dev) => isTun(netns, dev)),
        ...this.#up(netns, (dev) => isTun(netns, dev)),
      ]),
    );
    this.#say(
      'Routes.',
      this.#each((netns) => this.#routes(netns)),
    );
    this.#say(
      'Rules.',
      this.#each((netns) =>
        built
          .rows(netns, 'rule')
          .map((row) => (TABLES_OF_THE_KERNEL.has(row.priority) ? undefined : ruleLine(netns, row))),
      ),
    );
    this.#say(
      'Neighbours.',
      this.#each((netns) => built.rows(netns, 'neigh').map((row) => neighLine(netns, row))),
    );
    this.#say(
      'Forwarding databases.',
      this.#each((netns) => this.#fdb(netns)),
    );
    this.#filters();
  }

  #filters(): void {
    const { built } = this;
    this.#say(
      'Sets.',
      this.#each((netns) => ipsetLines(netns, built.rows(netns, 'ipset'))),
    );
    this.#say(
      'Rules of netfilter.',
      this.#each((netns) =>
        iptablesLines(netns, built.rows(netns, 'iptables'), (table) => built.inUse(netns, table)),
      ),
    );
    this.#say(
      'Queueing disciplines.',
      this.#each((netns) => built.rows(netns, 'qdisc').map((row) => qdiscLine(netns, row))),
    );
  }

  #addresses(netns: string, wanted: (dev: string) => boolean): (string | undefined)[] {
    return this.built
      .rows(netns, 'addr')
      .map((row) =>
        !wanted(row.dev) || (row.dev === 'lo' && row.scope === 'host') ? undefined : addrLine(netns, row),
      );
  }

  #up(netns: string, wanted: (dev: string) => boolean): (string | undefined)[] {
    return this.built
      .rows(netns, 'link')
      .map(({ ifname, flags }) =>
        wanted(ifname) && flags.includes('UP') ? `ip -n ${netns} link set ${ifname} up` : undefined,
      );
  }

  #tuns(netns: string): LinkRow[] {
    return this.built.rows(netns, 'link').filter(({ kind }) => kind === 'tun');
  }

  #proxies(netns: string): string[] {
    const { built } = this;
    const leases = leasesOf(built.namespaces.flatMap((each) => built.rows(each, 'etcd')));
    return this.#tuns(netns).flatMap((link) => {
      const proxy = proxyLine(netns, link, built.rows(netns, 'addr'), built.rows(netns, 'socket'), leases);
      const nobody = `# ${netns}: nobody reads from ${link.ifname}, which is not exported`;
      return proxy === undefined
        ? [nobody]
        : [proxy, `ip -n ${netns} link set ${link.ifname} mtu ${link.mtu}`];
    });
  }

  /** All links in the order in which they came to their namespaces. */
  #places(): Place[] {
    const { built } = this;
    return this.#spaces
      .flatMap((netns) => built.rows(netns, 'link').map((link) => ({ netns, link })))
      .filter(({ link }) => link.kind !== 'loopback')
      .sort((a, b) => built.born(a.netns, a.link.ifname) - built.born(b.netns, b.link.ifname));
  }

  #links(places: readonly Place[]): string[] {
    const made = new Set<string>();
    return places.flatMap((place) => {
      const { netns, link } = place;
      if (made.has(`${netns} ${link.ifname}`)) return [];
      if (link.kind === 'tun') return [];
      if (link.kind !== 'veth' && link.kind !== 'nic')
        return deviceLine(place) ?? [`# ${netns}: ${link.ifname} (${link.kind}) is not exported`];
      const { peer } = link;
      const far =
        peer && places.find((other) => other.netns === peer.netns && other.link.ifname === peer.dev);
      if (!far) return [pairLine(place, undefined)];
      made.add(`${far.netns} ${far.link.ifname}`);
      // The kernel makes the peer first, so the end that was there first is the peer.
      return [pairLine(far, place)];
    });
  }

  #sysctls(netns: string, wanted: (name: string) => boolean): string[] {
    return (
      this.built
        .rows(netns, 'sysctl')
        .filter(
          ({ name, value }) =>
            wanted(name) && !name.startsWith('net.ipv6.') && value !== this.built.initialSysctl(netns, name),
        )
        // Forwarding as a whole sets the devices' own switches, so it comes first.
        .sort((a, b) => Number(b.name === 'net.ipv4.ip_forward') - Number(a.name === 'net.ipv4.ip_forward'))
        .filter(
          ({ name }, _i, all) =>
            !(name.endsWith('.forwarding') && all.some((row) => row.name === 'net.ipv4.ip_forward')),
        )
        .map(({ name, value }) => `ip netns exec ${netns} sysctl -qw ${slashed(name, value)}`)
    );
  }

  #routes(netns: string): string[] {
    const rows = this.built
      .rows(netns, 'route')
      .filter((row) => !this.#isOwn(netns, row) && row.table !== 'local');
    // A gateway has to be reachable before it can be used.
    const ordered = [
      ...rows.filter((row) => row.gateway === undefined && !row.nexthops),
      ...rows.filter((row) => row.gateway !== undefined || row.nexthops),
    ];
    const seen = new Set<string>();
    return ordered.map((row) => {
      const key = `${row.table ?? 'main'} ${row.dst} ${row.metric ?? 0}`;
      const verb = seen.has(key) ? 'append' : 'add';
      seen.add(key);
      return routeLine(netns, row, verb);
    });
  }

  /** Made by the kernel with an address; somebody else may say `proto kernel` as well. */
  #isOwn(netns: string, { protocol, prefsrc, dev, metric }: RouteRow): boolean {
    if (protocol !== 'kernel') return false;
    return (
      metric === undefined &&
      this.built.rows(netns, 'addr').some((row) => row.dev === dev && row.local === prefsrc)
    );
  }

  #fdb(netns: string): (string | undefined)[] {
    const own = new Set(this.built.rows(netns, 'link').map((link) => link.address));
    return this.built
      .rows(netns, 'fdb')
      .map((row) => fdbLine(netns, row, own) ?? (this.learnt ? learntLine(netns, row) : undefined));
  }

  commands(): void {
    // lab/httpd.pl of Framewalk answers as they do.
    const servers = this.#each((netns) => serverLines(netns, this.built.rows(netns, 'process')));
    const lines = [...servers, ...this.journal.map((entry) => this.#command(entry))];
    if (lines.length === 0) return;
    if (this.journal.length > 0)
      this.#say('A real kernel takes up to a second until all links carry.', ['sleep 2']);
    this.lines.push('', `${NETWORK_IS_UP} What is done with it may fail:`, 'set +e', ...lines);
  }

  #command({ netns, command, at }: JournalEntry): string {
    if (isSimulatedOnly({ netns, command })) {
      this.skipped.push(command);
      return `# (only in the simulation) ${netns}: ${command}`;
    }
    const [where, what] = inContainer(netns, command);
    const program = what.split(/\s+/)[0] ?? '';
    const line =
      program === 'sleep' || !this.#spaces.includes(where) ? what : `ip netns exec ${where} ${what}`;
    return at === undefined ? line : `# at ${at / 1e9} s:\n${line}`;
  }
}

/** `net.ipv4.conf.eth0.forwarding`: device names may hold dots, so only the fixed parts are looked at. */
function isOfDevice(name: string): boolean {
  return /^net\.ipv[46]\.(conf|neigh)\.(?!(all|default)\.)/.test(name);
}

/** sysctl reads a name with slashes as it stands, so that a dot in a device's name stays a dot. */
function slashed(name: string, value: string): string {
  const match = /^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.(\w+)$/.exec(name);
  const path = match?.[2]?.includes('.')
    ? `${(match[1] ?? '').replaceAll('.', '/')}/${match[2]}/${match[3]}`
    : name;
  return /\s/.test(value) ? `"${path}=${value.replaceAll('\t', ' ')}"` : `${path}=${value}`;
}

interface ExportOptions {
  /** The moment, as its first event; else when the network is up. */
  readonly at?: EventSeq;
  /** What bridges have learnt is written out as well; else they learn it again. */
  readonly learnt?: boolean;
}

/** `title` goes into the script's first comment. */
export function exportLab(
  trace: Trace,
  journal: readonly JournalEntry[],
  title: string,
  { at, learnt = false }: ExportOptions = {},
): Lab {
  const exporter = new Exporter(builtNetwork(trace, at), journal, learnt);
  exporter.lines.push(
    '#!/bin/sh',
    `# ${title.replace(/\s+/g, ' ')}`,
    '# Run as root; `ip -all netns delete` takes it away.',
    'set -e',
  );
  exporter.build();
  exporter.commands();
  return { script: `${exporter.lines.join('\n')}\n`, skipped: exporter.skipped };
}
