/** dockerd and the docker command on a running network. */
import { describe, expect, it, test } from 'vitest';
import { catalogue, scenarioFromJson } from '../../scenarios/index';
import { World, type Scenario } from '../index';

function docker(more: Record<string, unknown> = {}, containers: readonly object[] = []): Scenario {
  const machine = (name: string, address: string): object => ({
    name,
    nics: [{ name: 'eth0', addresses: [address], cable: { switch: 'lan', port: `p-${name}` } }],
    docker: { ...more },
  });
  const json = {
    version: 1,
    name: 'docker',
    switches: [{ name: 'lan', bridge: 'sw0' }],
    machines: [machine('host', '192.168.1.1/24'), machine('other', '192.168.1.2/24')],
    containers: [{ name: 'c1', machine: 'host', image: 'nginx' }, ...containers],
  };
  const decoded = scenarioFromJson(JSON.stringify(json));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
  return decoded.value.scenario;
}

interface Ran {
  readonly out: string;
  readonly exit: number;
}
class Bench {
  readonly world: World;
  constructor(scenario: Scenario = docker()) {
    this.world = World.open(scenario);
  }
  run(command: string, netns = 'host'): Ran {
    const from = this.world.trace.events.length;
    this.world.execute([{ netns, command }]);
    let [out, exit] = ['', -1];
    for (const event of this.world.trace.events.slice(from)) {
      if (event.kind === 'output') out += event.text;
      if (event.kind === 'exit') ({ exit } = event);
    }
    return { out, exit };
  }
  lines(command: string): string[] {
    return this.run(command)
      .out.split('\n')
      .filter((line) => /^[-*:]/.test(line));
  }
}

describe("dockerd's rules", () => {
  it('are those of Docker 27, as iptables-save lists them', () => {
    const bench = new Bench();
    expect(bench.lines('iptables-save -t filter').filter((line) => !line.startsWith(':DOCKER'))).toEqual([
      '*filter',
      ':INPUT ACCEPT [0:0]',
      ':FORWARD DROP [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
      '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A FORWARD -o docker0 -j DOCKER',
      '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
      '-A FORWARD -i docker0 -o docker0 -j ACCEPT',
      '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
      '-A DOCKER-ISOLATION-STAGE-1 -j RETURN',
      '-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
      '-A DOCKER-ISOLATION-STAGE-2 -j RETURN',
      '-A DOCKER-USER -j RETURN',
    ]);
    expect(bench.lines('iptables -t nat -S').filter((line) => line.startsWith('-A'))).toEqual([
      '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
      '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
      '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      '-A DOCKER -i docker0 -j RETURN',
    ]);
  });

  it('stay the same, once each, when dockerd starts again', () => {
    const bench = new Bench();
    const before = bench.run('iptables-save').out;
    expect(bench.run('systemctl restart docker').exit).toBe(0);
    expect(bench.run('iptables-save').out.split('\n').sort()).toEqual(before.split('\n').sort());
    const forward = bench.lines('iptables -S FORWARD');
    expect(forward.slice(0, 3)).toEqual([
      '-P FORWARD DROP',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    ]);
  });

  it.each([
    [{ iptables: false }, ['-P FORWARD ACCEPT'], 0],
    [{ ipMasq: false }, ['-P FORWARD DROP'], 0],
    [{}, ['-P FORWARD DROP'], 1],
  ])('with %j', (options, policy, masquerades) => {
    const bench = new Bench(docker(options));
    expect(bench.lines('iptables -S FORWARD').slice(0, 1)).toEqual(policy);
    const nat = bench.lines('iptables -t nat -S').filter((line) => line.includes('MASQUERADE'));
    expect(nat).toHaveLength(masquerades);
    expect(bench.run('sysctl -n net.ipv4.ip_forward').out).toBe('1\n');
  });

  it('leave the policy of a machine that forwarded before', () => {
    const scenario = docker();
    const machines = scenario.machines.map((machine) => ({ ...machine, forward: true }));
    expect(new Bench({ ...scenario, machines }).lines('iptables -S FORWARD')[0]).toBe('-P FORWARD ACCEPT');
  });
});

describe('docker run', () => {
  it('makes a container that is reached, and rm takes everything of it away', () => {
    const bench = new Bench();
    const links = bench.run('ip -br link').out;
    const rules = bench.run('iptables-save').out;
    const made = bench.run('docker run -d -p 8080:80 --name web nginx');
    expect(made.out).toMatch(/^[0-9a-f]{64}\n$/);
    expect(bench.run('docker exec web ip -br addr show eth0').out).toMatch(/172\.17\.0\.3\/16/);
    expect(bench.run('ping -c 1 172.17.0.2', 'web').exit).toBe(0);
    expect(bench.run('docker port web').out).toBe('80/tcp -> 0.0.0.0:8080\n');
    expect(bench.lines('iptables-save').filter((line) => line.includes('172.17.0.3'))).toEqual([
      '-A DOCKER -d 172.17.0.3/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A POSTROUTING -s 172.17.0.3/32 -d 172.17.0.3/32 -p tcp -m tcp --dport 80 -j MASQUERADE',
      '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80',
    ]);
    expect(bench.run('docker rm -f web')).toEqual({ out: 'web\n', exit: 0 });
    expect(bench.run('ip -br link').out).toBe(links);
    // Counters moved meanwhile.
    const counted = (text: string): string => text.replace(/\[\d+:\d+\]|^#.*$/gm, '');
    expect(counted(bench.run('iptables-save').out)).toBe(counted(rules));
    expect(bench.world.namespaces).not.toContain('web');
    // The address is free again.
    bench.run('docker run -d --name web2 nginx');
    expect(bench.run("docker inspect -f '{{.NetworkSettings.IPAddress}}' web2").out).toBe('172.17.0.3\n');
  });

  it('hangs everything it does on the command', () => {
    const bench = new Bench();
    const from = bench.world.trace.events.length;
    bench.run('docker run -d --name web nginx');
    const events = bench.world.trace.events.slice(from);
    const create = events.find((event) => event.kind === 'control' && event.action === 'create');
    expect(create?.cause).toBe(events.find((event) => event.kind === 'command')?.seq);
    const bySeq = new Map(events.map((event) => [event.seq, event]));
    for (const event of events.filter(({ kind }) => kind === 'netlink' || kind === 'change')) {
      let at: (typeof events)[number] | undefined = event;
      while (at && at.kind !== 'command') at = bySeq.get(at.cause);
      expect(at, JSON.stringify(event)).toBeDefined();
    }
  });

  it('is the same each time', () => {
    const journal = [
      'docker run -d -p 80:80 nginx',
      'docker ps',
      'docker run --rm busybox ping -c 1 172.17.0.2',
    ];
    const once = (): string => {
      const bench = new Bench();
      for (const command of journal) bench.run(command);
      return JSON.stringify(bench.world.trace.events);
    };
    expect(once()).toBe(once());
  });

  it('in the foreground is the command itself, and --rm removes the container', () => {
    const bench = new Bench();
    const ran = bench.run('docker run --rm busybox ping -c 1 172.17.0.2');
    expect(ran.exit).toBe(0);
    expect(ran.out).toContain('64 bytes from 172.17.0.2: icmp_seq=1 ttl=64');
    expect(bench.run('docker ps -aq').out.trim().split('\n')).toHaveLength(1);
    expect(bench.run('docker run --name p1 busybox ping -c 1 -W 1 172.17.9.9').exit).toBe(1);
    expect(bench.run("docker ps -a --format '{{.Names}} {{.Status}}'").out).toMatch(/^p1 Exited \(1\) /);
  });

  it('of a published port that is taken leaves a container that was only created', () => {
    const bench = new Bench();
    bench.run('docker run -d -p 8080:80 --name web nginx');
    const links = bench.run('ip -br link').out;
    const { out, exit } = bench.run('docker run -d -p 8080:80 --name web2 nginx');
    expect(exit).toBe(125);
    expect(out).toMatch(
      /^[0-9a-f]{64}\ndocker: Error response from daemon: driver failed programming external connectivity on endpoint web2 \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated\n/,
    );
    expect(bench.run('ip -br link').out).toBe(links);
    expect(bench.run("docker ps -a --format '{{.Names}}:{{.Status}}'").out).toMatch(/^web2:Created\nweb:Up /);
    expect(bench.run('docker run -d -p 127.0.0.1:8080:80 nginx').exit).toBe(125);
    expect(bench.run('docker run -d -p 8080:80/udp nginx').exit).toBe(0);
  });

  it('on the host’s network has neither namespace nor veth', () => {
    const bench = new Bench();
    const before = [bench.run('ip -br link').out, bench.world.namespaces.length];
    expect(bench.run('docker run -d --net=host --name h1 busybox sleep 100').exit).toBe(0);
    expect([bench.run('ip -br link').out, bench.world.namespaces.length]).toEqual(before);
    expect(bench.run('docker exec h1 hostname').out).toBe('host\n');
    expect(bench.run('docker exec h1 ip -br addr').out).toContain('docker0');
    expect(bench.run("docker ps --format '{{.Names}}|{{.Ports}}|'").out).toMatch(/^h1\|\|\n/);
    expect(bench.run('docker rm -f h1').exit).toBe(0);
    expect(bench.run('ip -br link').out).toBe(before[0]);
  });

  it('publishes a port by DNAT for others and by docker-proxy for the host itself', () => {
    const bench = new Bench();
    bench.run('docker run -d -p 8080:80 --name web nginx');
    const body = (remote: string): string =>
      `Server address: 172.17.0.3:80\nServer name: web\nRemote address: ${remote}\nURI: /\n`;
    expect(bench.run('curl -s http://192.168.1.1:8080/', 'other').out).toBe(body('192.168.1.2'));
    // The proxy is the one who asks the container then.
    expect(bench.run('curl -s http://127.0.0.1:8080/').out).toBe(body('172.17.0.1'));
    bench.run('docker rm -f web');
    expect(bench.run('curl -s http://127.0.0.1:8080/').exit).toBe(7);
  });

  it('on the host’s network takes the host’s port, which then is taken', () => {
    const bench = new Bench();
    bench.run('docker run -d --net=host --name h1 nginx');
    bench.run('docker run -d --net=host --name h2 nginx');
    bench.run('sleep 3');
    expect(bench.run("docker ps -a -n 2 --format '{{.Names}} {{.Status}}'").out).toMatch(
      /^h2 Exited \(1\) .*\nh1 Up /,
    );
    expect(bench.run('docker logs h2').out).toContain(
      'bind() to 0.0.0.0:80 failed (98: Address already in use)',
    );
    expect(bench.run('docker run -d -p 80:80 nginx').out).toMatch(
      /: Error starting userland proxy: listen tcp4 0\.0\.0\.0:80: bind: address already in use\n/,
    );
    expect(bench.lines('iptables-save').filter((line) => line.includes('dport 80'))).toEqual([]);
    bench.run('docker rm -f h1');
    expect(bench.run('docker run -d -p 80:80 nginx').exit).toBe(0);
  });

  it('gives the same name on two machines two namespaces', () => {
    const bench = new Bench();
    expect(bench.run('docker run -d --name web nginx').exit).toBe(0);
    expect(bench.run('docker run -d --name web nginx', 'other').exit).toBe(0);
    expect(bench.world.namespaces).toEqual(expect.arrayContaining(['web', 'other.web']));
    expect(bench.run('docker exec web ping -c 1 172.17.0.1', 'other').exit).toBe(0);
  });

  const ERROR = 'docker: Error response from daemon: ';
  const HELP = "\n\nRun 'docker run --help' for more information\n";
  const RUN_USAGE = '\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]';
  // Printed by Docker CLI 28.2.2, the daemon's words being those of a stand-in that answers as Docker 27.
  test.each([
    ['run -net=host nginx', `unknown shorthand flag: 'n' in -net=host${RUN_USAGE}${HELP}`, 125],
    [
      'run',
      `docker: 'docker run' requires at least 1 argument${RUN_USAGE}\n\nSee 'docker run --help' for more information\n`,
      1,
    ],
    ['run -dp', `flag needs an argument: 'p' in -p${RUN_USAGE}${HELP}`, 125],
    ['run --restart', `flag needs an argument: --restart${RUN_USAGE}${HELP}`, 125],
    ['run -p abc nginx', `docker: invalid containerPort: abc${HELP}`, 125],
    ['run -p 99999:80 nginx', `docker: invalid hostPort: 99999${HELP}`, 125],
    ['run -p 8080:80/foo nginx', `docker: invalid proto: foo${HELP}`, 125],
    ['run -p 8080:80:90:1 nginx', `docker: invalid IP address: 8080:80${HELP}`, 125],
    [
      'run INVALID',
      `docker: invalid reference format: repository name (library/INVALID) must be lowercase${HELP}`,
      125,
    ],
    ["run 'a b'", `docker: invalid reference format${HELP}`, 125],
    [
      'run -d --name /x nginx',
      `${ERROR}Invalid container name (/x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed${HELP}`,
      125,
    ],
    [
      'run -d --ip 172.17.0.9 nginx',
      `${ERROR}invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only${HELP}`,
      125,
    ],
    [
      'rm',
      "docker: 'docker rm' requires at least 1 argument\n\nUsage:  docker rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'docker rm --help' for more information\n",
      1,
    ],
    ['rm nope', 'Error response from daemon: No such container: nope\n', 1],
    [
      'rm c1',
      'Error response from daemon: cannot remove container "/c1": container is running: stop the container before removing or force remove\n',
      1,
    ],
    ['stop nope', 'Error response from daemon: No such container: nope\n', 1],
    [
      'start nope',
      'Error response from daemon: No such container: nope\nError: failed to start containers: nope\n',
      1,
    ],
    ['logs nope', 'Error response from daemon: No such container: nope\n', 1],
    [
      'logs',
      "docker: 'docker logs' requires 1 argument\n\nUsage:  docker logs [OPTIONS] CONTAINER\n\nRun 'docker logs --help' for more information\n",
      1,
    ],
    [
      'port',
      "docker: 'docker port' requires at least 1 and at most 2 arguments\n\nUsage:  docker port CONTAINER [PRIVATE_PORT[/PROTO]]\n\nRun 'docker port --help' for more information\n",
      1,
    ],
    ['port c1 81', "Error: No public port '81' published for c1\n", 1],
    ['inspect nope', '[]\nError: No such object: nope\n', 1],
    [
      "inspect -f '{{.Foo}}' c1",
      '\ntemplate parsing error: template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"\n',
      1,
    ],
    ["inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' c1", '172.17.0.2\n', 0],
    ['network inspect x', '[]\nError response from daemon: network x not found\n', 1],
    [
      'network foo',
      "docker: unknown command: docker network foo\n\nUsage:  docker network\n\nRun 'docker network --help' for more information\n",
      1,
    ],
    [
      'ps x',
      "docker: 'docker ps' accepts no arguments\n\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n",
      1,
    ],
    ['foo', "docker: unknown command: docker foo\n\nRun 'docker --help' for more information\n", 1],
  ])('docker %s', (line, out, exit) => {
    expect(new Bench().run(`docker ${line}`)).toEqual({ out, exit });
  });

  it('refuses a name that is in use, and an image that is not there', () => {
    const bench = new Bench();
    expect(bench.run('docker run -d --name c1 nginx').out).toMatch(
      /^docker: Error response from daemon: Conflict\. The container name "\/c1" is already in use by container "[0-9a-f]{64}"\. You have to remove \(or rename\) that container to be able to reuse that name\.\n/,
    );
    expect(bench.run('docker run -d redis').out).toMatch(
      /^Unable to find image 'redis:latest' locally\ndocker: /,
    );
    expect(bench.run('docker run -d busybox nope')).toMatchObject({ exit: 127 });
  });
});

describe('a container’s life', () => {
  it('ends at SIGTERM if its process heeds it, else after ten seconds', () => {
    const bench = new Bench();
    bench.run('docker run -d --name s1 busybox sleep 1000');
    const at = bench.world.trace.end;
    expect(bench.run('docker stop s1')).toEqual({ out: 's1\n', exit: 0 });
    expect(bench.world.trace.end - at).toBe(10e9);
    expect(bench.run("docker ps -a -n 1 --format '{{.Status}}'").out).toMatch(/^Exited \(137\) /);
    expect(bench.run('docker start s1').out).toBe('s1\n');
    expect(bench.run('docker kill s1').out).toBe('s1\n');
    expect(bench.run('docker kill s1').out).toMatch(
      /^Error response from daemon: cannot kill container: s1: container [0-9a-f]{64} is not running\n$/,
    );
  });

  it('ends with its process, and its output is kept', () => {
    const bench = new Bench();
    bench.run('docker run -d --name p1 busybox ping -c 2 172.17.0.2');
    bench.run('sleep 0.5');
    expect(bench.run('docker logs p1').out).toMatch(/icmp_seq=1 ttl=64 time=[\d.]+ ms\n$/);
    bench.run('sleep 3');
    expect(bench.run('docker logs p1').out).toContain('2 packets transmitted, 2 received, 0% packet loss');
    expect(bench.run('docker logs --tail 1 p1').out).toMatch(/^rtt min/);
    expect(bench.run("docker ps -a -n 1 --format '{{.Names}} {{.Status}}'").out).toMatch(
      /^p1 Exited \(0\) [12] seconds? ago/,
    );
    expect(bench.world.namespaces).not.toContain('p1');
  });

  it('begins again under a restart policy, more and more slowly', () => {
    const bench = new Bench();
    bench.run('docker run -d --name p1 --restart always busybox true');
    bench.run('sleep 10');
    const starts = bench.world.trace.events.filter(
      (event) => event.kind === 'control' && event.action === 'start' && event.text.startsWith('p1 '),
    );
    // 0.1, 0.2, 0.4, … seconds apart.
    expect(starts.map((event) => Math.round((event.at - (starts[0]?.at ?? 0)) / 1e8))).toEqual([
      0, 1, 3, 7, 15, 31, 63,
    ]);
    expect(bench.run('docker rm -f p1').exit).toBe(0);
  });

  it('ends with dockerd, and rules and bridge stay', () => {
    const bench = new Bench();
    bench.run('docker run -d --name r1 --restart unless-stopped nginx');
    const rules = bench.lines('iptables -S FORWARD');
    expect(bench.run('systemctl stop docker').exit).toBe(0);
    expect(bench.run('docker ps').out).toMatch(/^Cannot connect to the Docker daemon at unix/);
    expect(bench.run('ip -br link show docker0').out).toContain('NO-CARRIER');
    expect(bench.lines('iptables -S FORWARD')).toEqual(rules);
    bench.run('systemctl start docker');
    bench.run('sleep 1');
    expect(bench.run("docker ps --format '{{.Names}}'").out).toBe('r1\n');
  });
});

it('every Docker scenario of the catalogue starts all its containers', () => {
  for (const entry of catalogue) {
    const scenario = entry.load();
    const late = scenario.flannel?.nodes.filter(({ join }) => !join).map(({ machine }) => machine) ?? [];
    const wanted = scenario.machines
      .filter(({ name }) => !late.includes(name))
      .flatMap((machine) =>
        (machine.docker?.containers ?? [])
          .filter(({ network }) => network === 'bridge')
          .map(({ name }) => name),
      );
    expect(World.open(scenario).namespaces, entry.id).toEqual(expect.arrayContaining(wanted));
  }
});
