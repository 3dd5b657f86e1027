/** Lists of events of every kind, with causes that point back and times that do not, and little sense otherwise. */
import fc from 'fast-check';
import type { TraceEvent, TraceEventKind } from '../../sim/kernel/trace';
import type { Story } from '../steps';
import { Sketch, route } from './sketch';

type Bare = TraceEvent extends infer E
  ? E extends TraceEvent
    ? Omit<E, 'seq' | 'at' | 'machine' | 'netns' | 'cause'>
    : never
  : never;

/** A few frames for events to speak of: one that cannot be read among them. */
export function someFrames(): Story['frames'] {
  const sketch = new Sketch();
  const a: [string, string] = ['10.1.15.2', '02:42:0a:01:0f:02'];
  const b: [string, string] = ['10.1.15.1', '02:42:0a:01:0f:01'];
  sketch.arp('request', a, b);
  sketch.arp('reply', b, a);
  const packet = sketch.echo('request', a[0], '10.1.16.3');
  sketch.framed(packet, b[1], a[1]);
  sketch.frame(Uint8Array.of(1, 2, 3), 'ethernet');
  sketch.frame(new Uint8Array(0), 'ip');
  return sketch.frames;
}

const FRAME = 3;
const row = route('10.1.16.0/24', 'flannel.1', '10.1.16.0', ['onlink']);
const neigh = { dst: '10.1.15.1', dev: 'eth0', lladdr: '02:42:0a:01:0f:01', state: ['REACHABLE'] as const };
const rule = { priority: 32766, src: 'all', table: 'main' };
const walk = {
  rule,
  table: 'main',
  candidates: [{ route: row, won: true, reason: { why: 'longest-prefix', bits: 24 } as const }],
  omitted: 0,
  winner: 0,
};
const fdb = {
  mac: '5e:f8:4f:00:e3:37',
  ifname: 'flannel.1',
  dst: '10.168.0.3',
  flags: ['self'],
  state: 'permanent' as const,
};

/** One example of every kind of event; the compiler asks for a new one when a kind is added. */
export const EXAMPLES: { readonly [K in TraceEventKind]: Extract<Bare, { kind: K }> } = {
  tx: { kind: 'tx', dev: 'eth0', frame: FRAME },
  rx: { kind: 'rx', dev: 'eth0', frame: FRAME, pkt: 'host' },
  fib: {
    kind: 'fib',
    direction: 'input',
    frame: FRAME,
    flow: { dst: '10.1.16.3', src: '10.1.15.2', iif: 'docker0' },
    decision: { tables: [walk], result: 'unicast', route: row, gateway: '10.1.16.0', dev: 'flannel.1' },
  },
  neigh: {
    kind: 'neigh',
    dev: 'eth0',
    frame: FRAME,
    dst: '10.1.15.1',
    state: 'REACHABLE',
    verdict: 'resolved',
    lladdr: neigh.lladdr,
  },
  arp: {
    kind: 'arp',
    dev: 'eth0',
    frame: 0,
    op: 'request',
    target: '10.1.15.1',
    sender: '10.1.15.2',
    verdict: 'answered',
  },
  fdb: {
    kind: 'fdb',
    dev: 'docker0',
    frame: FRAME,
    port: 'veth1',
    mac: '02:42:0a:01:0f:01',
    verdict: { to: 'local' },
  },
  vtep: {
    kind: 'vtep',
    dev: 'flannel.1',
    frame: FRAME,
    mac: fdb.mac,
    rows: [fdb],
    verdict: 'remote',
    remotes: ['10.168.0.3'],
  },
  hook: {
    kind: 'hook',
    hook: 'FORWARD',
    frame: FRAME,
    iif: 'docker0',
    oif: 'eth0',
    tried: [{ table: 'filter', chain: 'FORWARD', rule: 1, text: '-j DROP', matched: true, verdict: 'DROP' }],
    verdict: 'DROP',
  },
  forward: { kind: 'forward', frame: 2, before: 3, iif: 'docker0', oif: 'flannel.1', ttl: 63, mtu: 1450 },
  encap: {
    kind: 'encap',
    dev: 'flannel.1',
    frame: 2,
    inner: 3,
    header: 'vxlan',
    local: '10.168.0.2',
    remote: '10.168.0.3',
    vni: 1,
    srcPort: 40814,
    dstPort: 8472,
    added: 36,
  },
  decap: { kind: 'decap', dev: 'flannel.1', frame: 3, outer: 2, header: 'vxlan', vni: 1, removed: 36 },
  fragment: { kind: 'fragment', frame: 2, pieces: [2, 2], mtu: 576 },
  reassemble: { kind: 'reassemble', frame: 2, pieces: [2, 2] },
  deliver: { kind: 'deliver', frame: 2, protocol: 'icmp', to: 'icmp_echo' },
  origin: { kind: 'origin', frame: 2, by: 'ping' },
  'icmp-error': { kind: 'icmp-error', frame: 2, type: 3, code: 1, info: 0, to: '10.1.15.2', verdict: 'sent' },
  copy: {
    kind: 'copy',
    frame: 2,
    direction: 'to-user',
    process: 'flanneld',
    via: 'read flannel0',
    bytes: 84,
    switches: 1,
  },
  drop: {
    kind: 'drop',
    dev: 'eth0',
    frame: 2,
    reason: 'NEIGH_FAILED',
    where: 'neigh_invalidate',
    detail: { dst: '10.1.16.3' },
  },
  change: { kind: 'change', table: 'neigh', key: 'a', after: neigh },
  netlink: {
    kind: 'netlink',
    by: 'flanneld',
    request: 'RTM_NEWROUTE',
    text: 'ip route add 10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink',
  },
  control: {
    kind: 'control',
    by: 'flanneld',
    to: 'etcd',
    protocol: 'etcd',
    action: 'put',
    text: '/coreos.com/network/subnets/10.1.15.0-24 {}',
  },
  command: { kind: 'command', command: 0, text: 'ping -c 1 10.1.16.3', origin: 'journal' },
  output: {
    kind: 'output',
    command: 0,
    stream: 'stdout',
    text: '64 bytes from 10.1.16.3: icmp_seq=1 ttl=62 time=0.1 ms\n',
  },
  exit: { kind: 'exit', command: 0, exit: 0 },
  bound: { kind: 'bound', what: 'events', limit: 1000 },
};

const kinds = Object.keys(EXAMPLES) as TraceEventKind[];

const parts = fc.record({
  kind: fc.constantFrom(...kinds),
  netns: fc.constantFrom('a', 'b', 'node1'),
  back: fc.integer({ min: 0, max: 6 }),
  later: fc.integer({ min: 0, max: 2 }),
  frame: fc.integer({ min: 0, max: 5 }),
});

/** A story of up to 60 events. `back` 0 is a root. */
export const randomStory: fc.Arbitrary<Story> = fc.array(parts, { maxLength: 60 }).map((list) => {
  let at = -10;
  const events = list.map(({ kind, netns, back, later, frame }, seq): TraceEvent => {
    at += later;
    const cause = back === 0 ? -1 : Math.max(-1, seq - back);
    const example = EXAMPLES[kind];
    const spoken = 'frame' in example && kind !== 'arp' ? { frame } : {};
    return { seq, at, machine: 'm', netns, cause, ...example, ...spoken };
  });
  return { events, frames: someFrames() };
});
