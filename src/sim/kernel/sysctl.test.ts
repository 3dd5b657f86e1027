import { expect, it } from 'vitest';
import { Sysctls } from './sysctl';

const value = (sysctls: Sysctls, name: string): string | undefined => {
  const got = sysctls.get(name);
  return got.ok ? got.value : undefined;
};

it('devices start from default and then go their own way', () => {
  const told: string[] = [];
  const sysctls = new Sysctls((name, before, after) => told.push(`${name} ${before} ${after}`));
  sysctls.deviceAdded('eth0');
  sysctls.set('net.ipv4.conf.default.rp_filter', '2');
  sysctls.deviceAdded('eth1');
  sysctls.set('net.ipv4.conf.eth0.arp_ignore', '1');
  expect([sysctls.conf('eth0', 'rp_filter'), sysctls.conf('eth1', 'rp_filter')]).toEqual([0, 2]);
  expect([sysctls.conf('eth0', 'arp_ignore'), sysctls.conf('eth1', 'arp_ignore')]).toEqual([1, 0]);
  sysctls.set('net.ipv4.conf.eth0.arp_ignore', '1');
  expect(told).toEqual(['net.ipv4.conf.default.rp_filter 0 2', 'net.ipv4.conf.eth0.arp_ignore 0 1']);
  const other = new Sysctls(() => undefined);
  other.deviceAdded('eth0');
  expect([other.conf('default', 'rp_filter'), other.conf('eth0', 'arp_ignore')]).toEqual([0, 0]);
});

it('ip_forward sets every device, told once', () => {
  const told: string[] = [];
  const sysctls = new Sysctls((name, _before, after) => told.push(`${name}=${after}`));
  sysctls.deviceAdded('eth0');
  sysctls.set('net.ipv4.conf.eth0.rp_filter', '1');
  sysctls.set('net.ipv4.ip_forward', '1');
  expect(['all', 'default', 'eth0'].map((dev) => sysctls.conf(dev, 'forwarding'))).toEqual([1, 1, 1]);
  expect(sysctls.conf('eth0', 'rp_filter')).toBe(1);
  expect(value(sysctls, 'net.ipv4.ip_forward')).toBe('1');
  sysctls.set('net.ipv4.conf.eth0.forwarding', '0');
  expect(value(sysctls, 'net.ipv4.ip_forward')).toBe('1');
  expect(told).toEqual([
    'net.ipv4.conf.eth0.rp_filter=1',
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.eth0.forwarding=0',
  ]);
});

it.each(['constructor', 'net', 'net.ipv4.conf.eth0', 'net.ipv4.conf.none.forwarding', 'toString.x.y.z'])(
  'there is no %s',
  (name) => {
    const sysctls = new Sysctls(() => undefined);
    sysctls.deviceAdded('eth0');
    expect(sysctls.get(name)).toEqual({ ok: false, error: 'ENOENT' });
    expect(sysctls.set(name, '1')).toEqual({ ok: false, error: 'ENOENT' });
  },
);
