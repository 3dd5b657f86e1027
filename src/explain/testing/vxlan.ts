/** A cold ping over VXLAN up to the remote container, drawn by hand. */
import type { FdbRow, LinkKind, LinkRow, NeighRow } from '../../sim/kernel/trace';
import { Sketch, route } from './sketch';

const C1 = { ip: '10.1.15.2', mac: '02:42:0a:01:0f:02' };
const GW = { ip: '10.1.15.1', mac: '02:42:0a:01:0f:01' };
const C2 = '10.1.16.3';
const VTEP = '5e:f8:4f:00:e3:37';
const HOST2 = { ip: '10.168.0.3', mac: '52:54:0a:a8:00:03' };
const HOST1 = { ip: '10.168.0.2', mac: '52:54:0a:a8:00:02' };

function link(ifname: string, kind: LinkKind): LinkRow {
  return {
    ifindex: 1,
    ifname,
    flags: ['UP'],
    mtu: 1450,
    qdisc: 'noqueue',
    operstate: 'UP',
    group: 'default',
    txqlen: 0,
    link_type: 'ether',
    address: VTEP,
    broadcast: 'ff:ff:ff:ff:ff:ff',
    kind,
  };
}
const neigh = (
  dst: string,
  dev: string,
  lladdr: string | undefined,
  state: NeighRow['state'][number],
): NeighRow => ({
  dst,
  dev,
  lladdr,
  state: [state],
});
const port = (mac: string, ifname: string, state: FdbRow['state'] = ''): FdbRow => ({
  mac,
  ifname,
  master: 'docker0',
  flags: [],
  state,
});
const vtepRow: FdbRow = {
  mac: VTEP,
  ifname: 'flannel.1',
  dst: HOST2.ip,
  flags: ['self'],
  state: 'permanent',
};

/** What flanneld does when it hears of the other node; before the network is up. */
function boot(t: Sketch): void {
  t.now = -5_000_000;
  t.in('node1');
  t.add({ kind: 'change', table: 'link', key: 'docker0', after: link('docker0', 'bridge') }, -1);
  t.add({ kind: 'change', table: 'link', key: 'flannel.1', after: link('flannel.1', 'vxlan') }, -1);
  t.in('node1');
  const key = '/coreos.com/network/subnets/10.1.16.0-24';
  const heard = t.add(
    { kind: 'control', by: 'etcd', to: 'flanneld', protocol: 'etcd', action: 'watch', text: `PUT ${key} {}` },
    -1,
  );
  const asks = (request: string, text: string): number =>
    t.add({ kind: 'netlink', by: 'flanneld', request, text }, heard);
  asks('RTM_NEWNEIGH', `ip neigh replace 10.1.16.0 lladdr ${VTEP} dev flannel.1 nud permanent`);
  t.add({
    kind: 'change',
    table: 'neigh',
    key: 'n1',
    after: neigh('10.1.16.0', 'flannel.1', VTEP, 'PERMANENT'),
  });
  asks('RTM_NEWNEIGH', `bridge fdb replace ${VTEP} dev flannel.1 dst ${HOST2.ip} self permanent`);
  t.add({ kind: 'change', table: 'fdb', key: 'f1', after: vtepRow });
  asks('RTM_NEWROUTE', 'ip route replace 10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink');
  t.add({
    kind: 'change',
    table: 'route',
    key: 'r1',
    after: route('10.1.16.0/24', 'flannel.1', '10.1.16.0', ['onlink']),
  });
}

function askGateway(t: Sketch, packet: number): void {
  const origin = t.events.length - 1;
  t.add({ kind: 'change', table: 'neigh', key: 'g', after: neigh(GW.ip, 'eth0', undefined, 'INCOMPLETE') });
  const request = t.arp('request', [C1.ip, C1.mac], [GW.ip, GW.mac]);
  t.add({ kind: 'origin', frame: request, by: 'arp_solicit' }, origin);
  t.add({ kind: 'tx', dev: 'eth0', frame: request });
  t.add(
    { kind: 'neigh', dev: 'eth0', frame: packet, dst: GW.ip, state: 'NONE', verdict: 'queued', queue: 1 },
    origin + 1,
  );
  t.in('node1').add({ kind: 'rx', dev: 'veth1', frame: request, pkt: 'broadcast' });
  const rx = t.events.length - 1;
  t.add({ kind: 'change', table: 'fdb', key: 'c1', after: port(C1.mac, 'veth1') });
  t.add(
    {
      kind: 'fdb',
      dev: 'docker0',
      frame: request,
      port: 'veth1',
      mac: 'ff:ff:ff:ff:ff:ff',
      verdict: { to: 'flood', ports: [], local: true, why: 'broadcast' },
    },
    rx,
  );
  t.add({ kind: 'rx', dev: 'docker0', frame: request, pkt: 'broadcast' });
  const arp = t.add({
    kind: 'arp',
    dev: 'docker0',
    frame: request,
    op: 'request',
    target: GW.ip,
    sender: C1.ip,
    verdict: 'answered',
  });
  t.add({ kind: 'change', table: 'neigh', key: 'c', after: neigh(C1.ip, 'docker0', C1.mac, 'STALE') });
  const reply = t.arp('reply', [GW.ip, GW.mac], [C1.ip, C1.mac]);
  t.add({ kind: 'origin', frame: reply, by: 'arp_process' }, arp);
  t.add({ kind: 'tx', dev: 'docker0', frame: reply });
  t.add({
    kind: 'fdb',
    dev: 'docker0',
    frame: reply,
    mac: C1.mac,
    row: port(C1.mac, 'veth1'),
    verdict: { to: 'port', port: 'veth1' },
  });
  t.add({ kind: 'tx', dev: 'veth1', frame: reply });
  t.in('container-1').add({ kind: 'rx', dev: 'eth0', frame: reply, pkt: 'host' });
  const taken = t.add({
    kind: 'arp',
    dev: 'eth0',
    frame: reply,
    op: 'reply',
    target: C1.ip,
    sender: GW.ip,
    verdict: 'taken',
  });
  t.add({
    kind: 'change',
    table: 'neigh',
    key: 'g',
    before: neigh(GW.ip, 'eth0', undefined, 'INCOMPLETE'),
    after: neigh(GW.ip, 'eth0', GW.mac, 'REACHABLE'),
  });
  t.add(
    {
      kind: 'neigh',
      dev: 'eth0',
      frame: packet,
      dst: GW.ip,
      state: 'REACHABLE',
      verdict: 'resolved',
      lladdr: GW.mac,
    },
    taken,
  );
}

function intoTunnel(t: Sketch, frame: number, packet: number): void {
  const routes = [
    route('10.1.16.0/24', 'flannel.1', '10.1.16.0', ['onlink']),
    route('default', 'eth0', '10.168.0.1'),
  ];
  t.fib(C2, routes, { direction: 'input', frame, flow: { dst: C2, src: C1.ip, iif: 'docker0' } });
  const forwarded = t.echo('request', C1.ip, C2, 63);
  t.add({
    kind: 'forward',
    frame: forwarded,
    before: packet,
    iif: 'docker0',
    oif: 'flannel.1',
    ttl: 63,
    mtu: 1450,
  });
  t.add({
    kind: 'neigh',
    dev: 'flannel.1',
    frame: forwarded,
    dst: '10.1.16.0',
    state: 'PERMANENT',
    verdict: 'resolved',
    lladdr: VTEP,
  });
  const inner = t.framed(forwarded, VTEP, '4e:a1:22:33:44:01');
  t.add({ kind: 'tx', dev: 'flannel.1', frame: inner });
  t.add({
    kind: 'vtep',
    dev: 'flannel.1',
    frame: inner,
    mac: VTEP,
    rows: [vtepRow],
    verdict: 'remote',
    remotes: [HOST2.ip],
  });
  t.fib(HOST2.ip, [route('10.168.0.0/24', 'eth0')], { flow: { dst: HOST2.ip, src: HOST1.ip } });
  const outer = t.outer(HOST1.ip, HOST2.ip, inner);
  t.add({
    kind: 'encap',
    dev: 'flannel.1',
    frame: outer,
    inner,
    header: 'vxlan',
    local: HOST1.ip,
    remote: HOST2.ip,
    vni: 1,
    srcPort: 40814,
    dstPort: 8472,
    added: 36,
  });
  t.add({
    kind: 'neigh',
    dev: 'eth0',
    frame: outer,
    dst: HOST2.ip,
    state: 'REACHABLE',
    verdict: 'resolved',
    lladdr: HOST2.mac,
  });
  const wire = t.framed(outer, HOST2.mac, HOST1.mac);
  t.add({ kind: 'tx', dev: 'eth0', frame: wire });
  t.in('node2').add({ kind: 'rx', dev: 'eth0', frame: wire, pkt: 'host' });
  const local = { ...route(HOST2.ip, 'eth0'), type: 'local' as const, table: 'local' };
  const rule = { priority: 0, src: 'all', table: 'local' };
  const won = { route: local, won: true, reason: { why: 'longest-prefix', bits: 32 } as const };
  const decision = {
    tables: [{ rule, table: 'local', candidates: [won], omitted: 3, winner: 0 }],
    result: 'local' as const,
    route: local,
    dev: 'eth0',
  };
  t.fib(HOST2.ip, [], {
    direction: 'input',
    frame: wire,
    flow: { dst: HOST2.ip, src: HOST1.ip, iif: 'eth0' },
    decision,
  });
  t.add({ kind: 'deliver', frame: wire, protocol: 'udp', to: 'udp 8472 (vxlan)' });
  t.add({ kind: 'decap', dev: 'flannel.1', frame: inner, outer: wire, header: 'vxlan', vni: 1, removed: 36 });
  t.add({ kind: 'rx', dev: 'flannel.1', frame: inner, pkt: 'host' });
}

export function drawVxlanPing(): Sketch {
  const t = new Sketch();
  boot(t);
  t.now = 0;
  t.netns = 'container-1';
  const command = t.add({ kind: 'command', command: 0, text: `ping -c 1 ${C2}`, origin: 'journal' }, -1);
  t.add({ kind: 'output', command: 0, stream: 'stdout', text: `PING ${C2} (${C2}) 56(84) bytes of data.\n` });
  t.fib(C2, [route('default', 'eth0', GW.ip)], {}, command);
  const packet = t.echo('request', C1.ip, C2);
  t.add({ kind: 'origin', frame: packet, by: 'ping' });
  askGateway(t, packet);
  const frame = t.framed(packet, GW.mac, C1.mac);
  t.add({ kind: 'tx', dev: 'eth0', frame });
  t.in('node1').add({ kind: 'rx', dev: 'veth1', frame, pkt: 'otherhost' });
  t.add({
    kind: 'fdb',
    dev: 'docker0',
    frame,
    port: 'veth1',
    mac: GW.mac,
    row: port(GW.mac, 'docker0', 'permanent'),
    verdict: { to: 'local' },
  });
  t.add({ kind: 'rx', dev: 'docker0', frame, pkt: 'host' });
  intoTunnel(t, frame, packet);
  t.in('container-1');
  const text = `64 bytes from ${C2}: icmp_seq=1 ttl=62 time=0.170 ms\n`;
  t.add({ kind: 'output', command: 0, stream: 'stdout', text }, command);
  t.in('container-1');
  const end = `\n--- ${C2} ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss, time 0ms\n`;
  t.add({ kind: 'output', command: 0, stream: 'stdout', text: end }, command);
  t.add({ kind: 'exit', command: 0, exit: 0 }, command);
  return t;
}
