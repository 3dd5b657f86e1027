import { describe, expect, it } from 'vitest';
import { CAPSULE_H, capsuleShape, commonTail, segmentsOf, type Segment } from './capsule';

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
const ETH = '0242ac1100030242ac1100020800';
const IP = '4500005406ec4000400100b70a010f020a011003';
const ICMP = '0800000000010001' + '00'.repeat(56);
const ping = hex(ETH + IP + ICMP);
const OUTER =
  '525400000003525400000002' + '0800' + '4500008600004000401100000aa800020aa80003' + 'c00121180072' + '0000';
const vxlan = hex(`${OUTER}0800000000000100${ETH}${IP}${ICMP}`);
const labels = (segments: readonly Segment[]) => segments.map(({ label, depth }) => `${depth}${label}`);

describe('segments', () => {
  it('are the headers from the outside in, with a tail for the payload', () => {
    expect(labels(segmentsOf(ping, 'ethernet'))).toEqual(['0Eth', '0IP', '0ICMP', '0']);
    expect(labels(segmentsOf(ping.subarray(14), 'ip'))).toEqual(['0IP', '0ICMP', '0']);
    expect(labels(segmentsOf(vxlan, 'ethernet'))).toEqual([
      ...['0Eth', '0IP', '0UDP', '0VXLAN'],
      ...['1Eth', '1IP', '1ICMP', '1'],
    ]);
  });

  it('grow with the payload', () => {
    const tail = (bytes: number) =>
      segmentsOf(hex(ETH + IP + '0800000000010001' + '00'.repeat(bytes)), 'ethernet').at(-1)?.w ?? 0;
    expect(tail(56)).toBeLessThan(tail(400));
    expect(tail(400)).toBeLessThan(tail(1400));
    expect(tail(1400)).toBeLessThan(100);
  });

  it('show what an ICMP error quotes inside it', () => {
    const error = hex(`${ETH}${IP}0b00000000000000${IP}${ICMP}`);
    expect(segmentsOf(error, 'ethernet').filter(({ quoted }) => quoted).length).toBeGreaterThan(1);
    expect(segmentsOf(error, 'ethernet').find(({ quoted }) => quoted)?.depth).toBe(1);
  });
});

describe('the capsule', () => {
  const segments = segmentsOf(vxlan, 'ethernet');

  it('wraps: the inner boxes lie in the outline, and the outline in the capsule', () => {
    const { w, h, boxes, outlines } = capsuleShape(segments);
    expect(h).toBe(CAPSULE_H);
    expect(outlines).toHaveLength(1);
    const [outline] = outlines;
    if (outline === undefined) throw new Error('no outline');
    expect(outline.x + outline.w).toBeLessThan(w / 2);
    for (const box of boxes.filter(({ segment }) => segment.depth === 1)) {
      expect(box.x).toBeGreaterThanOrEqual(outline.x);
      expect(box.x + box.w).toBeLessThanOrEqual(outline.x + outline.w + 1e-9);
      expect(box.h).toBeLessThan(CAPSULE_H);
    }
  });

  it('has no gaps and is centred', () => {
    const { w, boxes } = capsuleShape(segments);
    expect(boxes[0]?.x).toBe(-w / 2);
    boxes.slice(1).forEach((box, i) => expect(box.x).toBeCloseTo((boxes[i]?.x ?? 0) + (boxes[i]?.w ?? 0)));
  });

  it('begins to wrap as the inner frame by itself and ends as the outer one', () => {
    const inner = segmentsOf(ping, 'ethernet');
    const common = commonTail(inner, segments);
    expect(common).toBe(4);
    const growing = segments.length - common;
    const [alone, begin, half, end, whole] = [
      capsuleShape(inner),
      capsuleShape(segments, growing, 0),
      capsuleShape(segments, growing, 0.5),
      capsuleShape(segments, growing, 1),
      capsuleShape(segments),
    ];
    expect(begin.w).toBeCloseTo(alone.w);
    expect(begin.boxes.at(-1)?.h).toBe(CAPSULE_H);
    expect(half.w).toBeGreaterThan(begin.w);
    expect(half.w).toBeLessThan(end.w);
    expect(end).toEqual(whole);
  });
});

describe('what two frames have in common', () => {
  it('is counted from the inside', () => {
    const frame = segmentsOf(ping, 'ethernet');
    const packet = segmentsOf(ping.subarray(14), 'ip');
    expect(commonTail(frame, packet)).toBe(3);
    expect(commonTail(frame, frame)).toBe(4);
    expect(commonTail(segmentsOf(vxlan, 'ethernet'), packet)).toBe(3);
    expect(commonTail(frame, [])).toBe(0);
  });
});
