import { describe, expect, it } from 'vitest';
import {
  buildArpFrame,
  buildEcho,
  buildEthernet,
  buildIpv4,
  buildUdp,
  buildVxlan,
  readPcap,
} from '../../sim/wire';
import type { Frame, LiveTrace } from '../../state';
import { captureOfDevice, captureOfFrame } from './captures';
import { compareFrames, frameBefore, lineageOf, worthTelling } from './compare';
import { spanAt, spotAt } from './layers';
import { dissect } from '../../sim/wire';

const [A, B, MAC_A, MAC_B, MAC_R] = [0x0a010f02, 0x0a011003, 0x02420a010f02, 0x02420a011003, 0x02420a010f01];

const echo = (ttl: number, type = 8, src = A, dst = B) =>
  buildIpv4({ id: 7, ttl, protocol: 1, src, dst }, buildEcho(type, 1, 1, new Uint8Array(56)));
const framed = (packet: Uint8Array, src: number, dst: number) =>
  buildEthernet({ src, dst, type: 0x0800 }, packet);
const frame = (id: number, bytes: Uint8Array, link: Frame['link'], from?: number): Frame =>
  from === undefined ? { id, bytes, link } : { id, bytes, link, from };

const received = frame(0, framed(echo(64), MAC_A, MAC_R), 'ethernet');
const stripped = frame(1, echo(64), 'ip', 0);
const forwarded = frame(2, echo(63), 'ip', 1);
const sent = frame(3, framed(echo(63), MAC_R, MAC_B), 'ethernet', 2);
const outerIp = buildIpv4(
  { id: 0, ttl: 64, protocol: 17, src: 1, dst: 2 },
  buildUdp({ srcPort: 40000, dstPort: 8472 }, buildVxlan(1, sent.bytes), { src: 1, dst: 2 }),
);
const outer = frame(4, framed(outerIp, 11, 12), 'ethernet', 3);
const frames = [received, stripped, forwarded, sent, outer];

describe('what the last hop changed', () => {
  it('looks at the nearest ancestor that begins alike', () => {
    expect(lineageOf(sent, frames).map(({ id }) => id)).toEqual([2, 1, 0]);
    expect(frameBefore(sent, frames)).toBe(received);
    expect(frameBefore(forwarded, frames)).toBe(stripped);
    expect(frameBefore(received, frames)).toBeUndefined();
  });

  it('tells of the TTL and the MAC addresses, and not of the checksum that follows from them', () => {
    const { macs, fields } = worthTelling(compareFrames(received, sent));
    expect(macs).toBe(true);
    expect(fields.map(({ field, before, after }) => [field.name, before, after])).toEqual([
      ['ip.ttl', '64', '63'],
    ]);
  });

  it('tells of headers put on and taken off', () => {
    const on = compareFrames(sent, outer);
    expect(on.added.map(({ protocol }) => protocol)).toEqual(['eth', 'ip', 'udp', 'vxlan']);
    expect([on.grown, on.fields, on.removed]).toEqual([50, [], []]);
    expect(on.ranges).toEqual([[0, 50]]);
    const off = compareFrames(outer, sent);
    expect(off.removed.map(({ protocol }) => protocol)).toEqual(['eth', 'ip', 'udp', 'vxlan']);
    expect([off.grown, off.added]).toEqual([-50, []]);
  });

  it('knows an answer', () => {
    const answer = frame(5, framed(echo(64, 0, B, A), MAC_B, MAC_R), 'ethernet', 3);
    expect(compareFrames(sent, answer).isAnswer).toBe(true);
    expect(compareFrames(received, sent).isAnswer).toBe(false);
    const ask = { op: 1, sha: MAC_A, spa: A, tha: 0, tpa: B };
    const reply = { op: 2, sha: MAC_B, spa: B, tha: MAC_A, tpa: A };
    const request = frame(0, buildArpFrame(0xffffffffffff, MAC_A, ask), 'ethernet');
    expect(compareFrames(request, frame(1, buildArpFrame(MAC_A, MAC_B, reply), 'ethernet', 0)).isAnswer).toBe(
      true,
    );
  });

  it('ends on a trace whose frames point at themselves', () => {
    const odd = frame(0, new Uint8Array(), 'ip', 0);
    expect(lineageOf(odd, [odd])).toHaveLength(1);
  });
});

describe('bytes and fields', () => {
  const layers = dissect(sent.bytes, 'ethernet');
  it('find each other', () => {
    const ttl = spotAt(layers, 14 + 8);
    expect(layers[ttl?.layer ?? 0]?.fields[ttl?.field ?? 0]?.name).toBe('ip.ttl');
    expect(spanAt(layers, ttl)).toEqual({ from: 22, to: 23 });
    expect(spanAt(layers, { layer: 0, field: null })).toEqual({ from: 0, to: 14 });
    expect(spotAt(layers, 9999)).toBeNull();
  });
});

describe('captures', () => {
  const on = (kind: 'tx' | 'rx', at: number, dev: string, id: number, pkt = 'host') => ({
    kind,
    at,
    dev,
    frame: id,
    netns: 'node1',
    machine: 'node1',
    cause: -1,
    pkt,
  });
  const events = [
    on('tx', -5, 'eth0', 0),
    on('rx', 10, 'eth0', 0),
    on('rx', 20, 'eth0', 3, 'otherhost'),
    on('tx', 30, 'eth1', 3),
    on('tx', 40, 'eth0', 3),
  ].map((event, seq) => ({ ...event, seq })) as unknown as LiveTrace['events'];
  const trace: LiveTrace = { events, frames, upSeq: 1, end: 40 };

  it('hold what a tap sees from the time the network was up', () => {
    const file = readPcap(captureOfDevice(trace, 'node1', 'eth0') ?? new Uint8Array());
    expect(file.ok && file.value.linkType).toBe(1);
    expect(file.ok && file.value.records.map(({ at, bytes }) => [at, bytes.length])).toEqual([
      [10, 98],
      [40, 98],
    ]);
    expect(captureOfDevice(trace, 'node1', 'lo')).toBeUndefined();
  });

  it('hold one frame, with an IP header where it begins with one', () => {
    const file = readPcap(captureOfFrame(forwarded, -7));
    expect(file.ok && [file.value.linkType, file.value.records[0]?.at]).toEqual([101, 0]);
  });
});
