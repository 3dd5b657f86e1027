/** Builds the networks of captures through the door, and reads the frames of both sides for comparison. */
import { expect } from 'vitest';
import { ok } from '../../../base/result';
import { fromHex, toHex } from '../../wire/index';
import type { NeighState } from '../netlink';
import type { Golden, GoldenDevice } from './golden';
import { TestNet, ip, mac, must, prefix } from './net';

export function build(golden: Golden): TestNet {
  const net = new TestNet();
  const { namespaces } = golden.topology;
  for (const [id, ns] of Object.entries(namespaces)) net.netns(id, { forward: ns.forward });
  // In the captures' labs veths came first, in order of declaration, then bridges, then tunnels.
  for (const wanted of ['veth', 'bridge', 'vxlan']) {
    for (const [id, ns] of Object.entries(namespaces)) {
      for (const [name, device] of Object.entries(ns.devices)) {
        if (device.kind === wanted && !net.get(id).device(name)) create(net, golden, id, name, device);
      }
    }
  }
  finish(net, golden);
  return net;
}

function create(net: TestNet, golden: Golden, id: string, name: string, device: GoldenDevice): void {
  const own = { name, mac: mac(device.mac), mtu: device.mtu };
  if (device.kind === 'veth') {
    const [peerNs, peerDev] = device.peer ?? ['', ''];
    const peer = golden.topology.namespaces[peerNs]?.devices[peerDev];
    const peerMac = mac(peer?.mac ?? '');
    const netns = net.get(peerNs).handle;
    must(
      net
        .netlink(id)
        .newLink({ ...own, kind: 'veth', peer: { name: peerDev, netns, mac: peerMac, mtu: peer?.mtu } }),
    );
  } else if (device.kind === 'bridge') must(net.netlink(id).newLink({ ...own, kind: 'bridge' }));
  else {
    const words = (device.args ?? '').split(' ');
    const after = (word: string): string | undefined => words[words.indexOf(word) + 1];
    const vxlan = {
      id: Number(after('id')),
      dev: after('dev'),
      local: ip(after('local') ?? ''),
      port: Number(after('dstport')),
      learning: false,
    };
    must(net.netlink(id).newLink({ ...own, kind: 'vxlan', vxlan }));
  }
}

function finish(net: TestNet, golden: Golden): void {
  for (const [id, ns] of Object.entries(golden.topology.namespaces)) {
    const netlink = net.netlink(id);
    for (const [name, device] of Object.entries(ns.devices)) {
      if (device.master) must(netlink.setLink(name, { master: device.master }));
    }
    for (const [name, device] of Object.entries(ns.devices)) {
      must(netlink.setLink(name, { up: true }));
      for (const address of device.addr) net.addr(id, name, address);
    }
  }
  for (const [id, ns] of Object.entries(golden.topology.namespaces)) {
    const netlink = net.netlink(id);
    for (const [dev, values] of Object.entries(golden.sysctl[id]?.conf ?? {})) {
      for (const [name, value] of Object.entries(values)) {
        if (dev !== 'all')
          expect(netlink.setSysctl(`net/ipv4/conf/${dev}/${name}`, value)).toEqual(ok(undefined));
      }
    }
    for (const [dev, values] of Object.entries(golden.sysctl[id]?.neigh ?? {})) {
      for (const [name, value] of Object.entries(values)) {
        expect(netlink.setSysctl(`net/ipv4/neigh/${dev}/${name}`, value)).toEqual(ok(undefined));
      }
    }
    for (const line of ns.routes) {
      const words = line.split(' ');
      const after = (word: string): string | undefined =>
        words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
      const via = after('via');
      const scope = after('scope') as 'link' | undefined;
      const gateway = via === undefined ? undefined : ip(via);
      must(
        netlink.newRoute({
          dst: prefix(words[0] ?? ''),
          gateway,
          dev: after('dev'),
          scope,
          onlink: words.includes('onlink'),
        }),
      );
    }
    for (const line of ns.neigh) {
      const [dst = '', , lladdr = '', , dev = '', , nud = ''] = line.split(' ');
      must(
        netlink.newNeigh({ dst: ip(dst), lladdr: mac(lladdr), dev, state: nud.toUpperCase() as NeighState }),
      );
    }
    for (const line of ns.fdb) {
      const [lladdr = '', , dev = '', , dst = ''] = line.split(' ');
      must(netlink.newFdb({ mac: mac(lladdr), dev, dst: ip(dst), self: true, state: 'permanent' }));
    }
  }
}

/** Frames per interface in order, bytes that vary from run to run blanked. */
export function capturesOf(golden: Golden): Map<string, string[]> {
  const byDevice = new Map<string, string[]>();
  for (const frame of golden.frames) {
    const bytes = fromHex(frame.hex);
    for (const [at, length] of frame.vary) bytes.fill(0, at, at + length);
    const key = `${frame.ns}/${frame.dev}`;
    byDevice.set(key, [...(byDevice.get(key) ?? []), `${frame.dir} ${frame.pkt} ${toHex(bytes)}`]);
  }
  return byDevice;
}

/** The same from a trace: the n-th frame of an interface is blanked where the n-th captured one is. */
export function framesOf(net: TestNet, golden: Golden, from: number): Map<string, string[]> {
  const vary = new Map<string, [number, number][][]>();
  for (const frame of golden.frames) {
    const key = `${frame.ns}/${frame.dev}`;
    vary.set(key, [...(vary.get(key) ?? []), frame.vary]);
  }
  const byDevice = new Map<string, string[]>();
  for (const event of net.tracer.events.slice(from)) {
    if ((event.kind !== 'tx' && event.kind !== 'rx') || event.dev === 'lo') continue;
    const key = `${event.netns}/${event.dev}`;
    const list = byDevice.get(key) ?? [];
    const bytes = Uint8Array.from(net.tracer.frames[event.frame]?.bytes ?? []);
    for (const [at, length] of vary.get(key)?.[list.length] ?? []) bytes.fill(0, at, at + length);
    byDevice.set(key, [
      ...list,
      `${event.kind === 'tx' ? 'out outgoing' : `in ${event.pkt}`} ${toHex(bytes)}`,
    ]);
  }
  return byDevice;
}
