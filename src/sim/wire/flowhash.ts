import { readU16, readU32 } from './bytes';
import { ETH_P_IP, ETHERNET_LENGTH, parseEthernet } from './ethernet';
import { IPPROTO_TCP, IPPROTO_UDP, parseQuotedIpv4 } from './ipv4';
import { isMalformed } from './malformed';

/**
 * The UDP source port of a VXLAN packet, so that routers underneath spread flows over equal paths while every packet of
 * one flow takes the same (RFC 7348 section 5).
 *
 * As Linux's `udp_flow_src_port`: a hash of the inner flow, the lower half mixed into the upper, scaled into
 * `low` … `high` (`net.ipv4.ip_local_port_range`, whose default is the default here; the scaling never draws `high`).
 * The flow is what `__skb_get_hash` sees: IPv4 addresses, protocol and TCP or UDP ports, each pair put in order
 * (`__flow_hash_consistentify`), so that both directions hash alike; for anything else the two MACs and the type.
 *
 * Linux's hash is siphash with a secret drawn at boot, so a real port cannot be foretold, and two machines choose
 * different ones for the two directions. Here it is a murmur3-like mix keyed by `seed`, an unsigned 32-bit number: give
 * every machine its own.
 */
export function vxlanSourcePort(innerFrame: Uint8Array, seed: number, low = 32768, high = 60999): number {
  let hash = flowHash(innerFrame, seed);
  hash = (hash ^ (hash << 16)) >>> 0;
  return Math.floor((hash * (high - low)) / 0x100000000) + low;
}

/** 32 bits that depend on the flow the frame belongs to and on the seed. */
export function flowHash(frame: Uint8Array, seed: number): number {
  const words = flowWords(frame);
  let hash = seed >>> 0;
  for (const word of words) hash = mix(hash, word);
  return finish(hash ^ (words.length * 4));
}

function flowWords(frame: Uint8Array): number[] {
  const ethernet = parseEthernet(frame);
  if (isMalformed(ethernet)) return [...frame];
  const linkLayer = [readU32(frame, 0), readU32(frame, 4), readU32(frame, 8), ethernet.type];
  if (ethernet.type !== ETH_P_IP) return linkLayer;
  const ip = parseQuotedIpv4(frame, ETHERNET_LENGTH);
  if (isMalformed(ip)) return linkLayer;
  const words = [...inOrder(ip.src, ip.dst), ip.protocol];
  // Later fragments carry no ports; hashing the ports of none keeps all fragments on one path.
  if (ip.moreFragments || ip.fragmentOffset > 0) return words;
  if (ip.protocol !== IPPROTO_TCP && ip.protocol !== IPPROTO_UDP) return words;
  const at = ETHERNET_LENGTH + ip.headerLength;
  return [...words, ...inOrder(readU16(frame, at), readU16(frame, at + 2))];
}

function inOrder(a: number, b: number): [number, number] {
  return a <= b ? [a, b] : [b, a];
}

/** One block of murmur3 x86_32 (Austin Appleby, public domain). */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) >>> 0;
}

function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
