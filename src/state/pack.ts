/**
 * A scenario of one's own inside a link: `NAME\nTEXT` in UTF-8, raw deflate, base64url. The text inside is checked
 * where every other opened file is; here only its size is.
 */
import { linkProblem } from './link-problems';
import { err, ok, type Result } from '../base/result';
import type { LinkProblem, ScenarioSource } from './types';

type TextSource = Exclude<ScenarioSource, { kind: 'catalogue' }>;

/** Bytes that a packed scenario may unpack to. Reading stops there, however much more there would be. */
export const MOST_UNPACKED = 1_000_000;

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array | 'too-large'> {
  const writer = through.writable.getWriter();
  // A failure shows on the reading side; here it would only be an unhandled rejection.
  writer.write(bytes).catch(() => undefined);
  writer.close().catch(() => undefined);
  const reader = through.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel().catch(() => undefined);
      return 'too-large';
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

export async function packSource(source: TextSource): Promise<string> {
  const name = source.name.replace(/\s+/g, ' ').slice(0, 200);
  const bytes = new TextEncoder().encode(`${name}\n${source.text}`);
  const packed = await pipe(bytes, new CompressionStream('deflate-raw'), Infinity);
  if (packed === 'too-large') throw new Error('no limit was given');
  return toBase64Url(packed);
}

/** Never rejects. */
export async function unpackSource(packed: string): Promise<Result<TextSource, LinkProblem>> {
  const damaged = err(linkProblem('d', 'damaged-data'));
  const bytes = fromBase64Url(packed);
  if (bytes === undefined) return damaged;
  let text: string;
  try {
    const unpacked = await pipe(bytes, new DecompressionStream('deflate-raw'), MOST_UNPACKED);
    if (unpacked === 'too-large') return err(linkProblem('d', 'data-too-large', { most: MOST_UNPACKED }));
    text = new TextDecoder('utf-8', { fatal: true }).decode(unpacked);
  } catch {
    return damaged;
  }
  const head = /^([^\n]{0,200})\n/.exec(text);
  if (head === null) return damaged;
  return ok({ kind: 'text', name: head[1] ?? '', text: text.slice(head[0].length) });
}
