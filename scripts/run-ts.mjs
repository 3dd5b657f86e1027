// node scripts/run-ts.mjs ENTRY [args…]: bundles a TypeScript entry for Node (once per change) and runs it.
// Standard output belongs to the program that is run.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheDir, root } from './project.mjs';

const MINUTE_MS = 60_000;

/** Changes whenever a source file is added, removed or saved. */
function stampOf(entry) {
  const hash = createHash('sha256').update(process.version);
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path}\0${mtimeMs}\0${size}\n`);
  };
  const walk = (dir) => {
    for (const item of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(dir, item.name);
      if (item.isDirectory()) walk(path);
      else if (!/\.test\.tsx?$/.test(item.name)) add(path);
    }
  };
  for (const name of ['src', 'lab']) if (existsSync(join(root, name))) walk(join(root, name));
  for (const path of [entry, join(root, 'package-lock.json'), import.meta.filename]) add(path);
  return hash.digest('hex').slice(0, 16);
}

async function bundle(entry, target) {
  const { build } = await import('vite');
  const outDir = join(cacheDir(), `${basename(target)}.${process.pid}`);
  try {
    await build({
      configFile: false,
      root,
      publicDir: false,
      logLevel: 'silent',
      ssr: { noExternal: true, target: 'node' },
      build: {
        ssr: entry,
        outDir,
        emptyOutDir: true,
        target: 'node20',
        minify: false,
        rolldownOptions: { output: { format: 'es', entryFileNames: 'entry.mjs', codeSplitting: false } },
      },
    });
    renameSync(join(outDir, 'entry.mjs'), target);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** Bundles of earlier states of the source; a young one may be about to be imported by another process. */
function sweep(name, keep) {
  for (const file of readdirSync(cacheDir())) {
    const path = join(cacheDir(), file);
    if (!file.startsWith(`${name}.`) || path === keep) continue;
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > 10 * MINUTE_MS) rmSync(path, { recursive: true, force: true });
  }
}

const [entryArgument, ...args] = process.argv.slice(2);
if (entryArgument === undefined) {
  console.error('usage: node scripts/run-ts.mjs ENTRY [args…]');
  process.exit(2);
}
const entry = resolve(root, entryArgument);
if (!existsSync(entry)) {
  console.error(`run-ts: there is no ${entryArgument}`);
  process.exit(2);
}
const name = relative(root, entry)
  .replace(/\.tsx?$/, '')
  .replace(/[^\w-]+/g, '-');
const target = join(cacheDir(), `${name}.${stampOf(entry)}.mjs`);
if (!existsSync(target)) {
  try {
    await bundle(entry, target);
  } catch (error) {
    console.error(`run-ts: cannot bundle ${entryArgument}\n${error.message}`);
    process.exit(1);
  }
  sweep(name, target);
}
process.argv = [process.argv[0], entry, ...args];
await import(pathToFileURL(target).href);
