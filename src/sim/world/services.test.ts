/** Daemons stopped and started by systemctl, and etcd's leases, on a running network. */
import { describe, expect, it, test } from 'vitest';
import { catalogue } from '../../scenarios/index';
import { World, type Scenario } from '../index';

function scenario(id: string): Scenario {
  const entry = catalogue.find((each) => each.id === id);
  if (!entry) throw new Error(id);
  return entry.load();
}
class Bench {
  readonly world: World;
  constructor(what: Scenario | string = 'flannel-vxlan') {
    this.world = World.open(typeof what === 'string' ? scenario(what) : what);
  }
  run(netns: string, command: string): { out: string; exit: number } {
    const from = this.world.trace.events.length;
    this.world.execute([{ netns, command }]);
    let [out, exit] = ['', -1];
    for (const event of this.world.trace.events.slice(from)) {
      if (event.kind === 'output') out += event.text;
      if (event.kind === 'exit') ({ exit } = event);
    }
    return { out, exit };
  }
  ping(): number {
    return this.run('container-1', 'ping -c 1 -W 1 10.1.16.3').exit;
  }
  peers(node = 'node1'): string[] {
    const rows = ['ip route', 'ip neigh show dev flannel.1', 'bridge fdb show dev flannel.1'];
    return rows
      .map((line) => this.run(node, line).out)
      .flatMap((out) =>
        out.split('\n').filter((line) => /10\.1\.1[56]\.0.*(onlink|PERMANENT)|dst 10\.168/.test(line)),
      );
  }
  told(from: number, by: string): string[] {
    return this.world.trace.events
      .slice(from)
      .flatMap((event) => (event.kind === 'control' && event.by === by ? [event.text] : []));
  }
}
const HOUR = 3600e9;

describe('systemctl', () => {
  // Words of systemd 252.
  test.each([
    ['node1', 'is-active flanneld docker.service', 'active\nactive\n', 0],
    ['node1', 'is-active foo', 'inactive\n', 3],
    ['node1', 'stop foo', 'Failed to stop foo.service: Unit foo.service not loaded.\n', 5],
    ['node1', 'start foo', 'Failed to start foo.service: Unit foo.service not found.\n', 5],
    ['node1', 'status foo', 'Unit foo.service could not be found.\n', 4],
    ['node1', 'stop', 'Too few arguments.\n', 1],
    ['node1', 'frob', 'Unknown command verb frob.\n', 1],
    ['node1', '--frob', "systemctl: unrecognized option '--frob'\n", 1],
    [
      'container-1',
      'status docker',
      "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n",
      1,
    ],
  ])('%s: systemctl %s', (netns, line, out, exit) => {
    expect(new Bench().run(netns, `systemctl ${line}`)).toEqual({ out, exit });
  });

  it('shows state and last lines, and the journal has them all', () => {
    const bench = new Bench();
    const up = bench.run('node1', 'systemctl status flanneld');
    expect(up.exit).toBe(0);
    expect(up.out).toMatch(
      /^● flanneld\.service - .*\n {5}Loaded: loaded .*\n {5}Active: active \(running\) since Wed 1969-12-31 23:59:58 UTC; 1s ago\n {3}Main PID: \d+ \(flanneld\)\n/,
    );
    bench.run('node1', 'systemctl stop flanneld');
    const down = bench.run('node1', 'systemctl status flanneld');
    expect(down.exit).toBe(3);
    expect(down.out).toMatch(
      /^○ flanneld\.service .*\n.*\n {5}Active: inactive \(dead\) since Thu 1970-01-01 00:00:00 UTC; now\n/,
    );
    expect(down.out).toMatch(/Jan 01 00:00:00 node1 flanneld\[\d+\]: Exiting cleanly\.\.\.\n$/);
    expect(bench.run('node1', 'journalctl -u flanneld -n 1 -o cat').out).toBe('Exiting cleanly...\n');
    expect(bench.run('node1', 'journalctl -u nothing').out).toBe('-- No entries --\n');
    expect(bench.run('node1', 'systemctl list-units --type=service').out).not.toContain('flanneld');
    expect(bench.run('node1', 'systemctl list-units --all').out).toMatch(
      /flanneld\.service +loaded inactive dead/,
    );
  });
});

describe('flanneld away', () => {
  it('leaves the VXLAN data path as it is, and takes its own lease up again', () => {
    const bench = new Bench();
    const peers = bench.peers();
    expect(peers).toHaveLength(3);
    bench.run('node1', 'systemctl stop flanneld');
    expect(bench.peers()).toEqual(peers);
    expect(bench.ping()).toBe(0);
    const from = bench.world.trace.events.length;
    bench.run('node1', 'systemctl start flanneld');
    bench.run('node1', 'sleep 1');
    expect(bench.told(from, 'flanneld').join('\n')).toContain(
      'Found lease (ip: 10.1.15.0/24 ipv6: ::/0) for current IP (10.168.0.2), reusing',
    );
    expect(bench.peers()).toEqual(peers);
    expect(bench.ping()).toBe(0);
  });

  it('for longer than its lease: the others forget the node, and learn it again', () => {
    const bench = new Bench();
    bench.run('node2', 'systemctl stop flanneld');
    const before = bench.world.trace.events.length;
    bench.run('node1', 'sleep 90000');
    expect(bench.world.trace.events.length - before).toBeLessThan(500);
    expect(bench.peers()).toEqual([]);
    expect(bench.told(before, 'etcd').join('\n')).toMatch(
      /DELETE \/coreos\.com\/network\/subnets\/10\.1\.16\.0-24/,
    );
    expect(bench.told(before, 'flanneld').join('\n')).toContain('removing subnet: 10.1.16.0/24');
    expect(bench.ping()).toBe(1);
    bench.run('node2', 'systemctl start flanneld');
    bench.run('node1', 'sleep 1');
    // Its subnet.env still says which one it had.
    expect(bench.peers()).toHaveLength(3);
    expect(bench.ping()).toBe(0);
  });

  it.each(['lease revoke', 'del'])('etcdctl %s ends a node’s lease at once', (how) => {
    const bench = new Bench();
    const key = '/coreos.com/network/subnets/10.1.16.0-24';
    const ids = bench.run('node1', 'etcdctl lease list').out.split('\n').slice(1, 3);
    const id = ids.find((each) =>
      bench.run('node1', `etcdctl lease timetolive ${each} --keys`).out.includes(key),
    );
    bench.run('node1', how === 'del' ? `etcdctl del ${key}` : `etcdctl lease revoke ${id ?? ''}`);
    bench.run('node1', 'sleep 1');
    expect(bench.peers()).toEqual([]);
    // The one that lost it says so and ends.
    expect(bench.run('node2', 'systemctl is-active flanneld').out).toBe('failed\n');
    expect(bench.run('node2', 'journalctl -u flanneld -n 1 -o cat').out).toBe(
      'Lease has been revoked. Shutting down daemon.\n',
    );
  });
});

describe('etcd away', () => {
  const etcd = scenario('flannel-vxlan').etcd?.on ?? '';

  it('does not disturb packets; clients are told, watches go on where they were', () => {
    const bench = new Bench();
    expect(bench.run(etcd, 'systemctl stop etcd').exit).toBe(0);
    expect(bench.ping()).toBe(0);
    const at = bench.world.trace.end;
    const failed = bench.run('node1', 'etcdctl get --prefix /');
    expect(bench.world.trace.end - at).toBe(5e9);
    expect(failed.exit).toBe(1);
    expect(failed.out).toMatch(
      /^\{"level":"warn",.*"error":"rpc error: code = DeadlineExceeded desc = latest balancer error: all SubConns are in TransientFailure"\}\nError: context deadline exceeded\n$/,
    );
    // A flanneld that starts now cannot read its configuration, and tries on.
    const from = bench.world.trace.events.length;
    bench.run('node2', 'systemctl restart flanneld');
    bench.run('node2', 'sleep 8');
    const complaints = bench
      .told(from, 'flanneld')
      .filter((text) => text.startsWith("Couldn't fetch network config: rpc error: code = Unavailable"));
    expect(complaints).toHaveLength(2);
    expect(complaints[0]).toMatch(/dial tcp 10\.168\.0\.\d+:2379: connect: connection refused"$/);
    bench.run(etcd, 'systemctl start etcd');
    bench.run('node2', 'sleep 3');
    expect(bench.run('node2', 'systemctl is-active flanneld').out).toBe('active\n');
    // node1's watch lives: it hears of a third node.
    const value =
      '{"PublicIP":"10.168.0.9","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"5e:00:00:00:00:09"}}';
    bench.run('node1', `etcdctl put /coreos.com/network/subnets/10.1.99.0-24 '${value}'`);
    bench.run('node1', 'sleep 1');
    expect(bench.run('node1', 'ip route').out).toContain('10.1.99.0/24 via 10.1.99.0 dev flannel.1 onlink');
  });

  it('keeps data and leases, which begin again with their whole time', () => {
    const bench = new Bench();
    const store = bench.run('node1', 'etcdctl get --prefix /').out;
    const id = bench.run('node1', 'etcdctl lease grant 100').out.split(' ')[1] ?? '';
    bench.run('node1', `etcdctl put --lease=${id} k v`);
    bench.run('node1', 'sleep 60');
    bench.run(etcd, 'systemctl stop etcd');
    bench.run('node1', 'sleep 1000');
    bench.run(etcd, 'systemctl start etcd');
    expect(bench.run('node1', `etcdctl lease timetolive ${id} --keys`).out).toBe(
      `lease ${id} granted with TTL(100s), remaining(99s), attached keys([k])\n`,
    );
    expect(bench.run('node1', 'etcdctl get --prefix /').out).toBe(store);
    bench.run('node1', 'sleep 101');
    expect(bench.run('node1', 'etcdctl get k').out).toBe('');
    expect(bench.run('node1', `etcdctl lease timetolive ${id}`).out).toBe(`lease ${id} already expired\n`);
  });

  it('when a lease is to be renewed: flanneld tries again every minute', () => {
    const bench = new Bench();
    bench.run('node1', `sleep ${22.9 * 3600}`);
    bench.run(etcd, 'systemctl stop etcd');
    const from = bench.world.trace.events.length;
    bench.run('node1', 'sleep 600');
    const said = bench
      .told(from, 'flanneld')
      .filter((text) => text.startsWith('Error renewing lease (trying again in 1 min): rpc error'));
    expect(said.length).toBeGreaterThan(4);
    bench.run(etcd, 'systemctl start etcd');
    bench.run('node1', 'sleep 120');
    expect(bench.told(from, 'flanneld').filter((text) => text.startsWith('Lease renewed'))).toHaveLength(2);
    expect(bench.world.trace.end).toBeGreaterThan(23 * HOUR);
  });
});

describe("flanneld's rules", () => {
  const masquerading = (): Scenario => {
    const base = scenario('flannel-vxlan');
    if (!base.flannel) throw new Error('no flannel');
    return { ...base, flannel: { ...base.flannel, ipMasq: true, forwardRules: true } };
  };
  const MASQ = '-m comment --comment "flanneld masq" -j';
  const FORWARD = '-m comment --comment "flanneld forward" -j';
  const rules = (bench: Bench, line: string): string[] =>
    bench
      .run('node1', line)
      .out.split('\n')
      .filter((each) => each.startsWith('-A'));
  const POSTRTG = [
    `-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 ${MASQ} RETURN`,
    `-A FLANNEL-POSTRTG -s 10.1.15.0/24 -d 10.1.0.0/16 ${MASQ} RETURN`,
    `-A FLANNEL-POSTRTG -s 10.1.0.0/16 -d 10.1.15.0/24 ${MASQ} RETURN`,
    `-A FLANNEL-POSTRTG ! -s 10.1.0.0/16 -d 10.1.15.0/24 ${MASQ} RETURN`,
    `-A FLANNEL-POSTRTG -s 10.1.0.0/16 ! -d 224.0.0.0/4 ${MASQ} MASQUERADE --random-fully`,
    `-A FLANNEL-POSTRTG ! -s 10.1.0.0/16 -d 10.1.0.0/16 ${MASQ} MASQUERADE --random-fully`,
  ];

  it('are flannel 0.28’s, and Docker then does not masquerade', () => {
    const bench = new Bench(masquerading());
    expect(rules(bench, 'iptables -t nat -S FLANNEL-POSTRTG')).toEqual(POSTRTG);
    expect(rules(bench, 'iptables -t nat -S POSTROUTING')).toEqual([
      `-A POSTROUTING ${MASQ} FLANNEL-POSTRTG`,
    ]);
    expect(rules(bench, 'iptables -S FLANNEL-FWD')).toEqual([
      `-A FLANNEL-FWD -s 10.1.0.0/16 ${FORWARD} ACCEPT`,
      `-A FLANNEL-FWD -d 10.1.0.0/16 ${FORWARD} ACCEPT`,
    ]);
    expect(rules(bench, 'iptables -S FORWARD').at(-1)).toBe(`-A FORWARD ${FORWARD} FLANNEL-FWD`);
  });

  it('come back within five seconds when somebody takes them away, and say nothing while all are there', () => {
    const bench = new Bench(masquerading());
    const from = bench.world.trace.events.length;
    bench.run('node1', 'sleep 60');
    expect(bench.told(from, 'flanneld')).toEqual([]);
    bench.run('node1', 'iptables -t nat -D FLANNEL-POSTRTG 2');
    bench.run('node1', 'iptables -F FLANNEL-FWD');
    bench.run('node1', 'sleep 5.1');
    expect(bench.told(from, 'flanneld')).toContain(
      'Some iptables rules are missing; deleting and recreating rules',
    );
    expect(rules(bench, 'iptables -t nat -S FLANNEL-POSTRTG')).toEqual(POSTRTG);
    expect(rules(bench, 'iptables -S FLANNEL-FWD')).toHaveLength(2);
  });

  it('stay when flanneld stops', () => {
    const bench = new Bench(masquerading());
    bench.run('node1', 'systemctl stop flanneld');
    expect(rules(bench, 'iptables -t nat -S FLANNEL-POSTRTG')).toEqual(POSTRTG);
  });

  it('without --ip-masq leave masquerading to Docker', () => {
    const base = masquerading();
    const bench = new Bench({
      ...base,
      ...(base.flannel ? { flannel: { ...base.flannel, ipMasq: false } } : {}),
    });
    expect(rules(bench, 'iptables -t nat -S POSTROUTING')).toEqual([
      '-A POSTROUTING -s 10.1.15.0/24 ! -o docker0 -j MASQUERADE',
    ]);
  });
});

it('a node joins by systemctl start flanneld, and its containers with it', () => {
  const base = scenario('flannel-vxlan');
  if (!base.flannel) throw new Error('no flannel');
  const nodes = base.flannel.nodes.map((node) => ({ ...node, join: node.machine !== 'node2' }));
  const bench = new Bench({ ...base, flannel: { ...base.flannel, nodes } });
  expect(bench.peers()).toEqual([]);
  expect(bench.run('node2', 'systemctl is-active flanneld').out).toBe('inactive\n');
  bench.run('node2', 'systemctl start flanneld');
  bench.run('node2', 'sleep 1');
  expect(bench.peers()).toHaveLength(3);
  expect(bench.ping()).toBe(0);
});
