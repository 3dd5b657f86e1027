import { describe, expect, it } from 'vitest';
import { allCases } from './cases/index';
import { directed } from './capture';
import { diffLines } from './diff';
import { levelled } from './journal';
import { withoutTimes } from './outputs';
import { count } from './report';
import { buildingPart, levelling } from './script';
import { parseRows, tableLines } from './tables';
import { NO_ROWS } from './testing/frames';

describe('aligning', () => {
  const sides = (a: string, b: string) =>
    diffLines([...a], [...b])
      .map(({ side }) => ({ both: '=', linux: 'L', sim: 'S' })[side])
      .join('');

  it('finds what is common, in order', () => {
    expect(sides('abc', 'abc')).toBe('===');
    expect(sides('abc', 'ac')).toBe('=L=');
    expect(sides('ac', 'abc')).toBe('=S=');
    expect(sides('abc', 'axc')).toBe('=LS=');
    expect(sides('ab', 'ba')).toMatch(/^(L=S|S=L)$/);
    expect(sides('', 'ab')).toBe('SS');
  });

  it('gives back both lists', () => {
    const [a, b] = ['kitten on the mat', 'sitting at the map'];
    const lines = diffLines([...a], [...b]);
    const text = (skip: string, list: string) =>
      lines
        .flatMap(({ side, index, other }) =>
          side === skip ? [] : [list[list === b ? (other ?? index) : index]],
        )
        .join('');
    expect(text('sim', a)).toBe(a);
    expect(text('linux', b)).toBe(b);
  });
});

describe('rows', () => {
  it('lose what is numbered or measured, and nothing else', () => {
    const [row] = parseRows(
      'addr',
      JSON.stringify([
        {
          ifindex: 2,
          ifname: 'eth0',
          addr_info: [
            { family: 'inet', local: '10.0.0.1', valid_life_time: 4294967295 },
            { family: 'inet6' },
          ],
        },
      ]),
      'test',
    );
    expect(row).toEqual({ ifname: 'eth0', family: 'inet', local: '10.0.0.1' });
  });

  it('of devices that modules put everywhere, and empty ones, are left out', () => {
    expect(parseRows('link', '[{"ifname":"tunl0"},{},{"ifname":"eth0","mtu":1500}]', 'test')).toEqual([
      { ifname: 'eth0', mtu: 1500 },
    ]);
  });

  it('do not depend on the order of keys', () => {
    expect(tableLines('neigh', [{ a: 1, b: { d: 1, c: 2 } }])).toEqual(
      tableLines('neigh', [{ b: { c: 2, d: 1 }, a: 1 }]),
    );
  });

  it('that are no JSON name the command', () => {
    expect(() => parseRows('neigh', 'Cannot open network namespace', 'ip -j neigh')).toThrow(
      'ip -j neigh prints no JSON',
    );
  });
});

it('blanks times of ping, traceroute and tcpdump, and only times', () => {
  expect(withoutTimes('64 bytes from 10.0.0.1: icmp_seq=2 ttl=63 time=0.05 ms')).toBe(
    '64 bytes from 10.0.0.1: icmp_seq=2 ttl=63 time=T ms',
  );
  expect(withoutTimes('3 packets transmitted, 3 received, 0% packet loss, time 2031ms')).toContain(
    '0% packet loss, time Tms',
  );
  expect(withoutTimes(' 1  10.0.0.1  0.031 ms !N')).toBe(' 1  10.0.0.1  T ms !N');
  expect(withoutTimes('12:00:01.123456 ARP, Request')).toBe('T ARP, Request');
});

describe('directions', () => {
  const frame = Uint8Array.from([...new Array<number>(12).fill(1), 8, 0, 9, 9]);
  const cooked = (type: number, length: number) => ({
    at: 0,
    bytes: Uint8Array.from([8, 0, 0, 0, 0, 0, 0, 2, 0, 1, type, 6, ...new Array<number>(8).fill(0)]),
    originalLength: length,
  });

  it('come from the records of the namespace', () => {
    const frames = [
      { at: 5e9, bytes: frame, originalLength: 16 },
      { at: 6e9, bytes: frame, originalLength: 16 },
    ];
    expect(
      directed('a/b', frames, [cooked(4, 22), cooked(0, 22)]).map(({ dir, at }) => `${dir} ${at}`),
    ).toEqual(['out 5', 'in 6']);
  });

  it('that do not fit are an error, not a guess', () => {
    const frames = [{ at: 0, bytes: frame, originalLength: 16 }];
    expect(() => directed('a/b', frames, [])).toThrow('saw 1 frames, on "any" 0');
    expect(() => directed('a/b', frames, [cooked(4, 23)])).toThrow('frame 1');
  });
});

it('gives pings and traceroutes the numbers that the kernel would draw', () => {
  const commands = levelled([
    { netns: 'a', command: 'ping -c 1 10.0.0.1' },
    { netns: 'a', command: 'ping -e 9 -c 1 10.0.0.1' },
    { netns: 'a', command: 'traceroute -n 10.0.0.1' },
    { netns: 'a', command: 'ip route' },
  ]).map(({ command }) => command);
  expect(commands).toEqual([
    'ping -e 1 -c 1 10.0.0.1',
    'ping -e 9 -c 1 10.0.0.1',
    'traceroute -q 1 -N 1 --sport=40003 -n 10.0.0.1',
    'ip route',
  ]);
});

it('takes of a script what builds', () => {
  const part = buildingPart(
    'A=x\nip netns add $A\nip -n x link \\\n  set lo up\n\nip netns exec x ping -c 1 127.0.0.1\n',
  );
  expect(part).toContain('ip netns add $A\nip -n x link \\\n  set lo up');
  expect(part).not.toContain('ping');
});

it('gives devices the address the simulator has drawn, but leaves a bridge with ports to the kernel', () => {
  const link = (address: string) => [
    { ifname: 'lo', address: '00:00:00:00:00:00' },
    { ifname: 'br0', kind: 'bridge', address },
    { ifname: 'v0', kind: 'veth', master: 'br0', address },
  ];
  const text = levelling(
    new Map([['a', { ...NO_ROWS, link: link('02:00:00:00:00:01') }]]),
    new Map([['a', { ...NO_ROWS, link: link('02:00:00:00:00:99') }]]),
  );
  expect(text).toMatch(/^ip netns exec a bash/);
  expect(text).toContain('ip link set dev v0 address 02:00:00:00:00:01');
  expect(text).not.toContain('dev br0 address');
  expect(text).not.toMatch(/ lo /);
});

it('names every case once', () => {
  const ids = allCases().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('counts', () => {
  expect([count(1, 'frame'), count(2, 'frame')]).toEqual(['1 frame', '2 frames']);
});
