import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { fromHex } from '../bytes';
import type { LinkType } from '../dissect';

/** How often properties are tried. A failure prints its own seed and path, to be kept as a named case. */
export const PROPERTY = { seed: 20181101, numRuns: 300 };

/** A frame, with what tcpdump 4.99.3 prints for it: `e` by `-n -e`, `v` by `-n -v` (BGP bodies cut off). */
interface PrintedFrame {
  link: LinkType;
  hex: string;
  e: string;
  v: string;
}

interface CapturedFrame extends PrintedFrame {
  /** the recording it comes from */
  from: string;
  /** what Wireshark's dissection was summarised to */
  decode: string;
}

/** Every distinct frame that a real Linux kernel sent in the recordings. */
export const capturedFrames = readJson('frames.json') as CapturedFrame[];

/** Frames built by this folder for what the recordings do not hold, printed by the real tcpdump. */
export const madeFrames = readJson('made.json') as (PrintedFrame & { name: string })[];

/** Captures of one interface in order, with tcpdump's lines, for what it remembers from frame to frame. */
export const sessions = readJson('sessions.json') as {
  from: string;
  frames: { hex: string; line: string }[];
}[];

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../testdata/${name}`, import.meta.url), 'utf8'));
}

/** The first captured frame whose decode line begins so; the test fails when there is none. */
export function captured(decode: string): Uint8Array {
  const frame = capturedFrames.find((each) => each.decode.startsWith(decode));
  if (frame === undefined) throw new Error(`no captured frame decodes to ${decode}`);
  return fromHex(frame.hex);
}

/** Bytes 0, 1, 2, … as the simulated ping sends them. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 255);
}

export const anyIp = fc.integer({ min: 0, max: 0xffffffff });
export const anyMac = fc.integer({ min: 0, max: 0xffffffffffff });
export const anyU16 = fc.integer({ min: 0, max: 0xffff });
export const anyByte = fc.integer({ min: 0, max: 255 });
export const anyBytes = fc.uint8Array({ maxLength: 200 });
/** Whole 32-bit words, as options of IPv4 and TCP must be. */
export const anyOptions = fc
  .array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 10 })
  .map((words) => Uint8Array.from(words.flatMap((word) => [...word])));
