import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert } from '../../../base/assert';
import { buildEcho, buildIpv4 } from '../../wire/index';
import type { TunFile } from '../netlink';
import { TestNet, ip, must, prefix } from '../testing/net';

function open(net: TestNet, name = 'tun%d', onReadable?: () => void): TunFile {
  const file = net.sockets('a').tun(name, { onReadable });
  assert(file.ok, 'tun');
  return file.value;
}
/** A namespace with an open tun0, up, 10.9.0.1/24. */
function withTun(onReadable?: () => void): { net: TestNet; file: TunFile } {
  const net = new TestNet();
  net.netns('a');
  const file = open(net, 'tun0', onReadable);
  net.addr('a', 'tun0', '10.9.0.1/24');
  must(net.netlink('a').setLink('tun0', { up: true }));
  return { net, file };
}
function packet(dst: string, size = 56): Uint8Array {
  const message = buildEcho(8, 7, 1, new Uint8Array(size));
  return buildIpv4({ id: 1, ttl: 64, protocol: 1, src: ip('10.9.0.2'), dst: ip(dst) }, message);
}
const flags = (net: TestNet) => net.netlink('a').getLink('tun0')?.flags.join(',');
const state = (net: TestNet) => net.netlink('a').getLink('tun0')?.operstate;

describe('a TUN device', () => {
  it('is a wire whose other end is a file', () => {
    const { net, file } = withTun();
    expect(net.ping('a', '10.9.0.2')).toEqual([]);
    const read = file.read(true);
    expect(read?.bytes.subarray(16, 20)).toEqual(Uint8Array.of(10, 9, 0, 2));
    const copy = net.events('copy').at(-1);
    expect(copy).toMatchObject({
      direction: 'to-user',
      via: 'read tun0',
      bytes: 84,
      switches: 1,
      seq: read?.cause,
    });
    // The packet's life goes on into user space.
    expect(net.tracer.events[copy?.cause ?? -1]).toMatchObject({ kind: 'tx', dev: 'tun0' });
    expect(file.read()).toBeUndefined();
  });

  it('receives what is written', () => {
    const { net, file } = withTun();
    expect(file.write(packet('10.9.0.1')).ok).toBe(true);
    net.engine.runUntil(1e9);
    // The kernel answers the echo request out of the same device.
    expect(file.read()?.bytes[20]).toBe(0);
    const written = net.events('copy').find((event) => event.direction === 'to-kernel');
    expect(written).toMatchObject({ via: 'write tun0', bytes: 84, switches: 0 });
    expect(net.events('rx')[0]).toMatchObject({ dev: 'tun0', cause: written?.seq, frame: written?.frame });
  });

  it.each([
    ['nothing', Uint8Array.of(), 'EINVAL'],
    ['a zero', Uint8Array.of(0), 'EINVAL'],
    ['text', new TextEncoder().encode('hello, world, this is no packet'), undefined],
    ['IPv5', Uint8Array.of(0x50, 0, 0, 20), 'EINVAL'],
  ])('takes %s as Linux does', (_, bytes, errno) => {
    const { file } = withTun();
    const done = file.write(bytes);
    expect(done.ok ? undefined : done.error).toBe(errno);
  });

  it('refuses writing while it is down', () => {
    const { net, file } = withTun();
    must(net.netlink('a').setLink('tun0', { up: false }));
    expect(file.write(packet('10.9.0.1'))).toEqual({ ok: false, error: 'EIO' });
  });

  it('has one file at a time', () => {
    const { net } = withTun();
    expect(net.sockets('a').tun('tun0', {})).toEqual({ ok: false, error: 'EBUSY' });
    expect(net.sockets('a').tun('lo', {})).toEqual({ ok: false, error: 'EINVAL' });
    expect(open(net).dev).toBe('tun1');
    expect(open(net, 'flannel%d').dev).toBe('flannel0');
  });

  it('goes with its file, and its routes with it', () => {
    const { net, file } = withTun();
    must(net.netlink('a').newRoute({ dst: prefix('10.8.0.0/16'), dev: 'tun0' }));
    expect(net.netlink('a').getRoutes({ dev: 'tun0' })).toHaveLength(2);
    file.close();
    expect(net.netlink('a').getLink('tun0')).toBeUndefined();
    expect(net.netlink('a').getRoutes({ dev: 'tun0' })).toEqual([]);
    expect(file.write(packet('10.9.0.1'))).toEqual({ ok: false, error: 'EBADFD' });
  });

  it('stays when persistent, without carrier, and lets nothing through', () => {
    const { net, file } = withTun();
    // Seen on Linux 6.18: UNKNOWN until the carrier was lost once.
    expect([flags(net), state(net)]).toEqual(['POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP', 'UNKNOWN']);
    file.setPersist(true);
    file.close();
    expect([flags(net), state(net)]).toEqual(['NO-CARRIER,POINTOPOINT,MULTICAST,NOARP,UP', 'DOWN']);
    net.ping('a', '10.9.0.2');
    expect(net.drops()).toEqual(['a QDISC_DROP noop_enqueue']);
    expect(net.netlink('a').getStats('tun0')).toMatchObject({ txPackets: 0, txDropped: 1 });
    const again = open(net, 'tun0');
    expect([flags(net), state(net)]).toEqual(['POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP', 'UP']);
    again.setPersist(false);
    again.close();
    expect(net.netlink('a').getLink('tun0')).toBeUndefined();
  });

  it('can be deleted under its process', () => {
    const { net, file } = withTun();
    net.ping('a', '10.9.0.2', { seconds: 0 });
    must(net.netlink('a').delLink('tun0'));
    expect(file.read()).toBeUndefined();
    expect(file.write(packet('10.9.0.1'))).toEqual({ ok: false, error: 'EBADFD' });
    expect(net.drops()).toEqual(['a NOT_SPECIFIED tun_queue_purge']);
    file.close();
  });

  it('has no neighbours, no MAC, no forwarding entries', () => {
    const { net } = withTun();
    net.ping('a', '10.9.0.2');
    const netlink = net.netlink('a');
    expect(netlink.getNeighs()).toEqual([]);
    expect(netlink.getFdb()).toEqual([]);
    expect(netlink.getLink('tun0')).toMatchObject({ link_type: 'none', address: '', txqlen: 500 });
    must(netlink.newLink({ name: 'br0', kind: 'bridge' }));
    expect(netlink.setLink('tun0', { master: 'br0' }).ok).toBe(false);
    expect(netlink.setLink('tun0', { mac: 2 }).ok).toBe(false);
  });

  it('wakes its process once for all that waits', () => {
    let woken = 0;
    const { net, file } = withTun(() => woken++);
    net.ping('a', '10.9.0.2', { seconds: 0 });
    net.ping('a', '10.9.0.3', { seconds: 0 });
    expect(woken).toBe(1);
    file.read(true);
    file.read();
    net.ping('a', '10.9.0.2', { seconds: 0 });
    expect(woken).toBe(2);
  });

  it('keeps what its ring holds, in order, and loses the rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 60 }), (ring, sent) => {
        const { net, file } = withTun();
        must(net.netlink('a').setLink('tun0', { txqlen: ring }));
        const socket = net.sockets('a').udp({}, {});
        assert(socket.ok, 'socket');
        for (let n = 0; n < sent; n++) socket.value.sendTo(ip('10.9.0.2'), 9, Uint8Array.of(n));
        const read: number[] = [];
        for (let next = file.read(); next; next = file.read()) read.push(next.bytes.at(-1) ?? -1);
        expect(read).toEqual(Array.from({ length: Math.min(ring, sent) }, (_, n) => n));
        const lost = Math.max(0, sent - ring);
        expect(net.drops()).toEqual(Array.from({ length: lost }, () => 'a FULL_RING tun_net_xmit'));
        expect(net.netlink('a').getStats('tun0')).toMatchObject({ txPackets: read.length, txDropped: lost });
      }),
      { numRuns: 50 },
    );
  });

  it('holds 500 packets when nobody reads', () => {
    const { net } = withTun();
    const socket = net.sockets('a').udp({}, {});
    assert(socket.ok, 'socket');
    for (let n = 0; n < 501; n++) socket.value.sendTo(ip('10.9.0.2'), 9, Uint8Array.of(n & 0xff));
    expect(net.events('drop')).toHaveLength(1);
    expect(net.events('drop')[0]).toMatchObject({ reason: 'FULL_RING', detail: { dev: 'tun0', limit: 500 } });
  });
});

describe('a UDP socket whose process reads when it gets to it', () => {
  // Measured on Linux 6.18 over lo.
  it.each([
    [1, 256],
    [84, 256],
    [196, 256],
    [200, 166],
    [644, 166],
    [648, 92],
    [1472, 92],
  ])('keeps, of datagrams of %i bytes, %i and loses the rest', (size, room) => {
    const net = new TestNet();
    net.netns('a');
    let readable = 0;
    const receiver = net.sockets('a').udp({ port: 7 }, { onReadable: () => readable++ });
    const sender = net.sockets('a').udp({}, {});
    assert(receiver.ok && sender.ok, 'sockets');
    for (let n = 0; n < 300; n++)
      sender.value.sendTo(ip('127.0.0.1'), 7, new Uint8Array(size).fill(n & 0xff));
    net.engine.runUntil(1e9);
    let got = 0;
    for (let next = receiver.value.receive(got === 0); next; next = receiver.value.receive()) {
      expect(next.payload[0]).toBe(got & 0xff);
      got++;
    }
    expect([got, readable]).toEqual([room, 1]);
    expect(new Set(net.drops())).toEqual(new Set(['a SOCKET_RCVBUFF __udp_enqueue_schedule_skb']));
    expect(net.events('drop')).toHaveLength(300 - got);
  });
});
