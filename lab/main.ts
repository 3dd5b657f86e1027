import { allCases } from './cases';
import { compare } from './compare';
import { observeLinux } from './linux-side';
import { observeSim } from './sim-side';
import type { Box } from './box';

const rooms = new Set<Box>();
for (const c of allCases().filter((each) => process.argv.length < 3 || process.argv.includes(each.id))) {
  const t = Date.now();
  try {
    const sim = observeSim(c);
    const linux = await observeLinux(c, sim, rooms);
    const diffs = compare(linux, sim);
    const n = [...linux.frames.values()].reduce((s, f) => s + f.length, 0);
    console.log(diffs.length ? 'FAIL' : 'ok', c.id, n, 'frames', Date.now() - t, 'ms');
    for (const d of diffs) {
      console.log('  ' + d.what);
      for (const l of d.lines) console.log('   ', l.side === 'both' ? ' ' : l.side === 'linux' ? 'L' : 'S', l.text);
    }
  } catch (e) { console.log('FAIL', c.id, (e as Error).stack); }
}
