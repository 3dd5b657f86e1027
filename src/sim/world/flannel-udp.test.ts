import { describe, expect, it } from 'vitest';
import { catalogue } from '../../scenarios/index';
import { World, type TraceEvent } from '../index';

function open(): World {
  const entry = catalogue.find((each) => each.id === 'flannel-udp');
  if (!entry) throw new Error('flannel-udp');
  return World.open(entry.load());
}
const PING = 'ping -n -c 1 -W 1 100.96.2.3';
function type(world: World, netns: string, command: string): string {
  const first = world.trace.events.length;
  world.execute([{ netns, command }]);
  return world.trace.events
    .slice(first)
    .flatMap((event) => (event.kind === 'output' ? [event.text] : []))
    .join('');
}
function of<K extends TraceEvent['kind']>(world: World, kind: K): Extract<TraceEvent, { kind: K }>[] {
  return world.trace.events.filter(
    (event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind && event.at >= 0,
  );
}
/** Events that led to this one, the last first. */
function causes(world: World, from: TraceEvent | undefined): TraceEvent[] {
  const chain: TraceEvent[] = [];
  for (let at = from; at; at = world.trace.events[at.cause]) chain.push(at);
  return chain;
}
const drops = (world: World) =>
  of(world, 'drop').map((event) => `${event.netns} ${event.reason} ${event.where}`);

describe('flannel with the udp backend', () => {
  it('answers with ttl=60', () => {
    expect(type(open(), 'container-1', PING)).toContain('64 bytes from 100.96.2.3: icmp_seq=1 ttl=60 time=');
  });

  it('copies three times on the sending side, each linked to the next', () => {
    const world = open();
    type(world, 'container-1', PING);
    const arrived = of(world, 'deliver').find((event) => event.netns === 'container-2');
    const copies = causes(world, arrived).flatMap((event) =>
      event.kind === 'copy'
        ? [`${event.netns} ${event.process} ${event.direction} ${event.via} ${event.bytes}`]
        : [],
    );
    expect(copies.reverse()).toEqual([
      'container-1 ping to-kernel sendto 64',
      'node1 flanneld to-user read flannel0 84',
      'node1 flanneld to-kernel sendto 84',
      'node2 flanneld to-user recvfrom 84',
      'node2 flanneld to-kernel write flannel0 84',
    ]);
    expect(of(world, 'copy')).toHaveLength(10);
    // Each flanneld is woken twice, ping once.
    expect(of(world, 'copy').reduce((sum, event) => sum + event.switches, 0)).toBe(5);
  });

  it('carries the packet as it was read, with one hop less, in a datagram with DF and a checksum', () => {
    const world = open();
    type(world, 'container-1', PING);
    const { frames } = world.trace;
    const outer = of(world, 'origin').find((event) => event.by === 'flanneld');
    const frame = frames[outer?.frame ?? -1];
    const bytes = frame?.bytes ?? new Uint8Array();
    expect([bytes.length, (bytes[6] ?? 0) & 0x40, bytes[8]]).toEqual([112, 0x40, 64]);
    expect((bytes[26] ?? 0) * 256 + (bytes[27] ?? 0)).not.toBe(0);
    const inner = bytes.subarray(28);
    const read = frames[frame?.from ?? -1]?.bytes ?? new Uint8Array();
    expect([read[8], inner[8]]).toEqual([63, 62]);
    expect(inner.subarray(12)).toEqual(read.subarray(12));
  });

  it('shows the hops that flanneld swallows as stars', () => {
    const shown = type(open(), 'container-1', 'traceroute -n -q 1 -w 1 100.96.2.3');
    const hops = shown
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/ +/).slice(0, 2).join(' '));
    expect(hops.filter((hop) => hop !== '')).toEqual([
      '1 100.96.1.1',
      '2 *',
      '3 *',
      '4 100.96.2.0',
      '5 100.96.2.3',
    ]);
  });

  it('has the routes of the seed', () => {
    expect(open().query('node1', 'ip route')).toBe(
      'default via 10.168.0.1 dev eth0 \n' +
        '10.168.0.0/24 dev eth0 proto kernel scope link src 10.168.0.2 \n' +
        '100.96.0.0/16 dev flannel0 proto kernel scope link src 100.96.1.0 \n' +
        '100.96.1.0/24 dev docker0 proto kernel scope link src 100.96.1.1 \n',
    );
  });

  it('stops at once when its own flanneld stops, and goes on when it starts', () => {
    const world = open();
    type(world, 'node1', 'systemctl stop flanneld');
    expect(world.query('node1', 'ip -br link show flannel0')).not.toContain('flannel0 ');
    expect(world.query('node1', 'ip route')).not.toContain('flannel0');
    expect(world.query('node1', 'ss -uan')).not.toContain('8285');
    expect(type(world, 'container-1', PING)).toContain('100% packet loss');
    type(world, 'node1', 'systemctl start flanneld');
    // Its lease takes a few round trips to etcd.
    type(world, 'node1', 'sleep 0.1');
    expect(world.query('node1', 'ip route')).toContain('100.96.0.0/16 dev flannel0');
    expect(type(world, 'container-1', PING)).toContain('ttl=60');
  });

  it('is told port unreachable when nobody listens on the other node', () => {
    const world = open();
    type(world, 'node2', 'systemctl stop flanneld');
    expect(type(world, 'container-1', PING)).toContain('100% packet loss');
    expect(drops(world)).toContain('node2 NO_SOCKET __udp4_lib_rcv');
    expect(of(world, 'icmp-error')[0]).toMatchObject({ netns: 'node2', type: 3, code: 3, to: '10.168.0.2' });
    // An unconnected socket hears nothing of it.
    expect(of(world, 'deliver').at(-1)).toMatchObject({ netns: 'node1', to: 'flanneld (udp 8285)' });
    expect(of(world, 'copy').filter((event) => event.netns === 'node1' && event.via === 'recvfrom')).toEqual(
      [],
    );
  });

  it('goes on without etcd', () => {
    const world = open();
    type(world, 'node1', 'systemctl stop etcd');
    expect(type(world, 'container-1', PING)).toContain('ttl=60');
  });

  it('is silent about a subnet that nobody has', () => {
    const world = open();
    expect(type(world, 'container-1', 'ping -n -c 1 -W 1 100.96.9.9')).toContain('100% packet loss');
    expect(drops(world)).toEqual([]);
    // The error about UDP carries the node's own address as its source, and a packet from outside may not.
    type(world, 'container-1', 'traceroute -n -q 1 -m 2 -f 2 -w 1 100.96.9.9');
    expect(drops(world)).toEqual(['node1 IP_LOCAL_SOURCE fib_validate_source']);
  });

  it('is a file that ip tuntap tells of', () => {
    const world = open();
    const pid = /^flanneld +(\d+)/m.exec(world.query('node1', 'ps') ?? '')?.[1];
    expect(world.query('node1', 'ip tuntap')).toBe('flannel0: tun\n');
    expect(world.query('node1', 'ip -d tuntap')).toMatch(
      /^flannel0: tun\n\tAttached to processes:flanneld\(\d+\)\n$/,
    );
    expect(pid ?? '1').toMatch(/\d/);
    expect(world.query('node1', 'ip -d link show flannel0')).toContain(
      '<POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1472 qdisc pfifo_fast state UNKNOWN',
    );
  });

  it('works through a burst one packet after another', () => {
    const world = open();
    type(world, 'container-1', PING);
    const shown = type(world, 'container-1', 'ping -n -c 20 -i 0.002 -W 1 100.96.2.3');
    expect(shown).toContain('20 packets transmitted, 20 received, 0% packet loss');
  });
});

describe('tc on a node', () => {
  const times = (shown: string) => /= ([\d.]+)\//.exec(shown)?.[1];

  it('delays both ways of what crosses the cable, until it is taken off', () => {
    const world = open();
    type(world, 'container-1', PING);
    type(world, 'node1', 'tc qdisc add dev eth0 root netem delay 20ms');
    type(world, 'node2', 'tc qdisc add dev eth0 root netem delay 30ms');
    const slow = Number(times(type(world, 'container-1', PING)));
    expect(slow).toBeGreaterThan(50);
    expect(slow).toBeLessThan(51);
    expect(world.query('node1', 'tc -s qdisc show dev eth0')).toContain(' Sent 126 bytes 1 pkt (dropped 0,');
    type(world, 'node1', 'tc qdisc del dev eth0 root');
    type(world, 'node2', 'tc qdisc del dev eth0 root');
    expect(Number(times(type(world, 'container-1', PING)))).toBeLessThan(1);
  });

  it('loses what it is told to lose', () => {
    const world = open();
    type(world, 'container-1', PING);
    type(world, 'node2', 'tc qdisc add dev eth0 root netem loss 100%');
    expect(type(world, 'container-1', PING)).toContain('100% packet loss');
    expect(drops(world)).toEqual(['node2 QDISC_DROP netem_enqueue']);
  });
});
