/** Values as Go's fmt prints them in flanneld's log. */
import { strerror, type Errno } from '../../kernel/netlink';
import { formatIp4, formatPrefix, type Ip4, type Prefix } from '../../wire/index';

/** syscall.Errno: `network is unreachable`. */
export function errnoText(errno: Errno): string {
  return strerror[errno].toLowerCase();
}

/** vishvananda/netlink's Route: what `%v` prints of it. */
export function routeText(ifindex: number, dst: Prefix, gw: Ip4): string {
  return `{Ifindex: ${ifindex} Dst: ${formatPrefix(dst)} Src: <nil> Gw: ${formatIp4(gw)} Flags: [] Table: 0 Realm: 0}`;
}

/** time.Duration: `22h59m59.9996s`. */
export function durationText(ns: number): string {
  const seconds = ns / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = Number((seconds - hours * 3600 - minutes * 60).toFixed(9));
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
