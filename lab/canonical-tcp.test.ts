import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, writeU16, writeU32 } from '../src/sim/wire/index';
import { Canonical } from './canonical';
import { ethernet, ip, udp } from './testing/frames';

interface Segment {
  readonly from?: number;
  readonly to?: number;
  readonly seq: number;
  readonly ack?: number;
  readonly flags: number;
  readonly window?: number;
  readonly stamps?: readonly [number, number];
  readonly data?: string;
}
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

function segment({ from = 40_000, to = 80, seq, ack = 0, flags, window = 500, stamps, data = '' }: Segment) {
  const length = stamps ? 32 : 20;
  const head = new Uint8Array(length);
  writeU16(head, 0, from);
  writeU16(head, 2, to);
  writeU32(head, 4, seq);
  writeU32(head, 8, ack);
  head[12] = (length / 4) << 4;
  head[13] = flags;
  writeU16(head, 14, window);
  if (stamps) {
    head.set([1, 1, 8, 10], 20);
    stamps.forEach((stamp, i) => writeU32(head, 24 + 4 * i, stamp));
  }
  return ethernet(0x0800, ip(concatBytes(head, new TextEncoder().encode(data)), { protocol: 6 }));
}

function forms(frames: readonly Uint8Array[], given: readonly number[] = []): string[] {
  const canonical = new Canonical({ vxlanPorts: new Set(), loopback: false, given: new Set(given) });
  return frames.map((frame) => toHex(canonical.frame(frame)));
}
/** A handshake, a byte and a reset, with other numbers each time. */
const talk = (isn: number, peer: number, port: number, time: number): Uint8Array[] => [
  segment({ from: port, seq: isn, flags: SYN, stamps: [time, 0] }),
  segment({ from: port, seq: isn + 1, ack: peer, flags: ACK, stamps: [time + 3, time] }),
  segment({ from: port, seq: isn + 1, ack: peer, flags: ACK, stamps: [time + 4, time], data: 'x' }),
  segment({ from: port, seq: isn + 2, ack: peer, flags: ACK | FIN, stamps: [time + 5, time] }),
];

describe('TCP', () => {
  it('is the same with other initial numbers, ports and times', () => {
    expect(forms(talk(0xffff_fffe, 77, 50_000, 9))).toEqual(forms(talk(5, 4_000_000_000, 33_333, 12_345)));
  });

  it.each<[string, Segment]>([
    ['window', { seq: 9, flags: ACK, window: 501 }],
    ['flag', { seq: 9, flags: ACK | RST }],
    ['place in the stream', { seq: 10, flags: ACK }],
    ['acknowledged place', { seq: 9, ack: 1, flags: ACK }],
    ['port that was named', { seq: 9, flags: ACK, to: 81 }],
    ['time stamp that is 0', { seq: 9, flags: ACK, stamps: [0, 0] }],
    ['data', { seq: 9, flags: ACK, data: 'y' }],
  ])('differs by a %s', (_what, other) => {
    const before = segment({ seq: 1, flags: SYN });
    const answer = segment({ seq: 2, ack: 500, flags: ACK });
    const one: Segment = other.stamps
      ? { seq: 9, flags: ACK, stamps: [5, 0] }
      : { seq: 9, flags: ACK, data: other.data === undefined ? '' : 'x' };
    expect(forms([before, answer, segment(other)])[2]).not.toBe(forms([before, answer, segment(one)])[2]);
  });

  it('keeps a port that a command names', () => {
    const both = (port: number) => forms([segment({ from: port, seq: 1, flags: SYN })], [40_001, 40_002])[0];
    expect(both(40_001)).not.toBe(both(40_002));
    expect(both(50_001)).toBe(both(50_002));
  });

  it('numbers two drawn ports apart', () => {
    const ports = (...list: number[]) => forms(list.map((from) => segment({ from, seq: 1, flags: SYN })));
    expect(ports(50_000, 50_001)).toEqual(ports(41_000, 39_000));
    expect(ports(50_000, 50_001)).not.toEqual(ports(50_000, 50_000));
  });

  it('begins anew when a port is used again', () => {
    const again = (isn: number) =>
      forms([
        segment({ seq: 1, flags: SYN }),
        segment({ seq: isn, flags: SYN }),
        segment({ seq: isn + 1, flags: ACK }),
      ]);
    expect(again(1000)).toEqual(again(7));
  });
});

describe("flannel's UDP datagrams", () => {
  const carried = (id: number, ttl: number) =>
    ethernet(0x0800, ip(udp(8285, 8285, ip(new Uint8Array(8), { id, ttl, protocol: 99 })), { protocol: 17 }));
  it('are looked into: only the identification inside is free', () => {
    const one = forms([carried(7, 62)], [8285])[0];
    expect(forms([carried(9, 62)], [8285])[0]).toBe(one);
    expect(forms([carried(7, 61)], [8285])[0]).not.toBe(one);
  });
});

it('looks at packets without a link layer', () => {
  const canonical = () => new Canonical({ vxlanPorts: new Set(), loopback: false, given: new Set() });
  const packet = (id: number) => ip(new Uint8Array(8), { id, protocol: 99 });
  const form = (id: number) => toHex(canonical().frame(packet(id), 'ip'));
  expect(form(5)).toBe(form(6));
  expect(form(5)).not.toBe(form(0));
});
