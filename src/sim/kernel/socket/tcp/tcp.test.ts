/** Connections on one cable: handshake, data, every way to end, refusals, time-outs. */
import { describe, expect, test } from 'vitest';
import { IPPROTO_TCP, readU16 } from '../../../wire/index';
import { ip, must, prefix, type TestNet } from '../../testing/net';
import { A, B, End, SECOND, brief, bytesOf, call, pair, pass, sent, serve } from './testing/talk';

/** States a socket went through in a namespace, as its rows tell. */
function states(net: TestNet, netns: string): string[] {
  return net
    .events('change')
    .filter((event) => event.netns === netns && event.table === 'socket')
    .map((event) => (event.after && 'state' in event.after ? String(event.after.state) : 'gone'));
}
const echo = (end: End, heard: string): void => {
  if (heard.startsWith('data')) end.open.send(end.data.at(-1) ?? new Uint8Array(0));
  if (heard === 'end') end.open.close();
};

describe('opening', () => {
  test('three segments, with the options and windows of Linux', () => {
    const net = pair();
    serve(net, 'b', 80, () => new End());
    call(net, 'a', B, 80, new End());
    pass(net, 1);
    expect(sent(net).map(({ flags, window, by }) => [flags, window, by])).toEqual([
      ['S', 64240, 'tcp_connect'],
      ['S.', 65160, 'tcp_v4_send_synack'],
      ['.', 63, 'tcp_send_ack'],
    ]);
    expect(states(net, 'a')).toEqual(['SYN-SENT', 'ESTAB']);
    expect(states(net, 'b')).toEqual(['LISTEN', 'SYN-RECV', 'ESTAB']);
  });

  test.each([
    [1450, 64860, 64308],
    [1400, 65280, 64704],
    [9000, 62720, 62636],
  ])('an MTU of %i announces %i and %i', (mtu, syn, synAck) => {
    const net = pair(mtu);
    serve(net, 'b', 80, () => new End());
    call(net, 'a', B, 80, new End());
    pass(net, 1);
    expect(
      sent(net)
        .slice(0, 2)
        .map(({ window }) => window),
    ).toEqual([syn, synAck]);
  });

  test('to itself, over loopback and over its own address', () => {
    const net = pair();
    for (const address of ['127.0.0.1', A]) {
      const { ends, listener } = serve(net, 'a', 80, () => new End(echo));
      const client = call(net, 'a', address, 80, new End());
      client.open.send(bytesOf('hello'));
      pass(net, 1);
      expect(client.heard).toEqual(['connected', 'data hello']);
      expect(ends[0]?.heard).toEqual(['connected', 'data hello']);
      client.open.close();
      listener.close();
      pass(net, 1);
    }
    expect(net.events('tx').filter((event) => event.dev === 'eth0')).toEqual([]);
  });

  test('both call at once: one connection', () => {
    const net = pair();
    const left = call(net, 'a', B, 200, new End(), { sourcePort: 100 });
    const right = call(net, 'b', A, 100, new End(), { sourcePort: 200 });
    pass(net, 1);
    expect([left.open.state, right.open.state]).toEqual(['ESTAB', 'ESTAB']);
    left.open.send(bytesOf('hi'));
    pass(net, 1);
    expect(right.heard).toEqual(['connected', 'data hi']);
  });

  test('TTL and TOS as the process asks', () => {
    const net = pair();
    const socket = net.sockets('b').tcpListen({ port: 179, ttl: 1, tos: 0xc0 }, () => ({}));
    expect(socket.ok).toBe(true);
    call(net, 'a', B, 179, new End(), { ttl: 1, tos: 0xc0 });
    pass(net, 1);
    const headers = net
      .events('origin')
      .map((event) => net.tracer.frames[event.frame]?.bytes ?? new Uint8Array(0));
    const tcp = headers.filter((bytes) => bytes[9] === IPPROTO_TCP && bytes[0] === 0x45);
    expect(tcp.map((bytes) => [bytes[1], bytes[8], readU16(bytes, 6)])).toEqual([
      [0xc0, 1, 0x4000],
      [0xc0, 1, 0x4000],
      [0xc0, 1, 0x4000],
    ]);
  });
});

describe('refused', () => {
  test('a closed port answers RST', () => {
    const net = pair();
    const client = call(net, 'a', B, 81, new End());
    pass(net, 1);
    expect(client.heard).toEqual(['error ECONNREFUSED', 'closed']);
    expect(brief(net)).toEqual(['a S', 'b R.']);
    expect(net.drops()).toEqual(['b NO_SOCKET tcp_v4_rcv']);
    expect(states(net, 'a')).toEqual(['SYN-SENT', 'gone']);
  });

  test('nobody there: 1 s five times, then doubling, and given up after 131 s', () => {
    const net = pair();
    must(net.netlink('a').newNeigh({ dev: 'eth0', dst: ip('10.9.0.9'), lladdr: 0x020000000099 }));
    const client = call(net, 'a', '10.9.0.9', 80, new End());
    pass(net, 140);
    expect(client.heard).toEqual(['error ETIMEDOUT', 'closed']);
    const times = sent(net).map(({ at }) => Math.floor(at / SECOND));
    expect(times).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 68]);
    expect(new Set(sent(net).map(({ by }) => by))).toEqual(new Set(['tcp_connect', 'tcp_retransmit_skb']));
  });

  test('no neighbour: no route to host after three ARP requests', () => {
    const net = pair();
    const client = call(net, 'a', '10.9.0.9', 80, new End());
    pass(net, 5);
    expect(client.heard).toEqual(['error EHOSTUNREACH', 'closed']);
  });

  test.each([
    ['no route', '10.8.0.1', {}, 'ENETUNREACH'],
    ['a broadcast address', '10.9.0.255', {}, 'ENETUNREACH'],
    ['a source that is not ours', B, { source: ip('10.9.0.7') }, 'EADDRNOTAVAIL'],
    ['a port that listens', B, { sourcePort: 80 }, 'EADDRINUSE'],
  ])('connect() with %s', (_, to, options, errno) => {
    const net = pair();
    must(
      net
        .netlink('a')
        .newAddr({ dev: 'eth0', local: ip('10.9.0.3'), prefixlen: 24, broadcast: ip('10.9.0.255') }),
    );
    serve(net, 'a', 80, () => new End());
    const made = net.sockets('a').tcpConnect(ip(to), 80, options, {});
    expect(made).toEqual({ ok: false, error: errno });
  });

  test('a port can be listened at once per address', () => {
    const net = pair();
    const listen = (address: string) => {
      const made = net.sockets('a').tcpListen({ address: ip(address), port: 80 }, () => ({}));
      return made.ok ? made.value : made.error;
    };
    const first = listen(A);
    expect(listen(A)).toBe('EADDRINUSE');
    expect(listen('0.0.0.0')).toBe('EADDRINUSE');
    expect(listen('10.9.0.77')).toBe('EADDRNOTAVAIL');
    expect(listen('127.0.0.1')).toMatchObject({ port: 80 });
    if (typeof first === 'object') first.close();
    expect(listen(A)).toMatchObject({ port: 80 });
  });

  test('a full accept queue: the SYN is dropped and comes again', () => {
    const net = pair();
    const made = net.sockets('b').tcpListen({ port: 80, backlog: 0 }, () => ({}));
    expect(made.ok).toBe(true);
    const clients = Array.from({ length: 5 }, () => call(net, 'a', B, 80, new End()));
    pass(net, 0.5);
    expect(net.drops().filter((drop) => drop.includes('TCP_LISTEN_OVERFLOW')).length).toBeGreaterThan(0);
    pass(net, 10);
    expect(clients.map(({ open }) => open.state)).toEqual(Array(5).fill('ESTAB'));
  });
});

describe('ending', () => {
  test('the server ends first: its side waits 60 s', () => {
    const net = pair();
    const { ends } = serve(
      net,
      'b',
      80,
      () => new End((end, heard) => heard === 'connected' && end.open.close()),
    );
    const client = call(net, 'a', B, 80, new End((end, heard) => heard === 'end' && end.open.close()));
    pass(net, 1);
    expect(client.heard).toEqual(['connected', 'end']);
    expect(ends[0]?.heard).toEqual(['connected']);
    expect(states(net, 'b').slice(3)).toEqual(['FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT']);
    expect(states(net, 'a').slice(2)).toEqual(['CLOSE-WAIT', 'LAST-ACK', 'gone']);
    pass(net, 62);
    expect(states(net, 'b').at(-1)).toBe('gone');
  });

  test('half closed: the other side still sends', () => {
    const net = pair();
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    client.open.shutdown();
    pass(net, 0.1);
    const server = ends[0] as End;
    expect(server.heard).toEqual(['connected', 'end']);
    expect([client.open.state, server.open.state]).toEqual(['FIN-WAIT-2', 'CLOSE-WAIT']);
    expect(client.open.send(bytesOf('x'))).toEqual({ ok: false, error: 'EPIPE' });
    server.open.send(bytesOf('still here'));
    pass(net, 0.1);
    server.open.shutdown();
    pass(net, 0.1);
    expect(client.heard).toEqual(['connected', 'data still here', 'end', 'closed']);
    expect(server.heard).toEqual(['connected', 'end', 'closed']);
    expect(client.open.state).toBe('TIME-WAIT');
  });

  test('both end at the same moment', () => {
    const net = pair();
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    client.open.shutdown();
    ends[0]?.open.shutdown();
    pass(net, 0.1);
    expect(states(net, 'a').slice(2)).toEqual(['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT']);
    expect(states(net, 'b').slice(3)).toEqual(['FIN-WAIT-1', 'CLOSING', 'TIME-WAIT']);
  });

  test('closing with something unread resets', () => {
    const net = pair();
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    client.open.send(bytesOf('hello'));
    // It has arrived; the process has not run yet.
    net.engine.runUntil(net.engine.now + 4_000);
    ends[0]?.open.close();
    pass(net, 0.1);
    expect(brief(net).at(-1)).toBe('b R.');
    expect(client.heard).toEqual(['connected', 'error ECONNRESET', 'closed']);
  });

  test('data for a process that has gone is answered with RST', () => {
    const net = pair();
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    ends[0]?.open.close();
    pass(net, 0.1);
    client.open.send(bytesOf('more'));
    pass(net, 0.1);
    expect(brief(net).slice(3)).toEqual(['b F.', 'a .', 'a P. 4', 'b R']);
    expect(client.heard).toEqual(['connected', 'end', 'error EPIPE', 'closed']);
    expect(net.drops()).toEqual(['b TCP_ABORT_ON_DATA tcp_v4_do_rcv', 'a TCP_RESET tcp_v4_do_rcv']);
  });

  test('abort() resets', () => {
    const net = pair();
    const { ends } = serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    client.open.abort();
    pass(net, 0.1);
    expect(ends[0]?.heard).toEqual(['connected', 'error ECONNRESET', 'closed']);
  });

  test('a machine that forgot the connection', () => {
    const net = pair();
    serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    net.kernel.deleteNetns('b', -1);
    net.netns('b');
    net.veth('a:eth1', 'b:eth0');
    pass(net, 0.1);
    net.addr('a', 'eth1', '10.9.1.1/24');
    net.addr('b', 'eth0', '10.9.1.2/24');
    net.addr('b', 'lo', `${B}/32`);
    net.addr('a', 'lo', `${A}/32`);
    must(net.netlink('a').newRoute({ dst: prefix(`${B}/32`), gateway: ip('10.9.1.2'), dev: 'eth1' }));
    must(net.netlink('b').newRoute({ dst: prefix(`${A}/32`), gateway: ip('10.9.1.1'), dev: 'eth0' }));
    client.open.send(bytesOf('hello?'));
    pass(net, 1);
    expect(brief(net).slice(3)).toEqual(['a P. 6', 'b R']);
    expect(client.heard).toEqual(['connected', 'error ECONNRESET', 'closed']);
  });

  test('a silent peer: data is repeated, then given up', () => {
    const net = pair();
    serve(net, 'b', 80, () => new End());
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.1);
    must(net.netlink('b').setLink('eth0', { up: false }));
    client.open.send(bytesOf('hello?'));
    pass(net, 1200);
    expect(client.heard[1]).toMatch(/^error (ETIMEDOUT|EHOSTUNREACH)$/);
    expect(brief(net).filter((line) => line === 'a P. 6').length).toBeGreaterThan(9);
  });
});
