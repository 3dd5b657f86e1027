/** docker and etcdctl. Expected texts were printed by etcd 3.4.23 and Docker 28.2. */
import { describe, expect, test } from 'vitest';
import { err } from '../../../base/result';
import { Store, run } from './testing/run';

describe('docker', () => {
  const id = 'c0ffee001122334455';
  const containers = [
    { name: 'web', id, image: 'nginx', running: true },
    { name: 'old', id: 'dead00112233445566', image: 'busybox', running: false },
  ];
  test.each([
    ['docker exec web ping -c 1 10.0.0.1', ['web', 'ping', '-c', '1', '10.0.0.1']],
    ['docker exec -it web ip route', ['web', 'ip', 'route']],
    ['docker exec -i -t -e A=1 -u root web ip -br addr', ['web', 'ip', '-br', 'addr']],
    ['docker exec c0ffee ip addr', ['web', 'ip', 'addr']],
    ["docker exec web sh -c 'ping -c 1 10.0.0.1'", ['web', 'ping', '-c', '1', '10.0.0.1']],
  ])('%s', (line, wanted) => {
    const seen: string[][] = [];
    const ran = run(line, { containers, executed: (netns, words) => seen.push([netns, ...words]) });
    expect(seen).toEqual([wanted]);
    expect(ran.exit).toBe(0);
  });
  const NEEDS =
    "docker: 'docker exec' requires at least 2 arguments\n\nUsage:  docker exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nSee 'docker exec --help' for more information\n";
  test.each([
    ['docker exec', NEEDS, 1],
    ['docker exec -it', NEEDS, 1],
    ['docker exec web', NEEDS, 1],
    [
      'docker exec -q web ls',
      "unknown shorthand flag: 'q' in -q\n\nUsage:  docker exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nRun 'docker exec --help' for more information\n",
      125,
    ],
    ['docker exec nope ls', 'Error response from daemon: No such container: nope\n', 1],
    ['docker exec old ls', 'Error response from daemon: container dead00112233445566 is not running\n', 1],
    ['docker ps -q', 'c0ffee001122\n', 0],
    ['docker ps -aq', 'dead00112233\nc0ffee001122\n', 0],
    [
      'docker ps -a',
      'CONTAINER ID   IMAGE     COMMAND   CREATED                  STATUS                              PORTS     NAMES\n' +
        'dead00112233   busybox   ""        Less than a second ago   Exited (0) Less than a second ago             old\n' +
        'c0ffee001122   nginx     ""        Less than a second ago   Up Less than a second                         web\n',
      0,
    ],
    [
      'docker ps -q -z',
      "unknown shorthand flag: 'z' in -z\n\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n",
      125,
    ],
  ])('%s', (line, output, exit) => {
    expect(run(line, { containers })).toMatchObject({ output, exit });
  });
  test('a machine without containers has no daemon, a container no docker', () => {
    expect(run('docker ps').output).toMatch(/^Cannot connect to the Docker daemon at /);
    expect(run('docker ps', { containers, netns: 'web' })).toMatchObject({ exit: 127 });
    expect(run('hostname', { containers, netns: 'web' }).output).toBe('web\n');
  });
});

describe('etcdctl', () => {
  function store(): Store {
    const made = new Store();
    made.put('/a/b', '1');
    made.put('/a/c', '{"Network":"10.0.0.0/16"}');
    made.put('/a/b', '2');
    return made;
  }
  const BOTH = '/a/b\n2\n/a/c\n{"Network":"10.0.0.0/16"}\n';
  test.each([
    ['get /a/b', '/a/b\n2\n', 0],
    ['get /a --prefix', BOTH, 0],
    ['get --prefix /a', BOTH, 0],
    ['--endpoints=127.0.0.1:2379 get /a --prefix', BOTH, 0],
    ['--endpoints 127.0.0.1:2379 get /a --prefix', BOTH, 0],
    ['get /a --prefix --keys-only', '/a/b\n\n/a/c\n\n', 0],
    ['get /a --prefix --print-value-only', '2\n{"Network":"10.0.0.0/16"}\n', 0],
    ['get /a --prefix --limit 1', '/a/b\n2\n', 0],
    ['get /a --prefix --order=DESCEND --limit=1 --keys-only', '/a/c\n\n', 0],
    ['get /a/a /a/c', '/a/b\n2\n', 0],
    ['get /a/c --from-key --keys-only', '/a/c\n\n', 0],
    ['get /nokey', '', 0],
    ['get', 'Error: get command needs one argument as key and an optional argument as range_end\n', 128],
    ['get --foo x', 'Error: unknown flag: --foo\n\nError: unknown flag: --foo\n', 1],
    ['get -z x', "Error: unknown shorthand flag: 'z' in -z\n\nError: unknown shorthand flag: 'z' in -z\n", 1],
    [
      'get /a --limit',
      'Error: flag needs an argument: --limit\n\nError: flag needs an argument: --limit\n',
      1,
    ],
    ['put /x 1', 'OK\n', 0],
    ['put /a/b 3 --prev-kv', 'OK\n/a/b\n2\n', 0],
    ['put /x -- -v', 'OK\n', 0],
    ['put /x', 'Error: put command needs 1 argument and input from stdin or 2 arguments\n', 128],
    ['del /a/b', '1\n', 0],
    ['del /nokey', '0\n', 0],
    ['del /a --prefix', '2\n', 0],
    ['del /a/b --prev-kv', '1\n/a/b\n2\n', 0],
    ['del', 'Error: del command needs one argument as key and an optional argument as range_end\n', 128],
    ['watch', 'Error: bad number of arguments\n', 128],
    ['version', 'etcdctl version: 3.4.23\nAPI version: 3.4\n', 0],
    [
      'lst /',
      'Error: unknown command "lst" for "etcdctl"\nRun \'etcdctl --help\' for usage.\nError: unknown command "lst" for "etcdctl"\n',
      1,
    ],
  ])('%s', (line, output, exit) => {
    expect(run(`etcdctl ${line}`, { store: store() })).toMatchObject({ output, exit });
  });

  test('watch tells of what happens until it is interrupted', () => {
    const own = store();
    const ran = run('etcdctl watch /w --prefix', { store: own });
    own.put('/w/a', '1');
    own.put('/x', '1');
    own.delete('/w/a', false);
    expect(ran.later()).toBe('PUT\n/w/a\n1\nDELETE\n/w/a\n\n');
    ran.interrupt();
    own.put('/w/a', '2');
    expect(ran.later()).toBe('PUT\n/w/a\n1\nDELETE\n/w/a\n\n');
  });
  test('without a store it gives up after five seconds', () => {
    const ran = run('etcdctl get a');
    expect(ran).toMatchObject({ exit: 1, seconds: 5 });
    expect(ran.output).toMatch(
      /^\{"level":"warn","ts":"[^"]+","caller":"clientv3\/retry_interceptor\.go:62","msg":"retrying of unary invoker failed","target":"endpoint:\/\/client-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/127\.0\.0\.1:2379","attempt":0,"error":"rpc error: code = DeadlineExceeded desc = latest balancer error: all SubConns are in TransientFailure"\}\nError: context deadline exceeded\n$/,
    );
  });

  describe('lease', () => {
    const [ONE, TWO] = ['694da1fb84777301', '694da1fb84777302'];
    function leased(): Store {
      const made = store();
      made.grant(60);
      made.grant(86_400);
      made.put('/l', 'x', ONE);
      return made;
    }
    const NOT_HEX = '(strconv.ParseInt: parsing "zz": invalid syntax), expecting ID in Hex\n';
    test.each([
      ['grant 86400', 'lease 694da1fb84777303 granted with TTL(86400s)\n', 0],
      ['grant', 'Error: lease grant command needs TTL argument\n', 128],
      ['grant abc', 'Error: bad TTL (strconv.ParseInt: parsing "abc": invalid syntax)\n', 128],
      ['list', `found 2 leases\n${ONE}\n${TWO}\n`, 0],
      [`timetolive ${ONE}`, `lease ${ONE} granted with TTL(60s), remaining(59s)\n`, 0],
      [
        `timetolive ${ONE} --keys`,
        `lease ${ONE} granted with TTL(60s), remaining(59s), attached keys([/l])\n`,
        0,
      ],
      ['timetolive dead --keys', 'lease 000000000000dead already expired\n', 0],
      ['timetolive zz', `Error: bad lease ID arg ${NOT_HEX}`, 128],
      [`keep-alive --once ${ONE}`, `lease ${ONE} keepalived with TTL(60)\n`, 0],
      ['keep-alive --once dead', 'Error: etcdserver: requested lease not found\n', 2],
      ['keep-alive', 'Error: lease keep-alive command needs lease ID as argument\n', 128],
      [`revoke ${ONE}`, `lease ${ONE} revoked\n`, 0],
      ['revoke', 'Error: lease revoke command needs 1 argument\n', 128],
      ['revoke zz', `Error: bad lease ID arg ${NOT_HEX}`, 128],
    ])('%s', (line, output, exit) => {
      expect(run(`etcdctl lease ${line}`, { store: leased() })).toMatchObject({ output, exit });
    });
    test.each([
      ['lease revoke dead', 'Error: failed to revoke lease (etcdserver: requested lease not found)', 1],
      ['put --lease=dead a 1', 'Error: etcdserver: requested lease not found', 1],
      ['put --lease=zz a 1', `Error: bad lease ID ${NOT_HEX.trimEnd()}`, 128],
      ['put --lease=0 a 1', 'OK', 0],
    ])('%s', (line, last, exit) => {
      const ran = run(`etcdctl ${line}`, { store: leased() });
      expect([ran.output.trimEnd().split('\n').at(-1), ran.exit]).toEqual([last, exit]);
    });
    test('takes its keys with it, and keep-alive goes on until it is gone', () => {
      const own = leased();
      run(`etcdctl lease revoke ${ONE}`, { store: own });
      expect(run('etcdctl get /l', { store: own }).output).toBe('');
      expect(run(`etcdctl lease keep-alive ${ONE}`, { store: own })).toMatchObject({
        output: `lease ${ONE} expired or revoked.\n`,
        exit: 0,
      });
    });
  });

  function tree(): Store {
    const made = new Store();
    made.put('/coreos.com/network/config', '{"Network":"10.1.0.0/16"}');
    made.put('/coreos.com/network/subnets/10.1.16.0-24', '{"PublicIP":"10.168.0.2"}');
    made.put('/coreos.com/network/subnets/10.1.20.0-24', 'x');
    return made;
  }
  const SUBNETS = '/coreos.com/network/subnets/10.1.16.0-24\n/coreos.com/network/subnets/10.1.20.0-24\n';
  test.each([
    ['ls', '/coreos.com\n', 0],
    ['ls /coreos.com/network', '/coreos.com/network/config\n/coreos.com/network/subnets\n', 0],
    ['ls coreos.com/network/subnets', SUBNETS, 0],
    [
      'ls --recursive /coreos.com',
      `/coreos.com/network\n/coreos.com/network/config\n/coreos.com/network/subnets\n${SUBNETS}`,
      0,
    ],
    ['ls -p /coreos.com/network', '/coreos.com/network/config\n/coreos.com/network/subnets/\n', 0],
    ['ls /coreos.com/network/config', '/coreos.com/network/config\n', 0],
    ['ls /nokey', 'Error:  100: Key not found (/nokey) [4]\n', 4],
    ['get /coreos.com/network/config', '{"Network":"10.1.0.0/16"}\n', 0],
    ['get /coreos.com/network', '/coreos.com/network: is a directory\n', 1],
    ['get', 'Error:  key required\n', 1],
    ['set /a', 'Error:  value required\n', 1],
    ['set /a 1', '1\n', 0],
    [
      'mk /coreos.com/network/config 1',
      'Error:  105: Key already exists (/coreos.com/network/config) [4]\n',
      4,
    ],
    ['update /zz 2', 'Error:  100: Key not found (/zz) [4]\n', 4],
    ['rm /coreos.com/network/subnets/10.1.20.0-24', 'PrevNode.Value: x\n', 0],
    ['rm /coreos.com/network', 'Error:  102: Not a file (/coreos.com/network) [4]\n', 4],
    ['rm --recursive /coreos.com', '', 0],
    ['foo', "No help topic for 'foo'\n", 3],
    ['--version', 'etcdctl version: 3.4.23\nAPI version: 2\n', 0],
  ])('API 2: %s', (line, output, exit) => {
    expect(run(`etcdctl ${line}`, { store: tree(), env: { ETCDCTL_API: '2' } })).toMatchObject({
      output,
      exit,
    });
  });
  test('without a version ls is the command of API 2', () => {
    const listed = (env: Record<string, string>) =>
      run('etcdctl ls /coreos.com', { store: tree(), env }).output;
    expect(listed({})).toBe(listed({ ETCDCTL_API: '2' }));
    expect(listed({ ETCDCTL_API: '3' })).toContain('unknown command "ls"');
  });
  test('a refusal of the store is told', () => {
    const own = store();
    own.put = () => err('etcdserver: mvcc: database space exceeded');
    expect(run('etcdctl put a b', { store: own }).output).toMatch(
      /\nError: etcdserver: mvcc: database space exceeded\n$/,
    );
  });
});
