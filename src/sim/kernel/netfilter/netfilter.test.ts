/** Packets through hooks, tables, conntrack and NAT, in small networks; rules are given as plain data. */
import { describe, expect, test } from 'vitest';
import { SECOND } from '../costs';
import { TestNet, ip } from '../testing/net';
import {
  IPPROTO_ICMP,
  buildIpv4,
  buildTcp,
  formatIp4,
  parseIpv4,
  isMalformed,
  TCP_ACK,
  TCP_SYN,
} from '../../wire/index';
import type { NatRange } from './door';
import { append, edit, hooks, masquerade, masqueradeNet, net24, to, verdict } from './testing/masquerade';
import { plug } from './testing/plug';

/** Source and destination of every packet a device took in. */
function heard(net: TestNet, netns: string, dev: string): string[] {
  return net.events('rx').flatMap((event) => {
    if (event.netns !== netns || event.dev !== dev) return [];
    const header = parseIpv4(net.tracer.frames[event.frame]?.bytes ?? new Uint8Array(0), 14);
    return isMalformed(header) ? [] : [`${formatIp4(header.src)} > ${formatIp4(header.dst)}`];
  });
}
describe('NAT', () => {
  test('masquerading is done outwards and undone on the answer', () => {
    const { net, router } = masqueradeNet();
    expect(net.ping('inside', '192.168.9.2')).toEqual([]);
    masquerade(router);
    expect(net.ping('inside', '192.168.9.2', { icmpId: 7 })).toEqual(['reply ttl=63 length=64']);
    expect(heard(net, 'outside', 'eth0').at(-1)).toBe('192.168.9.1 > 192.168.9.2');
    expect(heard(net, 'inside', 'eth0').at(-1)).toBe('192.168.9.2 > 10.0.0.2');
    const [entry] = router.conntrack();
    expect(entry).toMatchObject({ protocol: IPPROTO_ICMP, seenReply: true, assured: false, timeoutSec: 29 });
    expect(formatIp4(entry?.reply.dst ?? 0)).toBe('192.168.9.1');
  });

  test('nat rules are asked for the first packet of a connection alone', () => {
    const { net, router } = masqueradeNet();
    masquerade(router);
    net.ping('inside', '192.168.9.2', { icmpId: 7 });
    net.ping('inside', '192.168.9.2', { icmpId: 7 });
    const asked = hooks(net, 'router').filter((event) => event.tried.some(({ table }) => table === 'nat'));
    expect(asked.map(({ hook }) => hook)).toEqual(['PREROUTING', 'POSTROUTING']);
    const table = router.table('nat');
    expect(table.ok && table.value.chains.find(({ name }) => name === 'POSTROUTING')?.rules[0]).toMatchObject(
      { packets: 1, bytes: 84 },
    );
  });

  test('two speakers with one id: the second gets another; with none left the packet is dropped', () => {
    const { net, router } = masqueradeNet();
    net.addr('inside', 'eth0', '10.0.0.3/24');
    const range: NatRange = { ...to('192.168.9.1'), ports: { low: 5000, high: 5001 } };
    edit(router, 'nat', append('POSTROUTING', { protocol: 17, target: { kind: 'SNAT', range } }));
    for (const [port, dst] of [
      [1111, 9],
      [1112, 9],
      [1113, 9],
    ] as const) {
      const socket = net.sockets('inside').udp({ port }, {});
      if (!socket.ok) throw new Error('socket');
      socket.value.sendTo(ip('192.168.9.2'), dst, new Uint8Array(4));
      net.engine.runUntil(net.engine.now + SECOND / 100);
    }
    expect(
      router
        .conntrack()
        .map(({ reply }) => reply.dport)
        .sort(),
    ).toEqual([5000, 5001]);
    expect(net.drops().filter((line) => line.startsWith('router'))).toEqual([
      'router NETFILTER_DROP nf_hook_slow',
    ]);
  });

  test('DNAT before routing, and in OUTPUT with a new route; the answer comes from the address asked', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    edit(
      router,
      'nat',
      append('PREROUTING', {
        dst: net24('192.168.9.0'),
        protocol: 1,
        target: { kind: 'DNAT', range: to('10.0.0.2') },
      }),
    );
    expect(net.ping('outside', '192.168.9.1')).toEqual(['reply ttl=63 length=64']);
    expect(heard(net, 'inside', 'eth0').at(-1)).toBe('192.168.9.2 > 10.0.0.2');
    expect(heard(net, 'outside', 'eth0').at(-1)).toBe('192.168.9.1 > 192.168.9.2');
    edit(
      router,
      'nat',
      append('OUTPUT', { dst: net24('7.7.7.0'), target: { kind: 'DNAT', range: to('10.0.0.2') } }),
    );
    net.route('router', '7.7.7.0/24', '192.168.9.2', 'out0');
    expect(net.ping('router', '7.7.7.7')).toHaveLength(1);
  });

  test('an ICMP error about a translated packet reaches the speaker, about the packet it sent', () => {
    const { net, router } = masqueradeNet();
    masquerade(router);
    const errors: string[] = [];
    const socket = net.sockets('inside').udp(
      { port: 4444 },
      {
        onError: ({ type, code, offender, quoted }) =>
          errors.push(
            `${type}/${code} ${formatIp4(offender)} port ${((quoted[0] ?? 0) << 8) | (quoted[1] ?? 0)}`,
          ),
      },
    );
    if (!socket.ok) throw new Error('socket');
    socket.value.sendTo(ip('192.168.9.2'), 33434, new Uint8Array(4));
    net.engine.runUntil(net.engine.now + SECOND);
    expect(errors).toEqual(['3/3 192.168.9.2 port 4444']);
  });
});

describe('conntrack', () => {
  test('states: a stateful filter lets answers through and nothing that begins outside', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    edit(
      router,
      'filter',
      append('FORWARD', {
        matches: [{ kind: 'conntrack', states: ['RELATED', 'ESTABLISHED'], invert: false }],
        target: verdict('ACCEPT'),
      }),
      append('FORWARD', { iif: { name: 'in0', invert: false }, target: verdict('ACCEPT') }),
      { op: 'policy', chain: 'FORWARD', policy: 'DROP' },
    );
    expect(net.ping('inside', '192.168.9.2')).toHaveLength(1);
    expect(net.ping('outside', '10.0.0.2')).toEqual([]);
    const event = hooks(net, 'router').at(-1);
    expect(event).toMatchObject({ hook: 'FORWARD', verdict: 'DROP' });
    expect(event?.tried).toEqual([
      {
        table: 'filter',
        chain: 'FORWARD',
        rule: 1,
        text: '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        matched: false,
        failed: '-m conntrack --ctstate RELATED,ESTABLISHED',
      },
      {
        table: 'filter',
        chain: 'FORWARD',
        rule: 2,
        text: '-i in0 -j ACCEPT',
        matched: false,
        failed: '-i in0',
      },
      {
        table: 'filter',
        chain: 'FORWARD',
        rule: 0,
        text: '-P FORWARD DROP',
        matched: true,
        verdict: 'DROP',
        key: '3|1 ',
      },
    ]);
    expect(router.conntrackCount()).toBe(1);
    net.engine.runUntil(net.engine.now + 31 * SECOND);
    expect(router.conntrackCount()).toBe(0);
  });

  test('NOTRACK leaves packets untracked and untranslated', () => {
    const { net, router } = masqueradeNet();
    masquerade(router);
    edit(router, 'raw', append('PREROUTING', { target: { kind: 'CT', notrack: true } }));
    expect(net.ping('inside', '192.168.9.2')).toEqual([]);
    expect(heard(net, 'outside', 'eth0').at(-1)).toBe('10.0.0.2 > 192.168.9.2');
    expect(router.conntrackCount()).toBe(0);
  });

  test('a TCP handshake is followed; a segment that fits nothing is INVALID', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    edit(
      router,
      'filter',
      append('FORWARD', {
        matches: [{ kind: 'conntrack', states: ['INVALID'], invert: false }],
        target: verdict('DROP'),
      }),
    );
    const send = (
      from: string,
      src: string,
      dst: string,
      sport: number,
      dport: number,
      flags: number,
    ): void => {
      const netns = net.get(from);
      const ends = { src: ip(src), dst: ip(dst) };
      const segment = buildTcp(
        { srcPort: sport, dstPort: dport, seq: 1, ack: 1, flags, window: 100 },
        new Uint8Array(0),
        ends,
      );
      const route = netns.ip.routeOutput(ends, -1);
      if (!route.ok) throw new Error('route');
      netns.ip.sendRouted(
        netns.originate(buildIpv4({ id: 1, ttl: 64, protocol: 6, ...ends }, segment), 'test', -1),
        route,
      );
      net.engine.runUntil(net.engine.now + SECOND / 10);
    };
    // The segments are made here: the hosts' own TCP must not answer them.
    for (const id of ['inside', 'outside'])
      edit(plug(net.get(id)), 'filter', append('INPUT', { protocol: 6, target: verdict('DROP') }));
    const inside = (flags: number): void => send('inside', '10.0.0.2', '192.168.9.2', 1000, 80, flags);
    const outside = (flags: number): void => send('outside', '192.168.9.2', '10.0.0.2', 80, 1000, flags);
    const state = (): string =>
      router
        .conntrack()
        .map(({ tcpState, assured }) => `${String(tcpState)} ${String(assured)}`)
        .join();
    inside(TCP_SYN);
    expect(state()).toBe('SYN_SENT false');
    outside(TCP_SYN | TCP_ACK);
    expect(state()).toBe('SYN_RECV false');
    inside(TCP_ACK);
    expect(state()).toBe('ESTABLISHED true');
    outside(TCP_ACK | 1);
    inside(TCP_ACK | 1);
    outside(TCP_ACK);
    expect(state()).toBe('TIME_WAIT true');
    const before = net.drops().filter((line) => line.includes('NETFILTER')).length;
    send('outside', '192.168.9.2', '10.0.0.2', 81, 1000, TCP_SYN | TCP_ACK);
    expect(net.drops().filter((line) => line.includes('NETFILTER'))).toHaveLength(before + 1);
  });
});

describe('targets', () => {
  test('REJECT tells the sender, as a consequence of the drop', () => {
    const { net, router } = masqueradeNet();
    edit(router, 'filter', append('FORWARD', { target: { kind: 'REJECT', with: 'icmp-admin-prohibited' } }));
    expect(net.ping('inside', '192.168.9.2')).toEqual(['error 3/13 EHOSTUNREACH info=0']);
    const error = net.events('icmp-error')[0];
    expect(net.tracer.events[error?.cause ?? -1]?.kind).toMatch(/fib|drop/);
  });

  test('TRACE writes the lines of the kernel: matched rules and policies, none of the nat table later on', () => {
    const net = new TestNet();
    net.netns('host');
    net.netns('peer');
    net.veth('host:eth0 02:00:00:00:00:01', 'peer:eth0 02:00:00:00:00:02');
    net.addr('host', 'eth0', '172.17.0.1/16');
    net.addr('peer', 'eth0', '172.17.0.3/16');
    const host = plug(net.get('host'));
    const icmpOnly = { protocol: 1, target: { kind: 'TRACE' } } as const;
    edit(host, 'raw', append('OUTPUT', icmpOnly), append('PREROUTING', icmpOnly));
    expect(host.table('filter').ok).toBe(true);
    edit(
      host,
      'nat',
      append('POSTROUTING', {
        oif: { name: 'none', invert: false },
        target: { kind: 'MASQUERADE', range: {} },
      }),
    );
    const words = (): string[] => host.kernelLog().map(({ text }) => text.replace(/ ID=\d+ /, ' ID=n '));
    net.ping('host', '172.17.0.3', { icmpId: 2 });
    const out =
      'IN= OUT=eth0 SRC=172.17.0.1 DST=172.17.0.3 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=n DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=1 UID=0 GID=0 ';
    const back =
      'IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=172.17.0.3 DST=172.17.0.1 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=n PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=1 ';
    expect(words()).toEqual([
      `TRACE: raw:OUTPUT:policy:2 ${out}`,
      `TRACE: nat:OUTPUT:policy:1 ${out}`,
      `TRACE: filter:OUTPUT:policy:1 ${out}`,
      `TRACE: nat:POSTROUTING:policy:2 ${out}`,
      `TRACE: raw:PREROUTING:policy:2 ${back}`,
      `TRACE: filter:INPUT:policy:1 ${back}`,
    ]);
    const first = words().length;
    net.ping('host', '172.17.0.3', { icmpId: 2 });
    expect(
      words()
        .slice(first)
        .map((line) => line.split(' ')[1]),
    ).toEqual([
      'raw:OUTPUT:policy:2',
      'filter:OUTPUT:policy:1',
      'raw:PREROUTING:policy:2',
      'filter:INPUT:policy:1',
    ]);
  });

  test('limit lets a burst through and then its rate, in virtual time', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    edit(
      router,
      'filter',
      append('FORWARD', {
        iif: { name: 'in0', invert: false },
        matches: [{ kind: 'limit', every: 100_000, burst: 2 }],
        target: verdict('ACCEPT'),
      }),
      append('FORWARD', { iif: { name: 'in0', invert: false }, target: verdict('DROP') }),
    );
    const answers = Array.from({ length: 12 }, () => net.ping('inside', '192.168.9.2').length);
    expect(answers).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

describe('long chains', () => {
  test('10,000 rules are walked, a run of them told in one entry', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    const many = Array.from({ length: 10_000 }, (_, at) =>
      append('FORWARD', { src: net24(`11.${at >> 8}.${at & 255}.0`), target: verdict('DROP') }),
    );
    edit(router, 'filter', ...many);
    expect(net.ping('inside', '192.168.9.2')).toHaveLength(1);
    const tried = hooks(net, 'router').find(({ hook }) => hook === 'FORWARD')?.tried ?? [];
    expect(tried.length).toBeLessThan(60);
    expect(tried.reduce((sum, each) => sum + (each.rule === 0 ? 0 : (each.skipped ?? 1)), 0)).toBe(10_000);
  });
});
