import { describe, expect, it } from 'vitest';
import { compare } from './compare';
import { differenceText } from './report';
import { changed, echo, ethernet, ip, NO_ROWS, observed } from './testing/frames';
import type { Observation, Row, TableName } from './types';

const request = ethernet(0x0800, ip(echo(1, 1), { id: 5 }));
const again = ethernet(0x0800, ip(echo(2, 2), { id: 6 }));
const third = ethernet(0x0800, ip(echo(3, 3), { id: 7 }));

function whats(linux: Observation, sim: Observation): string[] {
  return compare(linux, sim).map(({ what }) => what);
}
function withRows(table: TableName, rows: readonly Row[], when: 'before' | 'after' = 'before'): Observation {
  return observed({}, { [when]: new Map([['node1', { ...NO_ROWS, [table]: rows }]]) });
}
function withOutput(output: string, exit = 0): Observation {
  return observed({}, { outputs: [{ netns: 'a', command: 'ping b', output, exit }] });
}

describe('frames', () => {
  const linux = observed({ 'a/eth0': [request, again, third] });

  it('that are the same differ in nothing', () => {
    expect(whats(linux, linux)).toEqual([]);
    const stamped = ethernet(0x0800, ip(echo(99, 1), { id: 1234 }));
    expect(whats(linux, observed({ 'a/eth0': [stamped, again, third] }))).toEqual([]);
  });

  it('with a changed byte are found', () => {
    const sim = observed({ 'a/eth0': [request, changed(again, again.length - 1), third] });
    expect(whats(linux, sim)).toEqual(['frames of a/eth0']);
    const text = compare(linux, sim).map(differenceText).join('\n');
    expect(text).toMatch(/^ {6}L .* seq 2/m);
    expect(text).toMatch(/\[byte \d+: \w\w in Linux, \w\w simulated\]/);
  });

  it('that are missing, too many, or on an interface of their own are found', () => {
    expect(whats(linux, observed({ 'a/eth0': [request, again] }))).toEqual(['frames of a/eth0']);
    expect(whats(linux, observed({ 'a/eth0': [request, again, third, request] }))).toEqual([
      'frames of a/eth0',
    ]);
    expect(whats(linux, observed({}))).toEqual(['frames of a/eth0']);
    expect(whats(observed({}), observed({ 'b/lo': [request] }))).toEqual(['frames of b/lo']);
  });

  it('in another order are found', () => {
    expect(whats(linux, observed({ 'a/eth0': [again, request, third] }))).toEqual(['frames of a/eth0']);
  });

  it('may be ARP requests in any order, side by side, but not around others', () => {
    const arp = (sender: number) =>
      ethernet(0x0806, Uint8Array.from([0, 1, 8, 0, 6, 4, 0, 1, ...new Array<number>(20).fill(sender)]));
    const [a, b] = [arp(1), arp(2)];
    const both = (...list: Uint8Array[]) =>
      observed({}, { frames: new Map([['a/eth0', list.map((bytes) => seen(bytes))]]) });
    const seen = (bytes: Uint8Array) => ({ dir: 'in' as const, link: 'ethernet' as const, bytes, at: 0 });
    expect(whats(both(a, b, request), both(b, a, request))).toEqual([]);
    expect(whats(both(a, request, b), both(a, b, request))).toEqual(['frames of a/eth0']);
    expect(whats(both(a, a), both(a, b))).toEqual(['frames of a/eth0']);
  });

  it('of the other direction are found', () => {
    const turned = observed({});
    const frames = new Map([
      ['a/eth0', [{ dir: 'in' as const, link: 'ethernet' as const, bytes: request, at: 0 }]],
    ]);
    const sent = new Map([
      ['a/eth0', [{ dir: 'out' as const, link: 'ethernet' as const, bytes: request, at: 0 }]],
    ]);
    expect(whats({ ...turned, frames }, { ...turned, frames: sent })).toEqual(['frames of a/eth0']);
  });
});

describe('tables', () => {
  const stale = { dst: '10.0.0.2', dev: 'eth0', state: ['STALE'] };
  const other = { dst: '10.0.0.3', dev: 'eth0', state: ['REACHABLE'] };

  it('are sets where the kernel gives no order, lists where it does', () => {
    expect(whats(withRows('neigh', [stale, other]), withRows('neigh', [other, stale]))).toEqual([]);
    const [a, b] = [{ dst: '10.0.0.0/8' }, { dst: '10.0.0.0/24' }];
    expect(whats(withRows('route', [a, b]), withRows('route', [b, a]))).toEqual(['route of node1 before']);
  });

  it('with another row, a missing row or another value are found', () => {
    const linux = withRows('neigh', [stale]);
    expect(whats(linux, withRows('neigh', [{ ...stale, state: ['DELAY'] }]))).toEqual([
      'neigh of node1 before',
    ]);
    expect(whats(linux, withRows('neigh', []))).toEqual(['neigh of node1 before']);
    expect(whats(linux, withRows('neigh', [stale, other]))).toEqual(['neigh of node1 before']);
    expect(whats(withRows('fdb', [stale], 'after'), withRows('fdb', [], 'after'))).toEqual([
      'fdb of node1 after',
    ]);
  });

  it('that are about the same thing show what is not the same', () => {
    const rows = [withRows('neigh', [stale]), withRows('neigh', [{ ...stale, state: ['DELAY'] }])] as const;
    const text = compare(...rows)
      .map(differenceText)
      .join('\n');
    expect(text).toContain('[state: ["STALE"] in Linux, ["DELAY"] simulated]');
    const others = compare(withRows('neigh', [stale]), withRows('neigh', [other]))
      .map(differenceText)
      .join('\n');
    expect(others).not.toContain('simulated]');
  });

  it('of a namespace only one side has are found', () => {
    expect(whats(withRows('neigh', []), observed({}))).toEqual(['namespaces']);
    const link = [{ ifname: 'eth0', link_type: 'ether' }];
    expect(whats(observed({}), withRows('link', link))).toEqual(['namespaces']);
    expect(whats(observed({}), withRows('link', [{ ifname: 'lo', link_type: 'loopback' }]))).toEqual([]);
  });
});

describe('outputs', () => {
  it('differ in words and exit code, not in times', () => {
    const line = (time: string) => `64 bytes from b: icmp_seq=1 ttl=64 time=${time} ms\n`;
    expect(whats(withOutput(line('0.1')), withOutput(line('0.25')))).toEqual([]);
    expect(
      whats(
        withOutput(line('0.1')),
        withOutput(line('0.1').replace('64\n', '63\n').replace('ttl=64', 'ttl=63')),
      ),
    ).toEqual(['output of `ping b` in a']);
    expect(whats(withOutput('', 0), withOutput('', 1))).toEqual(['output of `ping b` in a']);
  });
});
