/**
 * Addresses as text for the trace. A run says the same few addresses hundreds of thousands of times; remembering their
 * texts spares the work and lets all events share one string.
 */
import { formatIp4, formatMac, type Ip4, type Mac } from '../wire/index';

const REMEMBERED = 4096;
const ips = new Map<Ip4, string>();
const macs = new Map<Mac, string>();

export function ipText(ip: Ip4): string {
  const known = ips.get(ip);
  if (known !== undefined) return known;
  if (ips.size >= REMEMBERED) ips.clear();
  const text = formatIp4(ip);
  ips.set(ip, text);
  return text;
}

export function macText(mac: Mac): string {
  const known = macs.get(mac);
  if (known !== undefined) return known;
  if (macs.size >= REMEMBERED) macs.clear();
  const text = formatMac(mac);
  macs.set(mac, text);
  return text;
}
