/** What Linux says of impossible addresses where net.ipv4.conf.*.log_martians is set (net/ipv4/route.c). */
import { ETHERNET_LENGTH } from '../../wire/index';
import type { Device } from '../device/device';
import { printk } from '../kernel-log';
import { ipText } from '../text';
import type { IpPacket } from './packet';

/** ip_handle_martian_source and its like for destinations; the destination comes first. */
export function logMartian(device: Device, packet: IpPacket, what: 'source' | 'destination'): void {
  const { netns } = device;
  if (netns.sysctl.confMax(device.name, 'log_martians') === 0) return;
  const { src, dst } = packet.header;
  const on = what === 'source' ? 'on dev' : 'dev';
  const text = `IPv4: martian ${what} ${ipText(dst)} from ${ipText(src)}, ${on} ${device.name}`;
  printk(netns, text, packet.cause);
  const frame = netns.tracer.frames[packet.frame];
  if (what === 'destination' || device.link !== 'ethernet' || frame?.link !== 'ethernet') return;
  const header = [...frame.bytes.subarray(0, ETHERNET_LENGTH)];
  const bytes = header.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  printk(netns, `ll header: 00000000: ${bytes}`, packet.cause);
}
