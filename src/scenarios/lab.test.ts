import { describe, expect, it } from 'vitest';
import { run, World, type JournalEntry, type Trace } from '../sim/index';
import { toHex } from '../sim/wire/index';
import { catalogue, exportLab, movesDaemons, scenarioFromManifest, scenarioFromScript } from './index';
import { readFileSync } from 'node:fs';

const u16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Blanks what the kernel leaves open: IP ids, source ports drawn at random, and the checksums that hang on them. */
function blankIp(bytes: Uint8Array, at: number): void {
  const blank = (offset: number) => bytes.fill(0, at + offset, at + offset + 2);
  if (at + 28 > bytes.length) return;
  const protocol = bytes[at + 9];
  blank(4);
  blank(10);
  if (protocol === 17) {
    const port = u16(bytes, at + 22);
    blank(20);
    blank(26);
    if (port === 8472 || port === 4789) blankFrame(bytes, at + 36);
  } else if (protocol === 1 && [3, 5, 11, 12].includes(bytes[at + 20] ?? 0)) {
    blank(22);
    blankIp(bytes, at + 28);
  }
}
function blankFrame(bytes: Uint8Array, at: number): void {
  if (u16(bytes, at + 12) === 0x0800) blankIp(bytes, at + 14);
}
function masked(bytes: Uint8Array): string {
  const copy = bytes.slice();
  blankFrame(copy, 0);
  return toHex(copy);
}

/** Frames of every interface from time 0 on, in the order it saw them. */
function frames(trace: Trace): Record<string, string[]> {
  const seen: Record<string, string[]> = {};
  for (const event of trace.events) {
    if (event.at < 0 || (event.kind !== 'tx' && event.kind !== 'rx')) continue;
    const bytes = trace.frames[event.frame]?.bytes ?? new Uint8Array();
    (seen[`${event.netns}/${event.dev}`] ??= []).push(`${event.kind} ${masked(bytes)}`);
  }
  return seen;
}

function roundTrip(name: string, world: World, journal: readonly JournalEntry[]) {
  const { script, skipped } = exportLab(world.trace, journal, name);
  world.execute(journal);
  world.finish();
  const read = scenarioFromScript(script, name);
  if (!read.ok) throw new Error(`${name}: ${JSON.stringify(read.error)}\n${script}`);
  return { script, skipped, original: world.trace, rebuilt: run(read.value.scenario, read.value.journal) };
}

describe.each(catalogue.map((entry) => [entry.id, entry] as const))(
  'the exported script of %s',
  (id, entry) => {
    const scenario = entry.load();
    // What daemons do is not in the script.
    const until = entry.journal.findIndex(movesDaemons);
    const journal = until < 0 ? entry.journal : entry.journal.slice(0, until);
    // Nobody reads from the rebuilt device of user space.
    const userSpace = exportLab(World.open(scenario).trace, [], id).script.includes('flannel-udp-proxy');
    it.skipIf(userSpace)('gives the same frames on every interface when it is read in', () => {
      const { original, rebuilt } = roundTrip(scenario.name, World.open(scenario), journal);
      expect(frames(rebuilt)).toEqual(frames(original));
      if (until < 0) expect(Object.keys(frames(original)).length).toBeGreaterThan(1);
    });

    it.skipIf(userSpace)('is the same script when it is exported again', () => {
      const world = World.open(scenario);
      const { script } = exportLab(world.trace, entry.journal, id);
      const read = scenarioFromScript(script, id);
      if (!read.ok) throw new Error(JSON.stringify(read.error));
      const again = exportLab(World.open(read.value.scenario).trace, read.value.journal, id);
      const plain = (text: string) => text.replace(/^# \(only in the simulation\).*\n/gm, '');
      expect(plain(again.script)).toBe(plain(script));
    });
  },
);

describe('the export', () => {
  it('keeps pods with hairpin ports and announcements', () => {
    const text = readFileSync(new URL('./testdata/kube-flannel-today.yml', import.meta.url), 'utf8');
    const loaded = scenarioFromManifest(text);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { scenario, journal } = loaded.value;
    const { original, rebuilt, script } = roundTrip(scenario.name, World.open(scenario), journal);
    expect(script).toContain('hairpin on');
    expect(script).toContain('net.ipv4.conf.eth0.arp_notify=1');
    expect(frames(rebuilt)).toEqual(frames(original));
  });

  it('keeps the order in which ports were attached', () => {
    const loaded = scenarioFromScript(
      [
        'ip link add br0 type bridge',
        ...['a', 'b', 'c'].flatMap((name) => [
          `ip netns add ${name}`,
          `ip link add port-${name} type veth peer name eth0 netns ${name}`,
        ]),
        ...['c', 'a', 'b'].map((name) => `ip link set port-${name} master br0`),
        ...['a', 'b', 'c'].flatMap((name, i) => [
          `ip link set port-${name} up`,
          `ip -n ${name} addr add 10.0.0.${i + 1}/24 dev eth0`,
          `ip -n ${name} link set eth0 up`,
        ]),
        'ip link set br0 up',
        'ip netns exec a ping -c 1 -W 1 10.0.0.9',
      ].join('\n'),
      'attach-order',
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { scenario, journal } = loaded.value;
    const { original, rebuilt } = roundTrip('attach-order', World.open(scenario), journal);
    const floods = (trace: Trace) =>
      trace.events.flatMap((event) =>
        event.kind === 'fdb' && event.verdict.to === 'flood' ? [event.verdict.ports] : [],
      );
    expect(floods(original)[0]).toEqual(['port-b', 'port-c']);
    expect(floods(rebuilt)).toEqual(floods(original));
  });

  it('starts a program for a device of user space, of which the reader makes the device alone', () => {
    const world = World.open(catalogue.find(({ id }) => id === 'flannel-udp')?.load() ?? fail());
    const { script } = exportLab(world.trace, [], 'udp');
    expect(script).toContain(
      'ip netns exec node1 flannel-udp-proxy flannel0 10.168.0.2:8285 100.96.1.0 100.96.2.0/24=10.168.0.3',
    );
    const read = scenarioFromScript(script, 'udp');
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    expect(read.value.notes.map(({ en }) => en).join()).toMatch(
      /nobody reads from flannel0.*nobody reads from/,
    );
    const again = World.open(read.value.scenario);
    expect(again.setupFailures).toEqual([]);
    expect(again.query('node1', 'ip route')).toContain('100.96.0.0/16 dev flannel0');
  });

  it('writes rules, sets and servers as commands', () => {
    const loaded = scenarioFromScript(
      [
        'ip netns add a',
        'ip netns exec a ipset create good hash:ip',
        'ip netns exec a ipset add good 10.0.0.1',
        'ip netns exec a iptables -t mangle -L',
        'ip netns exec a iptables -N mine',
        'ip netns exec a iptables -P FORWARD DROP',
        'ip netns exec a iptables -A FORWARD -m comment --comment "two words" -j mine',
        'ip netns exec a iptables -A mine -m set --match-set good src -j ACCEPT',
        'ip netns exec a sysctl -w net.bridge.bridge-nf-call-iptables=0',
      ].join('\n'),
      'rules',
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const world = World.open(loaded.value.scenario);
    const { script } = exportLab(world.trace, [], 'rules');
    const lines = script.split('\n').filter((line) => /ipset|iptables/.test(line));
    expect(lines).toEqual([
      'ip netns exec a sysctl -qw net.bridge.bridge-nf-call-iptables=0',
      'ip netns exec a ipset create good hash:ip',
      'ip netns exec a ipset add good 10.0.0.1',
      'ip netns exec a iptables -t mangle -P PREROUTING ACCEPT',
      'ip netns exec a iptables -t filter -N mine',
      'ip netns exec a iptables -t filter -P FORWARD DROP',
      'ip netns exec a iptables -t filter -A FORWARD -m comment --comment "two words" -j mine',
      'ip netns exec a iptables -t filter -A mine -m set --match-set good src -j ACCEPT',
    ]);
    const read = scenarioFromScript(script, 'rules');
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    const rebuilt = World.open(read.value.scenario);
    expect(rebuilt.query('a', 'iptables-save')).toBe(world.query('a', 'iptables-save'));
  });

  it('leaves out what only the simulation understands, and says so', () => {
    const world = World.open(catalogue.find(({ id }) => id === 'flannel-vxlan')?.load() ?? fail());
    const journal = [
      { netns: 'node1', command: 'etcdctl get --prefix /coreos.com' },
      { netns: 'node1', command: 'docker exec container-1 ping -c 1 10.1.16.3' },
    ];
    const { script, skipped } = exportLab(world.trace, journal, 'x');
    expect(skipped).toEqual(['etcdctl get --prefix /coreos.com']);
    expect(script).toContain('# (only in the simulation) node1: etcdctl');
    expect(script).toContain('ip netns exec container-1 ping -c 1 10.1.16.3');
  });
});

function fail(): never {
  throw new Error('the catalogue is empty');
}
