// npm test: every gate in order, all of them even when one fails. The last line is `N passed, N failed`.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from './find-chromium.mjs';
import { bins, cacheDir, root, runNode } from './project.mjs';

const FAILED_GATE = { passed: 0, failed: 1 };

/** A gate without tests of its own counts as one. */
const gate = async (script, args) => {
  const { code } = await runNode(script, args);
  return code === 0 ? { passed: 1, failed: 0 } : FAILED_GATE;
};

/** What a test runner reported; a runner that broke off, or found no test, has failed at least once. */
function honest(code, { passed, failed }) {
  if (failed === 0 && (code !== 0 || passed === 0)) return { passed, failed: 1 };
  return { passed, failed };
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

async function unitTests() {
  const report = join(cacheDir(), 'unit.json');
  rmSync(report, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await runNode(bins.vitest(), args);
  const result = readReport(report);
  return honest(code, { passed: result?.numPassedTests ?? 0, failed: result?.numFailedTests ?? 0 });
}

async function buildAndBudget() {
  const built = await gate(bins.vite(), ['build', '--logLevel', 'warn']);
  if (built.failed > 0) return { passed: 0, failed: 2 };
  const budget = await gate(join(root, 'scripts', 'budget.mjs'), []);
  return { passed: built.passed + budget.passed, failed: budget.failed };
}

async function journeys() {
  try {
    console.log(`Browser: ${await findChromium()}`);
  } catch (error) {
    console.error(error.message);
    return FAILED_GATE;
  }
  const report = join(cacheDir(), 'e2e.json');
  rmSync(report, { force: true });
  const { code } = await runNode(bins.playwright(), ['test', '--reporter=list,json'], {
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report },
  });
  const stats = readReport(report)?.stats;
  return honest(code, {
    passed: stats?.expected ?? 0,
    failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0),
  });
}

async function kernelLab() {
  if (!existsSync(join(root, 'lab', 'main.ts'))) return 'there is no lab/main.ts';
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'it needs Linux and root';
  const { code, stdout } = await runNode(join(root, 'scripts', 'run-ts.mjs'), ['lab/main.ts'], {
    capture: true,
    limitMinutes: 30,
  });
  const last = /(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/.exec(stdout);
  return honest(code, { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) });
}

const steps = [
  ['Format', 'npm run format', () => gate(bins.prettier(), ['--check', '.'])],
  [
    'Lint',
    'npm run lint -- --fix (and by hand what remains)',
    () => gate(bins.eslint(), ['.', '--max-warnings', '0']),
  ],
  [
    'Types: the whole project',
    'npm run types (shows them; mend by hand)',
    () => gate(bins.tsc(), ['--noEmit', '-p', 'tsconfig.json']),
  ],
  [
    'Types: the simulation alone',
    'npm run types (shows them; src/sim has the ECMAScript library only)',
    () => gate(bins.tsc(), ['--noEmit', '-p', 'src/sim/tsconfig.json']),
  ],
  ['Unit tests', 'npm run unit', unitTests],
  ['Build and bundle budget', 'npm run build, then npm run budget', buildAndBudget],
  ['Browser journeys', 'npm run e2e', journeys],
  ['Kernel lab', 'npm run lab', kernelLab],
];

const sum = { passed: 0, failed: 0 };
const summary = [];
for (const [title, fix, run] of steps) {
  console.log(`\n=== ${title} ${'='.repeat(Math.max(3, 70 - title.length))}\n`);
  const result = await run();
  if (typeof result === 'string') {
    summary.push(`not run  ${title}: ${result}`);
    continue;
  }
  sum.passed += result.passed;
  sum.failed += result.failed;
  const counts = `${title}: ${result.passed} passed, ${result.failed} failed`;
  summary.push(
    result.failed === 0 ? `ok       ${counts}` : `FAILED   ${counts}\n         To mend it: ${fix}`,
  );
}
console.log(`\n=== Summary ${'='.repeat(63)}\n\n${summary.join('\n')}\n`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 ? 0 : 1;
