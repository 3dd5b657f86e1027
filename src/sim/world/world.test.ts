import { describe, expect, it } from 'vitest';
import { catalogue, scenarioFromJson, scenarioFromScript } from '../../scenarios/index';
import { run, World, type JournalEntry, type RunOptions, type Scenario, type TraceEvent } from '../index';

const SECOND = 1_000_000_000;

function scenario(id: string): Scenario {
  const entry = catalogue.find((each) => each.id === id);
  if (!entry) throw new Error(id);
  return entry.load();
}
function open(id: string, options?: RunOptions): World {
  return World.open(scenario(id), options);
}
const commandsOf = (world: World) =>
  world.trace.events.filter((event) => event.kind === 'command' && event.origin === 'journal');
function exits(events: readonly TraceEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'exit' ? [event.exit] : []));
}
function output(world: World): string {
  return world.trace.events.flatMap((event) => (event.kind === 'output' ? [event.text] : [])).join('');
}
const hostGw = 'flannel-host-gw';
const pods: JournalEntry = { netns: 'infra-container-1', command: 'ping -c 1 10.244.1.3' };

describe('a world', () => {
  it('begins at time 0 with its network up', () => {
    const { trace } = open(hostGw);
    expect(trace.end).toBe(0);
    expect(trace.events.slice(0, trace.upSeq).every((event) => event.at < 0)).toBe(true);
    expect(trace.upSeq).toBe(trace.events.length);
  });

  it('gives the same trace for a journal at once and entry by entry', () => {
    const journal: JournalEntry[] = [
      pods,
      { netns: 'node1', command: 'ip neigh flush all' },
      { netns: 'infra-container-1', command: 'ping -c 2 -i 0.3 10.244.1.9' },
      { netns: 'node1', command: 'sleep 0.5' },
      pods,
    ];
    const whole = open(hostGw);
    whole.execute(journal);
    const pieces = open(hostGw);
    for (const entry of journal) pieces.execute([entry]);
    expect(pieces.trace.events).toEqual(whole.trace.events);
    expect(pieces.trace.frames).toEqual(whole.trace.frames);
    expect(pieces.journalMarks).toEqual(whole.journalMarks);
    expect(run(scenario(hostGw), journal).events).toEqual(whole.trace.events);
  });

  it('runs commands one after another, and marks where each begins', () => {
    const world = open(hostGw);
    world.execute([pods, { netns: 'node1', command: 'sleep 2' }, pods]);
    const starts = commandsOf(world).map((event) => event.at);
    expect(starts[0]).toBe(0);
    expect((starts[2] ?? 0) - (starts[1] ?? 0)).toBe(2 * SECOND);
    expect(world.journalMarks.map((mark) => mark.startSeq)).toEqual(
      commandsOf(world).map((event) => event.seq),
    );
  });

  it('starts a command at its own time, whatever else is running', () => {
    const world = open(hostGw);
    world.execute([
      { netns: 'node1', command: 'sleep 3' },
      { ...pods, at: 1.5 * SECOND },
    ]);
    expect(commandsOf(world).map((event) => event.at)).toEqual([0, 1.5 * SECOND]);
    expect(world.trace.end).toBe(3 * SECOND);
  });

  it('waits for an earlier command with a time before it goes on', () => {
    const world = open(hostGw);
    world.execute([
      { netns: 'node1', command: 'sleep 1', at: 2 * SECOND },
      { netns: 'node1', command: 'sleep 1' },
    ]);
    expect(commandsOf(world).map((event) => event.at)).toEqual([2 * SECOND, 3 * SECOND]);
  });

  it('lets a command run in the background, until the end', () => {
    const world = open(hostGw);
    world.execute([{ netns: 'node1', command: 'tcpdump -n -i cni0 icmp &' }, pods]);
    expect(exits(world.trace.events)).toEqual([0]);
    world.finish();
    expect(exits(world.trace.events)).toEqual([0, 0]);
    expect(output(world)).toContain('10.244.0.2 > 10.244.1.3: ICMP echo request');
  });

  it('interrupts what would not end', () => {
    const world = open(hostGw);
    world.execute([{ netns: 'infra-container-1', command: 'ping -i 10 10.244.1.3' }]);
    expect(world.trace.end).toBe(60 * SECOND);
    expect(output(world)).toContain('packets transmitted');
  });

  it('lets what ends by itself take its time', () => {
    const world = open(hostGw);
    world.execute([{ netns: 'infra-container-1', command: 'ping -c 9 -i 10 10.244.1.3' }]);
    expect(output(world)).toContain('9 packets transmitted, 9 received');
  });

  it('refuses a command in a namespace that is not there', () => {
    const world = open(hostGw);
    world.execute([{ netns: 'nowhere', command: 'ping 1.1.1.1' }, pods]);
    expect(exits(world.trace.events)).toEqual([1, 0]);
    expect(output(world)).toContain('Cannot open network namespace "nowhere"');
  });

  it('refuses to run too much at the same time', () => {
    const world = open(hostGw);
    world.execute(Array.from({ length: 260 }, () => ({ netns: 'node1', command: 'sleep 5', at: 1 })));
    expect(exits(world.trace.events).filter((exit) => exit === 254)).toHaveLength(4);
    expect(world.trace.end).toBe(5 * SECOND + 1);
  });

  it('lets time pass after the last command when asked to', () => {
    const journal = [pods];
    const { end, events } = run(scenario(hostGw), journal, { settleNs: 6 * SECOND });
    expect(end).toBeGreaterThan(6 * SECOND);
    // By then the pinged side has checked its neighbour with a unicast question.
    const states = events.filter(
      (event) => event.kind === 'change' && event.table === 'neigh' && event.netns === 'infra-container-2',
    );
    expect(JSON.stringify(states.at(-1))).toContain('REACHABLE');
  });

  it('stops at its bounds, and says which', () => {
    const flood: JournalEntry = { netns: 'infra-container-1', command: 'ping -c 1000 -i 0.01 10.244.1.3' };
    for (const [options, what] of [
      [{ maxEvents: 2_000 }, 'events'],
      [{ maxTimeNs: SECOND }, 'time'],
    ] as const) {
      const world = open(hostGw, options);
      world.execute([flood, flood]);
      world.finish();
      expect(world.stopped).toBe(true);
      expect(world.trace.events.filter((event) => event.kind === 'bound')).toEqual([
        expect.objectContaining({ what }),
      ]);
      expect(world.trace.events.length).toBeLessThan(20_000);
      const { length } = world.trace.events;
      world.execute([pods]);
      expect(world.trace.events).toHaveLength(length);
    }
  });

  it('waits for a connection as long as the kernel does', () => {
    const world = open(hostGw);
    const netns = 'infra-container-1';
    world.execute([
      { netns: 'node1', command: 'iptables -I FORWARD -p tcp --dport 80 -j DROP' },
      { netns, command: 'curl http://10.244.1.3/' },
      { netns, command: 'nc -n -v 10.244.1.3 80' },
    ]);
    const { events } = world.trace;
    const starts = commandsOf(world).map((event) => event.at / SECOND);
    const took = starts.map((start, i) => (starts[i + 1] ?? world.trace.end / SECOND) - start);
    // SYNs after 1, 2, 4, … 64 s, and 64 s more.
    for (const at of [1, 2])
      expect([127, 134].map((bound) => (took[at] ?? 0) > bound)).toEqual([true, false]);
    expect(output(world)).toContain('curl: (28) Failed to connect to 10.244.1.3 port 80 after');
    expect(output(world)).toContain('nc: connect to 10.244.1.3 port 80 (tcp) failed: Connection timed out');
    expect(exits(events).slice(1)).toEqual([28, 1]);
  });

  it('asks without leaving a trace', () => {
    const world = open(hostGw);
    const before = world.trace.events.length;
    expect(world.query('node1', 'ip route')).toContain('10.244.1.0/24 via 10.168.0.3 dev eth0');
    expect(world.query('nowhere', 'ip route')).toBeUndefined();
    expect(world.trace.events).toHaveLength(before);
  });

  it('names devices and namespaces for completion', () => {
    const world = open(hostGw);
    expect(world.complete('node1', 'ip link show dev cn').candidates).toContain('cni0');
    expect(world.complete('nowhere', 'ip ').candidates).toEqual([]);
  });
});

describe('daemons', () => {
  it('put back a route within ten seconds', () => {
    const world = open(hostGw);
    world.execute([
      { netns: 'node1', command: 'ip route del 10.244.1.0/24' },
      { netns: 'node1', command: 'sleep 10' },
    ]);
    expect(world.query('node1', 'ip route')).toContain('10.244.1.0/24 via 10.168.0.3');
    const texts = world.trace.events.flatMap((event) => (event.kind === 'control' ? [event.text] : []));
    expect(texts).toContain('Route recovered 10.244.1.0/24 : 10.168.0.3');
  });

  it('follow a key that is deleted in etcd', () => {
    const world = open('flannel-vxlan');
    world.execute([
      { netns: 'node1', command: 'etcdctl del /coreos.com/network/subnets/10.1.16.0-24' },
      { netns: 'node1', command: 'sleep 0.01' },
    ]);
    expect(world.query('node1', 'ip route')).not.toContain('10.1.16.0/24');
    expect(world.query('node1', 'ip neigh')).not.toContain('10.1.16.0');
    expect(world.query('node1', 'bridge fdb show dev flannel.1')).not.toContain('5e:f8');
    // node2's own flanneld sees its lease go, and ends.
    const failed = world.trace.events.filter(
      (event) => event.kind === 'change' && event.table === 'process' && event.netns === 'node2',
    );
    expect(JSON.stringify(failed.at(-1))).toContain('"state":"failed"');
  });

  it('renew their leases before a day is over', () => {
    const world = open('flannel-vxlan', { settleNs: 24.5 * 3600 * SECOND, maxTimeNs: 25 * 3600 * SECOND });
    world.execute([{ netns: 'node1', command: 'sleep 1' }]);
    expect(world.query('node1', 'ip route')).toContain('10.1.16.0/24');
    const rows = world.trace.events.filter(
      (event) => event.kind === 'change' && event.table === 'etcd' && event.key.includes('10.1.16.0'),
    );
    expect(JSON.stringify(rows.at(-1))).toContain('"version":2');
  });

  it('hang what they do on what made them do it', () => {
    const { events, upSeq } = open('flannel-vxlan').trace;
    const route = events.find(
      (event) =>
        event.kind === 'change' &&
        event.table === 'route' &&
        event.netns === 'node1' &&
        event.key.includes('0a011000'),
    );
    const chain: string[] = [];
    for (let event = route; event; event = event.cause < 0 ? undefined : events[event.cause]) {
      chain.push(event.kind === 'control' ? `${event.by} ${event.action}` : event.kind);
    }
    expect(chain.slice(0, 5)).toEqual(['change', 'netlink', 'netlink', 'netlink', 'etcd watch']);
    expect(chain).toContain('flanneld txn');
    expect(route?.seq).toBeLessThan(upSeq);
  });

  it('build a large cluster', () => {
    const nodes = Array.from({ length: 60 }, (_, i) => `node${i + 1}`);
    const file = {
      version: 1,
      switches: [{ name: 'lan' }],
      machines: nodes.map((name, i) => ({
        name,
        nics: [{ name: 'eth0', addresses: [`10.168.0.${i + 2}/24`], cable: { switch: 'lan' } }],
      })),
      pods: nodes.map((machine, i) => ({ name: `pod${i + 1}`, machine })),
      etcd: { on: 'node1' },
      flannel: { netConf: { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } }, iface: 'eth0' },
    };
    const loaded = scenarioFromJson(JSON.stringify(file), 'large');
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const world = World.open(loaded.value.scenario);
    const routes = (world.query('node7', 'ip route') ?? '')
      .split('\n')
      .filter((line) => line.includes('dev flannel.1'));
    expect(routes).toHaveLength(nodes.length - 1);
    const address = /inet (\S+)\/24/.exec(world.query('pod60', 'ip addr show eth0') ?? '')?.[1] ?? '';
    world.execute([{ netns: 'pod3', command: `ping -c 1 ${address}` }]);
    expect(output(world)).toContain('1 received');
  });
});

describe('namespaces made by hand', () => {
  it('take the part they play', () => {
    const { trace } = open('script-router');
    const roles = new Map<string, string>();
    for (const event of trace.events) {
      if (event.kind === 'change' && event.table === 'netns' && event.after)
        roles.set(event.netns, (event.after as { role: string }).role);
    }
    expect(Object.fromEntries(roles)).toEqual({
      host: 'host',
      h1: 'netns',
      h2: 'netns',
      router: 'router',
      'lan-a': 'switch',
      'lan-b': 'switch',
    });
  });

  it('come and go with commands', () => {
    const world = open('script-two-namespaces');
    world.execute([
      { netns: 'host', command: 'ip netns add green' },
      { netns: 'green', command: 'ip link set lo up' },
      { netns: 'host', command: 'ip netns del green' },
      { netns: 'green', command: 'ip link' },
    ]);
    expect(exits(world.trace.events).slice(-4)).toEqual([0, 0, 0, 1]);
    expect(world.namespaces).not.toContain('green');
  });

  it('report the line that fails', () => {
    const loaded = scenarioFromScript(
      'ip netns add a\nip -n a link set eth9 up\nip netns exec a ping -c 1 10.0.0.1',
      'broken',
    );
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    expect(loaded.error.map(({ place }) => place)).toEqual(['line 2']);
    expect(loaded.error[0]?.message.en).toContain('Cannot find device "eth9"');
  });
});
