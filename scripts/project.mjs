// What the scripts share: where the project is, and how to run one of its tools on any operating system.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** A place for what can be thrown away: bundles, the browser's address, reports. */
export function cacheDir() {
  const dir = join(root, 'node_modules', '.cache', 'framewalk');
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** The script file behind a package's command, so that no shell and no .cmd wrapper is needed. */
export function binOf(packageName, command) {
  const manifest = join(root, 'node_modules', packageName, 'package.json');
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
}

export const bins = {
  prettier: () => binOf('prettier', 'prettier'),
  eslint: () => binOf('eslint', 'eslint'),
  tsc: () => binOf('@typescript/native', 'tsc'),
  vite: () => binOf('vite', 'vite'),
  vitest: () => binOf('vitest', 'vitest'),
  playwright: () => binOf('@playwright/test', 'playwright'),
};

/**
 * Runs a Node script in the project's root. Its output goes to the terminal; with `capture`, standard output is
 * kept as well. Never rejects: a tool that cannot start or runs out of time has code 1.
 */
export function runNode(script, args = [], { env = {}, capture = false, limitMinutes = 20 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
    });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      process.stdout.write(text);
    });
    const limit = setTimeout(() => {
      console.error(`Stopped after ${limitMinutes} minutes.`);
      child.kill('SIGKILL');
    }, limitMinutes * 60_000);
    const done = (code) => {
      clearTimeout(limit);
      resolve({ code, stdout });
    };
    child.on('error', (error) => {
      console.error(error.message);
      done(1);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}
