import { readFileSync } from 'node:fs';
import { observeLinux } from './linux-side';
import { tcpdumpLine } from '../src/sim/wire/index';
import * as script from '../src/scenarios/script';
for (const f of process.argv.slice(2)) {
  const t = Date.now();
  const text = readFileSync(f, 'utf8');
  const read = script.readScript(text, 'x');
  if (!read.ok) throw new Error('read');
  try {
  const o = await observeLinux({ id: f, about: '', scenario: read.value.scenario, script: text, journal: read.value.journal, settle: 0.25, root: 'host' }, { before: new Map(), after: new Map(), frames: new Map(), outputs: [] }, new Set());
  console.log(f, Date.now() - t);
  for (const [k, v] of o.frames) { console.log(k); for (const x of v) console.log('   ', x.at.toFixed(6), x.dir, tcpdumpLine(x.bytes, 'ethernet', { ethernet: false, verbose: true })); }
  console.log(o.outputs);
  for (const [ns, t] of o.after) for (const [k, rows] of Object.entries(t)) for (const r of rows as any[]) console.log(ns, k, JSON.stringify(r));
  } catch (e) { console.log((e as Error).stack); }
}
