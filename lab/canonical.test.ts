import { describe, expect, it } from 'vitest';
import { toHex } from '../src/sim/wire/index';
import { Canonical } from './canonical';
import { changed, echo, ethernet, icmp, ip, udp, vxlan } from './testing/frames';

const IP = 0x0800;
const options = { vxlanPorts: new Set([8472]), loopback: false, given: new Set([7, 40_001, 40_002, 33_434]) };

/** The form of each frame, seen one after another on one interface. */
function forms(frames: readonly Uint8Array[], loopback = false): string[] {
  const canonical = new Canonical({ ...options, loopback });
  return frames.map((frame) => toHex(canonical.frame(frame)));
}
function form(frame: Uint8Array): string {
  return forms([frame])[0] ?? '';
}

describe('what the kernel leaves open', () => {
  it('is an identification, with its checksum', () => {
    const frame = (id: number) => ethernet(IP, ip(echo(0), { id }));
    expect(form(frame(7))).toBe(form(frame(60_000)));
    expect(form(frame(7))).not.toBe(form(frame(0)));
  });

  it('but not which packets share it', () => {
    const frame = (id: number, fragment: number) => ethernet(IP, ip(new Uint8Array(24), { id, fragment }));
    expect(forms([frame(5, 0x2000), frame(5, 3)])).toEqual(forms([frame(9, 0x2000), frame(9, 3)]));
    expect(forms([frame(5, 0x2000), frame(5, 3)])).not.toEqual(forms([frame(9, 0x2000), frame(8, 3)]));
  });

  it('is the time stamp of a ping', () => {
    expect(form(ethernet(IP, ip(echo(0))))).toBe(form(ethernet(IP, ip(echo(100)))));
  });

  it('but not the rest of its payload, its number, or a payload too short for a time stamp', () => {
    const frame = ethernet(IP, ip(echo(0)));
    expect(form(changed(frame, frame.length - 1))).not.toBe(form(frame));
    expect(form(ethernet(IP, ip(echo(0, 2))))).not.toBe(form(frame));
    const short = (last: number) => ethernet(IP, ip(icmp(8, 1, Uint8Array.from([0, 1, last]))));
    expect(form(short(2))).not.toBe(form(short(3)));
  });

  it('is the source port of VXLAN, inside and out', () => {
    const inner = (id: number) => ethernet(IP, ip(echo(id), { id }));
    expect(form(vxlan(inner(1), 40_000, 11))).toBe(form(vxlan(inner(2), 50_000, 12)));
  });

  it('but not one outside of the local ports, nor what is inside, nor the port of other datagrams', () => {
    const inner = ethernet(IP, ip(echo(1)));
    expect(form(vxlan(inner, 40_000, 1))).not.toBe(form(vxlan(inner, 1000, 1)));
    expect(form(vxlan(inner, 40_000, 1))).not.toBe(form(vxlan(changed(inner, 3), 40_000, 1)));
    const plain = (port: number) => ethernet(IP, ip(udp(port, 33_434, new Uint8Array(4)), { protocol: 17 }));
    expect(form(plain(40_001))).not.toBe(form(plain(40_002)));
  });

  it('is what an ICMP error quotes of all that', () => {
    const error = (id: number, stamp: number) =>
      ethernet(IP, ip(icmp(11, 0, ip(echo(stamp), { id, ttl: 1 })), { id: id + 1 }));
    expect(form(error(100, 1))).toBe(form(error(200, 2)));
    const other = ethernet(IP, ip(icmp(11, 0, ip(echo(1), { id: 100, ttl: 2 })), { id: 101 }));
    expect(form(other)).not.toBe(form(error(100, 1)));
  });
});

describe('checksums', () => {
  it('are told right from wrong', () => {
    const frame = ethernet(IP, ip(echo(0), { id: 3 }));
    expect(form(changed(frame, 25))).not.toBe(form(frame));
    expect(form(changed(frame, 37))).not.toBe(form(frame));
    const tunnelled = vxlan(frame, 40_000, 1);
    expect(form(changed(tunnelled, 41))).not.toBe(form(tunnelled));
  });

  it('of UDP are compared, but on lo', () => {
    const frame = (checksum: boolean) =>
      ethernet(IP, ip(udp(1, 2, Uint8Array.from([1]), checksum), { protocol: 17 }));
    expect(form(frame(true))).not.toBe(form(frame(false)));
    expect(forms([frame(true)], true)).toEqual(forms([frame(false)], true));
  });
});

it('leaves frames that are not IPv4, and cut ones, as they are', () => {
  const arp = ethernet(
    0x0806,
    Uint8Array.from({ length: 28 }, (_, i) => i),
  );
  expect(form(arp)).toBe(toHex(arp));
  const cut = ethernet(IP, ip(echo(0))).slice(0, 30);
  expect(form(cut)).toBe(toHex(cut));
});

it('does not write into what it is given', () => {
  const frame = Buffer.from(ethernet(IP, ip(echo(0), { id: 9 })));
  const before = toHex(frame);
  form(frame);
  expect(toHex(frame)).toBe(before);
});
