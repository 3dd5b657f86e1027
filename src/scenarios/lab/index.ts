/**
 * A built network as a shell script that rebuilds it in network namespaces on a real Linux machine, and that `script.ts`
 * reads back. It is made from the trace alone: what stands in the kernel's tables when the network is up, whoever put it
 * there, then the journal's commands.
 *
 * Ports are attached in the order in which they were attached before, because a bridge floods in that order.
 */
import type { JournalEntry, Trace } from '../../sim/index';
import {
  addrLine,
  deviceLine,
  fdbLine,
  neighLine,
  pairLine,
  portLines,
  routeLine,
  ruleLine,
  type Place,
} from './lines';
import { builtNetwork, type Built } from './tables';

export interface Lab {
  readonly script: string;
  /** Journal commands that make no sense outside the simulation; they stand in the script as comments. */
  readonly skipped: readonly string[];
}

const IPV6_OFF = 'net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1';
/** Programs that speak to daemons, which the script does not start. */
const DAEMON_COMMANDS = new Set(['etcdctl', 'kubectl', 'systemctl', 'service', 'docker', 'journalctl']);
const TABLES_OF_THE_KERNEL = new Set([0, 32766, 32767]);

class Exporter {
  readonly lines: string[] = [];
  readonly skipped: string[] = [];
  readonly #spaces: readonly string[];

  constructor(
    private readonly built: Built,
    private readonly journal: readonly JournalEntry[],
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
    this.#say(
      'Addresses.',
      this.#each((netns) =>
        built
          .rows(netns, 'addr')
          .map((row) => (row.dev === 'lo' && row.scope === 'host' ? undefined : addrLine(netns, row))),
      ),
    );
    this.#say(
      'Up.',
      this.#each((netns) =>
        built
          .rows(netns, 'link')
          .map((link) =>
            link.flags.includes('UP') ? `ip -n ${netns} link set ${link.ifname} up` : undefined,
          ),
      ),
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
      .filter((row) => row.protocol !== 'kernel' && row.table !== 'local');
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

  #fdb(netns: string): (string | undefined)[] {
    const own = new Set(this.built.rows(netns, 'link').map((link) => link.address));
    return this.built.rows(netns, 'fdb').map((row) => fdbLine(netns, row, own));
  }

  commands(): void {
    if (this.journal.length === 0) return;
    const lines = this.journal.map((entry) => this.#command(entry));
    this.#say('A real kernel takes up to a second until all links carry.', ['sleep 2']);
    this.#say('The network is up. What is done with it:', lines);
  }

  #command({ netns, command, at }: JournalEntry): string {
    const inside = /^docker\s+exec\s+(?:-\S+\s+)*(\S+)\s+(.+)$/.exec(command);
    const [where, what] = inside ? [inside[1] ?? netns, inside[2] ?? ''] : [netns, command];
    const program = what.split(/\s+/)[0] ?? '';
    if (DAEMON_COMMANDS.has(program)) {
      this.skipped.push(command);
      return `# (only in the simulation) ${netns}: ${command}`;
    }
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

/** `title` goes into the script's first comment. */
export function exportLab(trace: Trace, journal: readonly JournalEntry[], title: string): Lab {
  const exporter = new Exporter(builtNetwork(trace), journal);
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
