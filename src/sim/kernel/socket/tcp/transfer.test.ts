/** Data: every byte arrives once and in order, whatever the way does to the packets; and how fast. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../../base/random';
import { NetfilterTerminal } from '../../../shell/iptables/testing/terminal';
import { ip, TestNet } from '../../testing/net';
import { A, B, End, SECOND, brief, bytesOf, call, disturb, pair, pass, sent, serve } from './testing/talk';

function noise(seed: string, length: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.u32() >>> 24);
}
/** `a` sends to `b`, which answers with `back` once it has read everything; then both end. */
function exchange(
  net: TestNet,
  there: Uint8Array,
  back: Uint8Array,
  seconds: number,
): { client: End; server: End } {
  const server = new End((end, heard) => {
    if (heard !== 'end') return;
    end.open.send(back);
    end.open.shutdown();
  });
  serve(net, 'b', 80, () => server);
  const client = call(net, 'a', B, 80, new End());
  client.open.send(there);
  client.open.shutdown();
  pass(net, seconds);
  return { client, server };
}

test('what was written while there was no route leaves once there is one again', () => {
  const net = pair();
  const server = new End();
  serve(net, 'b', 80, () => server);
  const client = call(net, 'a', B, 80, new End());
  pass(net, 1);
  const route = net.netlink('a').getRoutes()[0];
  const [addr = '', len = ''] = (route?.dst ?? '').split('/');
  const dst = { addr: ip(addr), len: Number(len) };
  expect(net.netlink('a').delRoute({ dst, dev: route?.dev ?? '' }).ok).toBe(true);
  client.open.send(noise('late', 500));
  pass(net, 2);
  expect(server.received.length).toBe(0);
  expect(net.netlink('a').newRoute({ dst, dev: route?.dev ?? '' }).ok).toBe(true);
  pass(net, 20);
  expect(server.received).toEqual(noise('late', 500));
});

describe('whatever happens on the way', () => {
  test('random loss, delay and doubling', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 6 }),
        fc.record({ lose: fc.nat(20), late: fc.nat(30), twice: fc.nat(20) }),
        fc.nat(40_000),
        fc.nat(3000),
        (seed, chances, there, back) => {
          const net = pair();
          disturb(net, 'a', `${seed} a`, chances);
          disturb(net, 'b', `${seed} b`, chances);
          const request = noise(seed, there);
          const answer = noise(`${seed}!`, back);
          const { client, server } = exchange(net, request, answer, 600);
          expect(server.received).toEqual(request);
          expect(client.received).toEqual(answer);
          expect(client.heard.at(-1)).toBe('closed');
          expect(server.heard.at(-1)).toBe('closed');
          pass(net, 200);
          expect(net.sockets('a').list()).toEqual([]);
          expect(
            net
              .sockets('b')
              .list()
              .map(({ state }) => state),
          ).toEqual(['LISTEN']);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('the same seed, the same trace', () => {
    const run = (): string => {
      const net = pair();
      disturb(net, 'b', 'x', { lose: 10, late: 10, twice: 10 });
      exchange(net, noise('n', 30_000), noise('m', 2000), 100);
      return JSON.stringify(net.tracer.events);
    };
    expect(run()).toBe(run());
  });
});

describe('how it flows', () => {
  test('1 MB: full segments, pushed at the end, in well under a second', () => {
    const net = pair();
    const { server, client } = exchange(net, noise('big', 1_000_000), bytesOf('thanks'), 1);
    expect(Buffer.compare(server.received, noise('big', 1_000_000))).toBe(0);
    expect(client.heard.slice(-3)).toEqual(['data thanks', 'end', 'closed']);
    const data = sent(net).filter(({ netns, length }) => netns === 'a' && length > 0);
    expect(data.slice(0, -1).every(({ length }) => length === 1448)).toBe(true);
    expect(data.at(-1)?.flags).toBe('FP.');
    expect(data.some(({ by }) => by === 'tcp_retransmit_skb')).toBe(false);
  });

  test('1 MB with one packet in fifty lost', () => {
    const net = pair();
    disturb(net, 'b', 'loss', { lose: 2, late: 0, twice: 0 });
    const { server } = exchange(net, noise('big', 1_000_000), bytesOf('thanks'), 60);
    expect(Buffer.compare(server.received, noise('big', 1_000_000))).toBe(0);
    expect(sent(net).filter(({ by }) => by === 'tcp_retransmit_skb').length).toBeGreaterThan(10);
  });

  test('ten segments go before the first acknowledgment, then twice as many', () => {
    const net = pair();
    const flight: number[] = [];
    const late: (() => void)[] = [];
    const ns = net.get('b');
    const deliver = ns.deliverLocal.bind(ns);
    serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    // A long cable: everything takes 50 ms.
    ns.deliverLocal = (packet) => void late.push(() => deliver(packet));
    client.open.send(noise('x', 60_000));
    for (let round = 0; round < 3; round++) {
      pass(net, 0.05);
      flight.push(late.length);
      for (const one of late.splice(0)) one();
    }
    expect(flight.slice(0, 2)).toEqual([10, 20]);
  });

  test('one lost segment is sent again at the third duplicate, without a timeout', () => {
    const net = pair();
    serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    const ns = net.get('b');
    const deliver = ns.deliverLocal.bind(ns);
    let nth = 0;
    ns.deliverLocal = (packet) => (++nth === 3 ? undefined : deliver(packet));
    const start = net.engine.now;
    client.open.send(noise('x', 20_000));
    pass(net, 1);
    const again = sent(net).filter(({ by }) => by === 'tcp_retransmit_skb');
    expect(again).toHaveLength(1);
    expect((again[0]?.at ?? 0) - start).toBeLessThan(0.01 * SECOND);
  });

  test('small writes wait for the acknowledgment of the small one before (Nagle), unless asked not to', () => {
    for (const nodelay of [false, true]) {
      const net = pair();
      serve(net, 'b', 80, () => new End());
      const client = call(net, 'a', B, 80, new End(), { nodelay });
      pass(net, 0.1);
      for (const word of ['one', 'two', 'six']) client.open.send(bytesOf(word));
      pass(net, 0.1);
      const lengths = sent(net)
        .filter(({ length }) => length > 0)
        .map(({ length }) => length);
      expect(lengths).toEqual(nodelay ? [3, 3, 3] : [3, 6]);
    }
  });

  test('a request and its answer: the first ACK at once, later ones carried by the answers', () => {
    const net = pair();
    serve(
      net,
      'b',
      179,
      () => new End((end, heard) => heard.startsWith('data') && end.open.send(bytesOf('ok'))),
    );
    const client = call(net, 'a', B, 179, new End());
    pass(net, 0.1);
    for (let n = 0; n < 3; n++) {
      client.open.send(bytesOf('keepalive'));
      pass(net, 0.02);
    }
    expect(brief(net).slice(3)).toEqual([
      'a P. 9',
      'b .',
      'b P. 2',
      'a .',
      'a P. 9',
      'b P. 2',
      'a P. 9',
      'b P. 2',
    ]);
    pass(net, 0.1);
    expect(brief(net).slice(11)).toEqual(['a .']);
  });

  // Recorded on a veth pair: windows (in units of 1024) of the ACKs for an answer of so many bytes.
  test.each([
    [100, [63]],
    [535, [63]],
    [600, [63]],
    [900, [66]],
    [1200, [66]],
    [1448, [66]],
    [2000, [66, 69]],
    [5000, [66, 69, 72, 75]],
  ])('the window grows with full segments: %i bytes', (size, windows) => {
    const net = pair();
    const answer = (end: End, heard: string): void => {
      if (heard.startsWith('data')) end.open.send(noise('answer', size));
    };
    serve(net, 'b', 80, () => new End(answer));
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    client.open.send(bytesOf(`${size}\n`));
    pass(net, 0.1);
    const acks = sent(net).filter(
      ({ netns, flags, length }) => netns === 'a' && flags === '.' && length === 0,
    );
    expect(acks.slice(1).map(({ window }) => window)).toEqual(windows);
  });

  test('a narrower path on the way: the MSS follows what the router says', () => {
    const net = new TestNet();
    net.netns('a');
    net.netns('r', { forward: true });
    net.netns('b');
    net.veth('a:eth0', 'r:left');
    net.veth('r:right', 'b:eth0', 1400);
    net.addr('a', 'eth0', '10.1.0.2/24');
    net.addr('r', 'left', '10.1.0.1/24');
    net.addr('r', 'right', '10.2.0.1/24');
    net.addr('b', 'eth0', '10.2.0.2/24');
    net.route('a', 'default', '10.1.0.1', 'eth0');
    net.route('b', 'default', '10.2.0.1', 'eth0');
    // The peer's own MSS says 1400 already; a larger one is what it would say behind another wide link.
    net.netlink('b').newRoute({ dst: { addr: 0, len: 0 }, gateway: 0x0a020001, dev: 'eth0' }, 'replace');
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', '10.2.0.2', 80, new End());
    pass(net, 0.1);
    expect(sent(net)[1]).toMatchObject({ flags: 'S.', window: 64704 });
    // Narrower still, after the handshake.
    net.netlink('r').setLink('right', { mtu: 1000 });
    const data = noise('pmtu', 20_000);
    client.open.send(data);
    pass(net, 1);
    expect(ends[0]?.received).toEqual(data);
    expect(net.drops().filter((drop) => drop.startsWith('r PKT_TOO_BIG')).length).toBeGreaterThan(0);
    expect(sent(net).filter(({ length }) => length === 948).length).toBeGreaterThan(10);
    expect(net.get('a').pmtu.get(0x0a020002)).toBe(1000);
  });
});

describe('many', () => {
  test('1000 connections at once', () => {
    const net = pair();
    const { ends } = serve(
      net,
      'b',
      80,
      () => new End((end, heard) => heard.startsWith('data') && end.open.close()),
    );
    const clients = Array.from({ length: 1000 }, () =>
      call(net, 'a', B, 80, new End((end, heard) => heard === 'end' && end.open.close())),
    );
    for (const { open } of clients) open.send(bytesOf('hello'));
    pass(net, 30);
    expect(ends).toHaveLength(1000);
    expect(new Set(clients.map(({ open }) => open.local.port)).size).toBe(1000);
    expect(net.sockets('a').list()).toEqual([]);
    expect(net.sockets('b').list()).toHaveLength(1001);
    pass(net, 60);
    expect(net.sockets('b').list()).toHaveLength(1);
  });

  test('no TCP, no cost: nothing is made for a namespace that only pings', () => {
    const net = pair();
    net.ping('a', B);
    expect(net.sockets('a').list()).toEqual([]);
    expect(net.events('change').filter((event) => event.table === 'socket')).toEqual([]);
  });
});

describe('with netfilter', () => {
  test.each([
    ['-A INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset', 'ECONNREFUSED'],
    ['-A INPUT -p tcp --dport 80 -j REJECT', 'ECONNREFUSED'],
    ['-A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-host-prohibited', 'EHOSTUNREACH'],
    ['-A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-net-unreachable', 'ENETUNREACH'],
    ['-A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-net-prohibited', 'ENETUNREACH'],
  ])('%s', (rule, errno) => {
    const net = pair();
    serve(net, 'b', 80, () => new End());
    expect(new NetfilterTerminal(net, 'b').run(`iptables ${rule}`).exit).toBe(0);
    const client = call(net, 'a', B, 80, new End());
    pass(net, 1);
    expect(client.heard).toEqual([`error ${errno}`, 'closed']);
  });

  test('a published port: DNAT there, un-NAT back, and a reset through both', () => {
    const net = new TestNet();
    net.netns('a');
    net.netns('r', { forward: true });
    net.netns('b');
    net.veth('a:eth0', 'r:left');
    net.veth('r:right', 'b:eth0');
    net.addr('a', 'eth0', '10.1.0.2/24');
    net.addr('r', 'left', '10.1.0.1/24');
    net.addr('r', 'right', '10.2.0.1/24');
    net.addr('b', 'eth0', '10.2.0.2/24');
    net.route('b', 'default', '10.2.0.1', 'eth0');
    const terminal = new NetfilterTerminal(net, 'r');
    const rules = [
      '-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80',
      '-t nat -A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE',
    ];
    for (const rule of rules) expect(terminal.run(`iptables ${rule}`).exit).toBe(0);
    const { ends } = serve(
      net,
      'b',
      80,
      () => new End((end, heard) => heard.startsWith('data') && end.open.send(bytesOf('hi'))),
    );
    const client = call(net, 'a', '10.1.0.1', 8080, new End());
    client.open.send(bytesOf('hello'));
    pass(net, 1);
    expect(client.heard).toEqual(['connected', 'data hi']);
    expect(ends[0]?.open.peer.address).toBe(0x0a020001);
    expect(terminal.run('conntrack -L').stdout).toContain('ESTABLISHED src=10.1.0.2 dst=10.1.0.1');
    const rule = '-A FORWARD -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset';
    expect(terminal.run(`iptables ${rule}`).exit).toBe(0);
    client.open.send(bytesOf('again'));
    pass(net, 1);
    expect(client.heard.slice(2)).toEqual(['error ECONNRESET', 'closed']);
    expect(A).toBe('10.9.0.1');
  });
});
