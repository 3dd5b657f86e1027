/**
 * How long things take, in ns of virtual time. Rounded from captures on Linux 6.18: a veth hop 0.3–1 µs, a bridge hop
 * 4–6 µs, a routing hop 5–10 µs, VXLAN encapsulation 4–11 µs. Only their order of size matters: the order of frames on
 * one interface does not hang on them.
 */
export const COST = {
  veth: 500,
  cable: 700,
  bridge: 3_000,
  /** Each further copy of a flooded frame. */
  bridgeCopy: 900,
  bridgeDevice: 1_000,
  forward: 5_000,
  deliver: 2_000,
  icmpReply: 6_000,
  arpReply: 7_000,
  encap: 4_000,
  decap: 1_000,
  loopback: 1_000,
  /** From write() on a TUN until the packet is received. */
  tunWrite: 1_000,
  /** From the kernel's wake-up until a waiting process runs. */
  wake: 10_000,
  /** A process between reading a packet and passing it on; entering and leaving the kernel once more. */
  userPacket: 2_000,
  syscall: 1_000,
} as const;

export const MS = 1_000_000;
export const SECOND = 1_000_000_000;

/**
 * Linux's timer wheel rounds a delay up to the granularity of its level (kernel/time/timer.c, HZ=1000): 1 s becomes
 * 1.024 s and 5 s becomes 5.12 s, which is what captures show between ARP requests.
 */
export function wheel(delayMs: number): number {
  let granularity = 1;
  for (let span = 64; delayMs >= span && granularity < 32_768; span *= 8) granularity *= 8;
  return Math.ceil(delayMs / granularity) * granularity * MS;
}
