/** Writes what `--out` promises. */
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import type { World } from '../sim/index';
import { captures } from './captures';
import { commandRecords } from './commands';
import { traceLines } from './trace-lines';

/** File name and the command whose output it holds. */
const TABLES: readonly (readonly [string, string])[] = [
  ['route.json', 'ip -j route'],
  ['route-local.json', 'ip -j route show table local'],
  ['neigh.json', 'ip -j neigh'],
  ['fdb.json', 'bridge -j fdb'],
  ['link.json', 'ip -j -d link'],
  ['addr.json', 'ip -j addr'],
];

async function writeTrace(world: World, path: string): Promise<void> {
  const stream = createWriteStream(path);
  let batch = '';
  for (const line of traceLines(world.trace)) {
    batch += `${line}\n`;
    if (batch.length < 1_000_000) continue;
    if (!stream.write(batch)) await once(stream, 'drain');
    batch = '';
  }
  stream.end(batch);
  await once(stream, 'finish');
}

export async function writeOut(world: World, dir: string, boot: boolean): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await writeTrace(world, join(dir, 'trace.jsonl'));
  writeFileSync(join(dir, 'stdout.json'), `${JSON.stringify(commandRecords(world.trace), undefined, 2)}\n`);
  for (const netns of world.namespaces) {
    const folder = join(dir, netns);
    mkdirSync(folder, { recursive: true });
    for (const [file, command] of TABLES) {
      writeFileSync(join(folder, file), `${(world.query(netns, command) ?? '').trimEnd()}\n`);
    }
    // Tables that nobody has used are not loaded, and a namespace without any prints nothing.
    writeFileSync(join(folder, 'iptables-save.txt'), world.query(netns, 'iptables-save') ?? '');
  }
  for (const { netns, dev, bytes } of captures(world.trace, boot)) {
    mkdirSync(join(dir, netns), { recursive: true });
    writeFileSync(join(dir, netns, `${dev}.pcap`), bytes);
  }
}
