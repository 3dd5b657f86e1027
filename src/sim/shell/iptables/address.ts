/** Addresses, masks and interface names of a rule (xtables_ipparse_multiple, xtables_parse_interface). */
import { formatIp4, parseIp4, type Ip4 } from '../../wire/index';
import type { AddressMatch, InterfaceMatch } from './door';
import { usageError } from './fail';

/** Dotted, also with fewer than four numbers (`10`, `10.1`), which count from the left. */
function partial(text: string): Ip4 | undefined {
  const full = parseIp4(text);
  if (full.ok) return full.value;
  const parts = text.split('.');
  if (parts.length > 3 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return undefined;
  return [0, 1, 2, 3].reduce((sum, at) => sum * 256 + Number(parts[at] ?? 0), 0);
}
function maskOf(text: string | undefined): number {
  if (text === undefined) return 0xffffffff;
  const dotted = text.includes('.') ? parseIp4(text) : undefined;
  if (dotted?.ok) return dotted.value;
  if (!/^\d+$/.test(text) || Number(text) > 32) return usageError(`invalid mask \`${text}' specified`);
  return Number(text) === 0 ? 0 : (0xffffffff << (32 - Number(text))) >>> 0;
}
const KNOWN: Readonly<Record<string, string>> = { localhost: '127.0.0.1', loopback: '127.0.0.0' };

/** Several, separated by commas; with a mask the host bits fall away. */
export function addresses(text: string, invert: boolean): AddressMatch[] {
  const list = text.split(',');
  if (invert && list.length > 1) usageError('! not allowed with multiple source or destination IP addresses');
  return list.map((each) => {
    const [name = '', mask] = each.split('/', 2);
    const bits = maskOf(mask);
    const addr =
      (mask === undefined ? parsed(name) : partial(KNOWN[name] ?? name)) ??
      usageError(`host/network \`${name}' not found`);
    return { addr: (addr & bits) >>> 0, mask: bits, invert };
  });
}
function parsed(name: string): Ip4 | undefined {
  const full = parseIp4(KNOWN[name] ?? name);
  return full.ok ? full.value : undefined;
}

export function interfaceName(name: string, invert: boolean): InterfaceMatch {
  if (name.length > 15) usageError(`interface name \`${name}' must be shorter than IFNAMSIZ (15)`);
  return { name, invert };
}

/** `1.2.3.4` of a NAT range. */
export function natAddress(text: string): Ip4 {
  const found = parseIp4(text);
  return found.ok ? found.value : usageError(`Bad IP address "${text}"`);
}
export const ipText = formatIp4;
