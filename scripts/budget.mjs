// The bundle budget: what index.html loads at once, compressed. Reads the manifest that `vite build` wrote.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './project.mjs';

const LIMIT_KB = 300;
const dist = join(root, 'dist');
const manifestFile = join(dist, '.vite', 'manifest.json');
if (!existsSync(manifestFile)) {
  console.error('budget: nothing is built yet. Run: npm run build');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
const gzipKb = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;
const line = (file, kb) => console.log(`  ${kb.toFixed(1).padStart(7)} kB  ${file}`);

const initial = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (initial.has(chunk.file)) return;
  initial.add(chunk.file);
  for (const imported of chunk.imports ?? []) visit(imported);
};
visit('index.html');
let total = 0;
console.log('Loaded at once (gzip):');
for (const file of initial) {
  const kb = gzipKb(file);
  total += kb;
  line(file, kb);
}
const later = readdirSync(join(dist, 'assets'))
  .map((name) => `assets/${name}`)
  .filter((file) => file.endsWith('.js') && !initial.has(file));
if (later.length > 0) console.log('Worker and what is loaded when needed (not counted):');
for (const file of later) line(file, gzipKb(file));

console.log(`Initial JavaScript: ${total.toFixed(1)} kB of ${LIMIT_KB} kB`);
if (total > LIMIT_KB) {
  console.error('Over budget: load what the first screen does not need with import().');
  process.exit(1);
}
