import { describe, expect, it } from 'vitest';
import {
  deleteFdb,
  deleteNeigh,
  deleteRoute,
  isBreakableFdb,
  otherMtu,
  setForwarding,
  setLink,
} from './breakables';
import type { TableRows } from '../../state';

const link = (change: Partial<TableRows['link']>): TableRows['link'] => ({
  ifindex: 2,
  ifname: 'eth0',
  flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
  mtu: 1500,
  qdisc: 'noqueue',
  operstate: 'UP',
  group: 'default',
  txqlen: 1000,
  link_type: 'ether',
  address: '52:54:00:a8:00:02',
  broadcast: 'ff:ff:ff:ff:ff:ff',
  kind: 'nic',
  ...change,
});

describe('commands that break something', () => {
  it('names a route by everything that tells it from others', () => {
    expect(
      deleteRoute({ dst: '10.1.16.0/24', gateway: '10.1.16.0', dev: 'flannel.1', flags: ['onlink'] }),
    ).toBe('ip route del 10.1.16.0/24 via 10.1.16.0 dev flannel.1');
    expect(deleteRoute({ type: 'blackhole', dst: '10.233.1.0/26', protocol: 'bird', flags: [] })).toBe(
      'ip route del blackhole 10.233.1.0/26',
    );
    expect(
      deleteRoute({ dst: 'default', gateway: '10.0.0.1', dev: 'eth0', metric: 100, table: '7', flags: [] }),
    ).toBe('ip route del default via 10.0.0.1 dev eth0 table 7 metric 100');
  });

  it('deletes neighbours and forwarding entries where they live', () => {
    expect(
      deleteNeigh({ dst: '10.1.16.0', dev: 'flannel.1', lladdr: '5e:f8:4f:00:e3:37', state: ['PERMANENT'] }),
    ).toBe('ip neigh del 10.1.16.0 dev flannel.1');
    expect(
      deleteFdb({
        mac: '5e:f8:4f:00:e3:37',
        ifname: 'flannel.1',
        dst: '10.168.0.3',
        flags: ['self'],
        state: 'permanent',
      }),
    ).toBe('bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self');
    expect(
      deleteFdb({ mac: '02:42:0a:01:0f:02', ifname: 'veth1', master: 'docker0', flags: [], state: '' }),
    ).toBe('bridge fdb del 02:42:0a:01:0f:02 dev veth1 master');
  });

  it('offers no multicast filter and no port’s own address', () => {
    expect(
      isBreakableFdb({ mac: '33:33:00:00:00:01', ifname: 'eth0', flags: ['self'], state: 'permanent' }),
    ).toBe(false);
    expect(
      isBreakableFdb({ mac: '02:42:ac:11:00:01', ifname: 'docker0', flags: [], state: 'permanent' }),
    ).toBe(false);
    expect(isBreakableFdb({ mac: '02:42:0a:01:0f:02', ifname: 'veth1', flags: [], state: '' })).toBe(true);
  });

  it('changes the MTU to one that differs and goes back', () => {
    expect(otherMtu(link({ mtu: 1500 }))).toBe(1400);
    expect(otherMtu(link({ mtu: 1300 }))).toBe(1500);
    expect(setLink(link({}), false)).toBe('ip link set eth0 down');
    expect(setForwarding(false)).toBe('sysctl -w net.ipv4.ip_forward=0');
  });
});
