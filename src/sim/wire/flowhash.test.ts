import { expect, it } from 'vitest';
import { buildArpFrame } from './arp';
import { buildEthernet, ETH_P_IP } from './ethernet';
import { flowHash, vxlanSourcePort } from './flowhash';
import { buildEcho } from './icmp';
import { buildIpv4, fragmentIpv4, IPPROTO_ICMP, IPPROTO_UDP } from './ipv4';
import { counting } from './testing/fixtures';
import { buildUdp } from './udp';

function udpFrame(src: number, dst: number, srcPort: number, dstPort: number): Uint8Array {
  const datagram = buildUdp({ srcPort, dstPort }, counting(10), { src, dst });
  return buildEthernet(
    { dst: 1, src: 2, type: ETH_P_IP },
    buildIpv4({ id: 1, ttl: 64, protocol: IPPROTO_UDP, src, dst }, datagram),
  );
}

it('stays in the range and spreads over it', () => {
  const ports = new Set<number>();
  for (let port = 0; port < 2000; port++) ports.add(vxlanSourcePort(udpFrame(1, 2, port, 80), 7));
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(32768);
  expect(Math.max(...ports)).toBeLessThan(60999);
  // 2000 balls in 28231 bins leave about 1932 of them hit.
  expect(ports.size).toBeGreaterThan(1880);
  expect(vxlanSourcePort(udpFrame(1, 2, 3, 4), 7, 100, 101)).toBe(100);
});

it('depends on the flow and the seed only, and both directions are one flow', () => {
  const frame = udpFrame(1, 2, 3, 4);
  const later = frame.slice();
  later[18] = 99;
  expect(flowHash(later, 7)).toBe(flowHash(frame, 7));
  expect(flowHash(udpFrame(2, 1, 4, 3), 7)).toBe(flowHash(frame, 7));
  expect(flowHash(frame, 8)).not.toBe(flowHash(frame, 7));
  expect(flowHash(udpFrame(1, 2, 3, 5), 7)).not.toBe(flowHash(frame, 7));
});

it('keeps the fragments of a packet together', () => {
  const packet = buildIpv4(
    { id: 1, ttl: 64, protocol: IPPROTO_ICMP, src: 1, dst: 2 },
    buildEcho(8, 1, 1, counting(3000)),
  );
  const hashes = fragmentIpv4(packet, 1400).map((fragment) =>
    flowHash(buildEthernet({ dst: 1, src: 2, type: ETH_P_IP }, fragment), 7),
  );
  expect(new Set(hashes).size).toBe(1);
});

it('takes the MACs where there is no IP, and any bytes at all', () => {
  const arp = (sha: number) => buildArpFrame(1, sha, { op: 1, sha, spa: 1, tha: 0, tpa: 2 });
  expect(flowHash(arp(5), 7)).not.toBe(flowHash(arp(6), 7));
  for (let length = 0; length < 40; length++) {
    const port = vxlanSourcePort(counting(length), 7);
    expect(port >= 32768 && port < 60999).toBe(true);
  }
});
