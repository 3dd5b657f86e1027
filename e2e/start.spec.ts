/** `npm start`, in a copy of the project of its own, so that it does not build over what the other journeys look at. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './app';

const root = join(import.meta.dirname, '..');
const NEEDED = ['index.html', 'package.json', 'public', 'scripts', 'src', 'tsconfig.json', 'vite.config.ts'];

let copy: string | undefined;
let child: ChildProcess | undefined;
test.afterEach(async () => {
  if (child !== undefined && child.exitCode === null) {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill();
    await ended;
  }
  if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
  child = copy = undefined;
});

test('npm start builds, prints its URL and serves the app there', async ({ page, complaints }) => {
  copy = mkdtempSync(join(tmpdir(), 'framewalk-start-'));
  for (const name of NEEDED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const { scripts } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const [program, script = ''] = scripts.start.split(' ');
  expect(program).toBe('node');

  child = spawn(process.execPath, [script], { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    const take = (text: string) => {
      printed += text;
      const found = /Framewalk is at (http:\/\/\S+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    };
    child?.stdout?.setEncoding('utf8').on('data', take);
    child?.stderr?.setEncoding('utf8').on('data', take);
    child?.on('exit', (code) => reject(new Error(`it ended with code ${code}:\n${printed}`)));
  });
  expect(new URL(url).hostname).toMatch(/^(127\.0\.0\.1|localhost)$/);

  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('<title>Framewalk</title>');
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  await page.waitForFunction(() => window.framewalkIdle !== undefined);
  await page.evaluate(() => window.framewalkIdle?.());
  await expect(page.getByTestId('step').first()).toBeVisible();
});
