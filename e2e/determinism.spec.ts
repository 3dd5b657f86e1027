/** One input, one trace: what the production worker computes in this browser is, byte for byte, what Node computes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Update } from '../src/worker/messages';
import { expect, test } from './app';

const root = join(import.meta.dirname, '..');

/** Events as JSON, then frames in hex, a line each; both sides print them alike. */
async function inNode(id: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, 'scripts', 'run-ts.mjs'), join('e2e', 'print-trace.ts'), id],
    { cwd: root, maxBuffer: 256 * 1024 * 1024 },
  );
  return stdout.trimEnd().split('\n');
}

/** Asks a worker of the page's own script; runs inside the page. */
function inWorker([url, id]: readonly [url: string, id: string]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { type: 'module' });
    const events: string[] = [];
    const frames: string[] = [];
    const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<Update>) => {
      if (data.type === 'problems') reject(new Error(JSON.stringify(data.problems)));
      if (data.type === 'batch') {
        for (const event of data.events) events.push(JSON.stringify(event));
        const { bytes, offsets, links, from } = data.frames;
        links.forEach((link, i) => {
          frames.push(`${link} ${from[i]} ${hex(bytes.subarray(offsets[i], offsets[i + 1]))}`);
        });
      }
      if (data.type === 'done') {
        worker.terminate();
        resolve([...events, ...frames, `up ${data.upSeq} end ${data.end}`]);
      }
    };
    worker.postMessage({ type: 'open', id: 1, source: { kind: 'catalogue', id }, journal: null });
  });
}

test('the worker in the browser and Node compute the same trace of every scenario', async ({ app }) => {
  const working = app.page.waitForEvent('worker');
  await app.open('#v=1&s=docker-bridge&l=en');
  const url = (await working).url();
  const ids = await inNode('list');
  expect(ids.length).toBeGreaterThan(15);
  for (const id of ids) {
    const there = await app.page.evaluate(inWorker, [url, id] as const);
    const here = await inNode(id);
    const different = here.findIndex((line, i) => line !== there[i]);
    expect(there[different] ?? '', `${id}: line ${different + 1} differs`).toBe(here[different] ?? '');
    expect(there.length, id).toBe(here.length);
    expect(here.length, id).toBeGreaterThan(50);
  }
});
