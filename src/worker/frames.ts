/** Frames of one batch in one buffer, so that they can be handed over instead of copied one by one. */
import type { Frame } from '../sim/index';
import type { FrameBlock } from './messages';

const IS_IP = 1;

export function packFrames(frames: readonly Frame[], first: number, end: number): FrameBlock {
  const count = end - first;
  const offsets = new Uint32Array(count + 1);
  const links = new Uint8Array(count);
  const from = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) {
    const frame = frames[first + i] as Frame;
    offsets[i + 1] = (offsets[i] as number) + frame.bytes.length;
    links[i] = frame.link === 'ip' ? IS_IP : 0;
    if (frame.from !== undefined) from[i] = frame.from;
  }
  const bytes = new Uint8Array(offsets[count] as number);
  for (let i = 0; i < count; i++) bytes.set((frames[first + i] as Frame).bytes, offsets[i]);
  return { first, bytes, offsets, links, from };
}

/** What to list as transferred when the block is posted. */
export const buffersOf = (block: FrameBlock): ArrayBuffer[] => [
  block.bytes.buffer,
  block.offsets.buffer,
  block.links.buffer,
  block.from.buffer,
];

/** The frames' bytes are views of the block's buffer. */
export function unpackFrames(block: FrameBlock): Frame[] {
  return Array.from(block.links, (link, i) => {
    const from = block.from[i] as number;
    return {
      id: block.first + i,
      bytes: block.bytes.subarray(block.offsets[i], block.offsets[i + 1]),
      link: link === IS_IP ? 'ip' : 'ethernet',
      ...(from >= 0 ? { from } : {}),
    };
  });
}
