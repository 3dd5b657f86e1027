/** Path MTUs learned from ICMP (RFC 1191; fnhe_* in net/ipv4/route.c): per destination, forgotten after mtu_expires. */
import type { Ip4 } from '../../wire/index';
import { SECOND } from '../costs';
import type { Netns } from '../netns';

export class PathMtu {
  readonly #entries = new Map<Ip4, { mtu: number; expires: number }>();

  constructor(private readonly netns: Netns) {}

  /** A router said that packets to `dst` must not exceed `mtu` bytes; never below min_pmtu, never upwards. */
  learn(dst: Ip4, mtu: number): void {
    const { sysctl, now } = this.netns;
    const clamped = Math.max(mtu, sysctl.global('net.ipv4.route.min_pmtu'));
    const known = this.get(dst);
    if (known !== undefined && known < clamped) return;
    const expires = now + sysctl.global('net.ipv4.route.mtu_expires') * SECOND;
    this.#entries.set(dst, { mtu: clamped, expires });
  }

  get(dst: Ip4): number | undefined {
    return this.entry(dst)?.mtu;
  }

  entry(dst: Ip4): { readonly mtu: number; readonly expires: number } | undefined {
    const entry = this.#entries.get(dst);
    if (!entry) return undefined;
    if (entry.expires > this.netns.now) return entry;
    this.#entries.delete(dst);
    return undefined;
  }

  clear(): void {
    this.#entries.clear();
  }
}
