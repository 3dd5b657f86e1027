import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPcap } from '../sim/wire/index';
import { parseArgs, parseExec } from './args';

const ROOT = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'framewalk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
function sim(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/run-ts.mjs', 'src/cli/main.ts', ...args],
      { cwd: ROOT, maxBuffer: 64e6 },
      (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err });
      },
    );
  });
}
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

describe('the command line', () => {
  it.each([
    [['run'], 'which scenario'],
    [['run', 'a', 'b'], 'one scenario at a time: b'],
    [['run', 'a', '--fast'], '--fast is not an option of sim run'],
    [['lab', 'a', '--out', 'x'], '--out is not an option of sim lab'],
    [['run', 'a', '--settle', 'soon'], '--settle: expected seconds from 0 to 172800, found "soon"'],
    [['run', 'a', '--exec', 'ping'], `--exec 1: expected 'NS: COMMAND', found "ping"`],
    [['run', 'a', '--exec', 'n: x', '--exec', '@later n: x'], '--exec 2: "@later" is not a time'],
    [['list', 'all'], 'sim list takes nothing more: all'],
    [['walk'], 'sim walk: no such command'],
  ])('refuses %j', (argv, text) => {
    const parsed = parseArgs(argv);
    expect(parsed.ok ? '' : parsed.error).toContain(text);
  });

  it.each([
    ['ns1: ping -c 1 10.0.0.1', { netns: 'ns1', command: 'ping -c 1 10.0.0.1' }],
    [
      '@1.5 ns1: ip link set eth0 down',
      { netns: 'ns1', command: 'ip link set eth0 down', at: 1_500_000_000 },
    ],
    ['ns1:ip -6 addr add fe80::1 dev lo', { netns: 'ns1', command: 'ip -6 addr add fe80::1 dev lo' }],
    ['sleep 2', { netns: '', command: 'sleep 2' }],
    ['ns1: tcpdump -i eth0 &', { netns: 'ns1', command: 'tcpdump -i eth0 &' }],
  ])('reads --exec %j', (text, entry) => {
    expect(parseExec(text, 'x')).toEqual({ ok: true, value: { where: 'x', entry } });
  });
});

describe('sim', () => {
  it('lists the scenarios, one id a line', async () => {
    const { code, out } = await sim('list');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'docker-bridge',
      'docker-three',
      'docker-host-to-container',
    ]);
  });

  it('runs a scenario: prints the commands’ output and the story', async () => {
    const { code, out } = await sim('run', 'flannel-vxlan');
    expect(code).toBe(0);
    expect(out).toContain('64 bytes from 10.1.16.3: icmp_seq=1 ttl=62');
    expect(out).toContain('flannel.1');
  });

  it('starts a command with a time whatever else is running, and holds nobody up for it', async () => {
    const { out } = await sim(
      ...['run', 'docker-bridge', '--json'],
      ...['--exec', '@1.5 host: ip link set veth24ae452 down'],
      ...['--exec', 'nginx-1: ping -c 3 -W 1 172.17.0.3'],
    );
    const { commands } = JSON.parse(out) as {
      commands: { command: string; start: number; output: string }[];
    };
    const starts = Object.fromEntries(commands.map(({ command, start }) => [command.split(' ')[0], start]));
    expect(starts).toEqual({ ip: 1_500_000_000, ping: 0 });
    expect(commands.find(({ command }) => command.startsWith('ping'))?.output).toContain(
      '3 packets transmitted, 2 received',
    );
  }, 30_000);

  it('ends with 0 when a ping fails: that is a result', async () => {
    const { code, out } = await sim(
      'run',
      'docker-bridge',
      '--json',
      '--exec',
      'nginx-1: ping -c 1 -W 1 172.17.0.99',
    );
    expect(code).toBe(0);
    const { commands } = JSON.parse(out) as { commands: { exit: number; output: string }[] };
    expect(commands).toHaveLength(1);
    expect(commands[0]?.exit).toBe(1);
    expect(commands[0]?.output).toContain('100% packet loss');
  });

  it.each([
    [['run', 'no-such'], 'there is no scenario "no-such"'],
    [
      ['run', 'docker-bridge', '--exec', 'nginx-9: ping 1.1.1.1'],
      '--exec 1: there is no network namespace "nginx-9"; there are host, nginx-1, nginx-2',
    ],
    [
      ['run', file('bad.json', '{"version": 1, "machines": [{"name": 7}]}')],
      'machines[0].name: expected a text, found 7',
    ],
    [['run', file('bad.sh', 'ip netns add a\nfor x in 1')], 'line 2: control flow'],
    [['lab', file('fails.sh', 'ip netns add a\nip netns add a')], 'line 2: `ip netns add a` failed'],
    [['run', file('bad.yml', 'kind: Pod')], 'no ConfigMap named kube-flannel-cfg'],
  ])('ends with 2 and a message for %j', async (args, text) => {
    const { code, err } = await sim(...args);
    expect(err).toContain(text);
    expect(code).toBe(2);
  });

  it('writes what was asked for', async () => {
    const out = join(folder, 'out');
    const { code } = await sim('run', 'flannel-vxlan', '--settle', '7', '--out', out);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      'container-1',
      'container-2',
      'lan',
      'node1',
      'node2',
      'stdout.json',
      'trace.jsonl',
    ]);
    expect(readdirSync(join(out, 'node1')).sort()).toEqual(
      ['addr', 'fdb', 'link', 'neigh', 'route', 'route-local']
        .map((name) => `${name}.json`)
        .concat(
          ['docker0', 'eth0', 'flannel.1', 'lo', 'vethcontainer-1'].map((name) => `${name}.pcap`),
          'iptables-save.txt',
        )
        .sort(),
    );
    expect(json('out', 'stdout.json')).toEqual([
      expect.objectContaining({
        namespace: 'container-1',
        command: 'ping -n -e 1 -c 1 -W 1 10.1.16.3',
        start: 0,
        exit: 0,
      }),
    ]);
    expect(json('out', 'node1', 'route.json')).toContainEqual({
      dst: '10.1.16.0/24',
      gateway: '10.1.16.0',
      dev: 'flannel.1',
      flags: ['onlink'],
    });
    expect(json('out', 'node1', 'neigh.json')).toContainEqual({
      dst: '10.1.16.0',
      dev: 'flannel.1',
      lladdr: '5e:f8:4f:00:e3:37',
      state: ['PERMANENT'],
    });
    expect(json('out', 'node1', 'fdb.json')).toContainEqual({
      mac: '5e:f8:4f:00:e3:37',
      ifname: 'flannel.1',
      dst: '10.168.0.3',
      flags: ['self'],
      state: 'permanent',
    });
    expect(readFileSync(join(out, 'node1', 'iptables-save.txt'), 'utf8')).toContain(
      '-A FLANNEL-FWD -s 10.1.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\n',
    );
    const pcap = readPcap(readFileSync(join(out, 'node1', 'eth0.pcap')));
    if (!pcap.ok) throw new Error(pcap.error);
    expect(pcap.value.nanoseconds).toBe(true);
    expect(pcap.value.records.map((record) => record.bytes.length).slice(0, 4)).toEqual([42, 42, 148, 148]);
    const lines = readFileSync(join(out, 'trace.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const events = lines.filter((line) => 'seq' in line);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i));
    expect(lines.filter((line) => !('seq' in line)).every((line) => typeof line.bytes === 'string')).toBe(
      true,
    );
  });

  it('leaves frames before time 0 out of the captures, unless --boot', async () => {
    const manifest = new URL('../scenarios/testdata/kube-flannel-today.yml', import.meta.url).pathname;
    const sizes: number[] = [];
    for (const more of [[], ['--boot']]) {
      const out = join(folder, `boot${more.length}`);
      await sim('run', manifest, '--out', out, ...more);
      const pcap = readPcap(readFileSync(join(out, 'pod-1', 'eth0.pcap')));
      sizes.push(pcap.ok ? pcap.value.records.length : -1);
    }
    // Each pod announces itself once when it starts; through its hairpin port it hears itself.
    expect(sizes[1]).toBe((sizes[0] ?? 0) + 2);
  });

  it('exports a script that it can read, with the same frames', async () => {
    const { out: script } = await sim('lab', 'flannel-host-gw');
    expect(script.startsWith('#!/bin/sh\n')).toBe(true);
    const path = file('flannel-host-gw.sh', script);
    await sim('run', 'flannel-host-gw', '--out', join(folder, 'one'));
    await sim('run', path, '--out', join(folder, 'two'));
    for (const place of ['node1/eth0', 'node2/cni0', 'lan/p-node1', 'infra-container-2/eth0']) {
      const [one, two] = ['one', 'two'].map((name) => {
        const pcap = readPcap(readFileSync(join(folder, name, `${place}.pcap`)));
        return pcap.ok ? pcap.value.records.map((record) => record.bytes) : [];
      });
      expect(one?.length).toBeGreaterThan(0);
      expect(two).toEqual(one);
    }
    expect(existsSync(join(folder, 'two', 'lan', 'sw0.pcap'))).toBe(true);
  });
});
