import { describe, expect, it } from 'vitest';
import { fdbView, linkKind, routeRest, routeView, sysctlView } from './columns';
import type { TableRows } from '../../state';

describe('what is shown of a route beside its columns', () => {
  it('reads as ip route prints it', () => {
    expect(
      routeRest({ dst: '10.1.16.0/24', gateway: '10.1.16.0', dev: 'flannel.1', flags: ['onlink'] }),
    ).toBe('onlink');
    expect(
      routeRest({
        dst: '10.0.0.0/24',
        dev: 'eth0',
        protocol: 'kernel',
        scope: 'link',
        prefsrc: '10.0.0.2',
        flags: [],
      }),
    ).toBe('proto kernel scope link src 10.0.0.2');
    expect(
      routeRest({
        dst: 'default',
        gateway: '10.0.0.1',
        dev: 'eth0',
        metric: 100,
        table: '7',
        mtu: 1400,
        flags: ['linkdown'],
      }),
    ).toBe('table 7 metric 100 mtu 1400 linkdown');
  });
});

describe('rows one rarely looks at', () => {
  it('are folded away', () => {
    expect(routeView.fold?.({ dst: '127.0.0.1', table: 'local', flags: [] })).toBe('fold.local');
    expect(routeView.fold?.({ dst: 'default', flags: [] })).toBeUndefined();
    const fdb = (mac: string): TableRows['fdb'] => ({
      mac,
      ifname: 'eth0',
      flags: ['self'],
      state: 'permanent',
    });
    expect(fdbView.fold?.(fdb('33:33:00:00:00:01'))).toBe('fold.multicast');
    expect(fdbView.fold?.(fdb('02:42:0a:01:0f:02'))).toBeUndefined();
    expect(sysctlView.fold?.({ name: 'net.ipv4.conf.eth0.forwarding', value: '1' })).toBe('fold.perDevice');
    expect(sysctlView.fold?.({ name: 'net.ipv4.ip_forward', value: '1' })).toBeUndefined();
  });
});

describe('what an interface is', () => {
  it('says where its other end is and whose port it is', () => {
    const link = { kind: 'veth', peer: { netns: 'container-1', dev: 'eth0' }, master: 'docker0' };
    expect(linkKind(link as TableRows['link'])).toBe('veth ↔ container-1:eth0 ⊂ docker0');
    expect(linkKind({ kind: 'vxlan', vxlan: { id: 1 } } as TableRows['link'])).toBe('vxlan vni 1');
  });
});
