/** Sets: what is a member, what the trace tells of them, and rules that ask them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NetfilterTerminal } from '../../shell/iptables/testing/terminal';
import { buildIpv4, buildUdp } from '../../wire/index';
import { IpPacket } from '../ip/packet';
import type { IpsetRow } from '../rows';
import { TestNet, ip } from '../testing/net';
import { Rule } from './chain';
import type { FilterRule, SetMember } from './door';
import { HashSet } from './ipset';
import { Question, refusal } from './match';

const maskOf = (len: number): number => (len === 0 ? 0 : (0xffffffff << (32 - len)) >>> 0);
/** Few addresses and short distances, so that networks meet. */
const address = fc.integer({ min: 0, max: 0x3f }).map((low) => ip('10.0.0.0') + low);
const network = fc.record({ ip: address, len: fc.integer({ min: 26, max: 32 }), nomatch: fc.boolean() });

describe('membership', () => {
  test('the longest network around an address decides', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), address, (networks, asked) => {
        const set = new HashSet('N', 'hash:net', 64, 100, 1);
        const known = new Map<string, SetMember>();
        for (const { ip: at, len, nomatch } of networks) {
          const member = { ip: (at & maskOf(len)) >>> 0, len, protocol: 0, port: 0, nomatch };
          if (known.has(`${member.ip}/${len}`)) continue;
          known.set(`${member.ip}/${len}`, member);
          set.add(member);
        }
        const around = [...known.values()].filter((each) => (asked & maskOf(each.len)) >>> 0 === each.ip);
        const longest = around.sort((a, b) => b.len - a.len)[0];
        expect(set.has(asked, 0, 0)).toBe(longest !== undefined && !longest.nomatch);
      }),
      { numRuns: 500 },
    );
  });
});

describe('rules', () => {
  const rule = fc.record({
    src: fc.option(network, { nil: undefined }),
    dst: fc.option(network, { nil: undefined }),
    iif: fc.option(fc.constantFrom('eth0', 'eth+', 'veth1', '+'), { nil: undefined }),
    protocol: fc.constantFrom(0, 17, 6),
    set: fc.option(fc.constantFrom('src', 'dst'), { nil: undefined }),
    physdev: fc.option(fc.constantFrom('p1', 'p2'), { nil: undefined }),
    invert: fc.boolean(),
  });
  const packet = fc.record({
    src: address,
    dst: address,
    iif: fc.constantFrom('eth0', 'veth1'),
    physIn: fc.option(fc.constantFrom('p1', 'p2'), { nil: undefined }),
  });
  const net = new TestNet();
  net.netns('a');
  net.netns('b');
  net.veth('a:eth0', 'b:eth0');
  net.veth('a:veth1', 'b:veth1');
  const netns = net.get('a');
  netns.netfilter.sets.create({ name: 'S', type: 'hash:net' });
  netns.netfilter.sets.add('S', [{ ip: ip('10.0.0.16'), len: 28, protocol: 0, port: 0, nomatch: false }]);
  const inSet = (at: number): boolean => (at & maskOf(28)) >>> 0 === ip('10.0.0.16');

  test('agree with a packet exactly when every part of them does', () => {
    fc.assert(
      fc.property(rule, packet, (asked, sent) => {
        const { src, dst, iif, protocol, set, physdev, invert } = asked;
        const net4 = (of: typeof src) =>
          of && { addr: (of.ip & maskOf(of.len)) >>> 0, mask: maskOf(of.len), invert: of.nomatch };
        const spec: FilterRule = {
          ...(src ? { src: net4(src)! } : {}),
          ...(dst ? { dst: net4(dst)! } : {}),
          ...(iif === undefined ? {} : { iif: { name: iif, invert } }),
          protocol,
          matches: [
            ...(set ? [{ kind: 'set', set: 'S', flags: [set as 'src'], invert } as const] : []),
            ...(physdev === undefined ? [] : [{ kind: 'physdev', in: { name: physdev, invert } } as const]),
          ],
          target: { kind: 'none' },
        };
        const ends = { src: sent.src, dst: sent.dst };
        const udp = buildUdp({ srcPort: 1, dstPort: 2 }, new Uint8Array(0), ends);
        const made = new IpPacket(buildIpv4({ id: 1, ttl: 9, protocol: 17, ...ends }, udp), 0, -1);
        if (sent.physIn !== undefined) netns.netfilter.conntracks.track(made, true);
        if (made.nf) made.nf.physIn = sent.physIn;
        const around = (of: typeof src, at: number): boolean =>
          !of || ((at & maskOf(of.len)) >>> 0 === (of.ip & maskOf(of.len)) >>> 0) !== of.nomatch;
        const named = (pattern: string, name: string): boolean =>
          pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
        const wanted =
          around(src, sent.src) &&
          around(dst, sent.dst) &&
          (iif === undefined || named(iif, sent.iif) !== invert) &&
          (protocol === 0 || protocol === 17) &&
          (set === undefined || inSet(sent[set as 'src']) !== invert) &&
          (physdev === undefined || (sent.physIn === physdev) !== invert);
        const question = new Question(netns, made, netns.device(sent.iif), undefined);
        expect(refusal(new Rule(spec), question) === undefined).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  test('a set decides over packets, and is kept while a rule asks it', () => {
    const small = new TestNet();
    for (const id of ['a', 'b']) small.netns(id);
    small.veth('a:eth0', 'b:eth0');
    small.addr('a', 'eth0', '10.0.0.1/24');
    small.addr('b', 'eth0', '10.0.0.2/24');
    const terminal = new NetfilterTerminal(small, 'a');
    for (const line of ['ipset create BAD hash:ip', 'iptables -A INPUT -m set --match-set BAD src -j DROP'])
      expect(terminal.run(line)).toMatchObject({ stderr: '', exit: 0 });
    expect(small.ping('a', '10.0.0.2')).toHaveLength(1);
    terminal.run('ipset add BAD 10.0.0.2');
    expect(small.ping('a', '10.0.0.2')).toEqual([]);
    const last = small.events('hook').findLast(({ hook }) => hook === 'INPUT');
    expect(last?.tried).toMatchObject([{ text: '-m set --match-set BAD src -j DROP', verdict: 'DROP' }]);
    expect(terminal.run('ipset destroy BAD')).toMatchObject({ exit: 1 });
    expect(small.events('netlink').at(-1)).toMatchObject({
      request: 'IPSET_CMD_DESTROY',
      text: 'ipset destroy BAD',
      error: 'Set cannot be destroyed: it is in use by a kernel component',
    });
    terminal.run('iptables -F');
    expect(terminal.run('ipset destroy BAD')).toMatchObject({ stderr: '', exit: 0 });
  });
});

describe('rows', () => {
  const name = fc.constantFrom('A', 'B', 'C');
  const action = fc.oneof(
    fc.tuple(name, fc.constantFrom('hash:ip', 'hash:net')).map(([set, type]) => `create ${set} ${type}`),
    fc.tuple(name, address).map(([set, at]) => `add ${set} 10.0.0.${at & 0xff}`),
    fc.tuple(name, address).map(([set, at]) => `add ${set} 10.0.0.${at & 0xff}/30`),
    fc.tuple(name, address).map(([set, at]) => `del ${set} 10.0.0.${at & 0xff}`),
    fc.tuple(name, name).map(([from, to]) => `rename ${from} ${to}`),
    fc.tuple(name, name).map(([from, to]) => `swap ${from} ${to}`),
    name.map((set) => `flush ${set}`),
    name.map((set) => `destroy ${set}`),
  );
  test('are what ipset save prints, in its order', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const net = new TestNet();
        const terminal = new NetfilterTerminal(net);
        for (const each of ['A hash:ip', 'B hash:net', 'C hash:ip']) terminal.run(`ipset create ${each}`);
        for (const line of actions) terminal.run(`ipset ${line}`);
        const rows = new Map<string, IpsetRow>();
        for (const event of net.events('change')) {
          if (event.table !== 'ipset') continue;
          expect(rows.get(event.key)).toEqual(event.before);
          if (event.after) rows.set(event.key, event.after as IpsetRow);
          else rows.delete(event.key);
        }
        const told = [...rows]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([, { set, type, member }]) =>
            member === undefined ? `create ${set} ${type}` : `add ${set} ${member}`,
          );
        const saved = terminal
          .run('ipset save')
          .stdout.replace(/ family .*$/gm, '')
          .split('\n')
          .slice(0, -1);
        expect(told).toEqual(saved);
      }),
      { numRuns: 200 },
    );
  });
});
