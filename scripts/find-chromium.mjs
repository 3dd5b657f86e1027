// Finds a Chromium that really starts, or gets one. As a command it prints the path on standard output.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { binOf, cacheDir, root } from './project.mjs';

export const launchArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const say = (text) => console.error(`find-chromium: ${text}`);
const isRootOnDebian = () =>
  process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

function systemCandidates() {
  if (process.platform === 'darwin') {
    return ['Chromium', 'Google Chrome', 'Microsoft Edge'].map(
      (app) => `/Applications/${app}.app/Contents/MacOS/${app}`,
    );
  }
  if (process.platform === 'win32') {
    const homes = [
      process.env['ProgramFiles'],
      process.env['ProgramFiles(x86)'],
      process.env['LOCALAPPDATA'],
    ];
    const programs = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Chromium\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ];
    return homes.filter(Boolean).flatMap((home) => programs.map((program) => join(home, program)));
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Loading Playwright takes longer than reading a remembered answer. */
const playwright = async () => (await import('playwright')).chromium;

async function playwrightsOwn() {
  const chromium = await playwright();
  try {
    return chromium.executablePath();
  } catch {
    return '';
  }
}

/** A file that exists may still not start: every candidate is launched and asked for a page. */
async function starts(path) {
  if (!path || !existsSync(path)) return false;
  const chromium = await playwright();
  let browser;
  try {
    browser = await chromium.launch({ executablePath: path, args: launchArgs, timeout: 30_000 });
    await (await browser.newPage()).setContent('<p>ready</p>');
    return true;
  } catch (error) {
    say(`${path} does not start: ${String(error.message).split('\n')[0]}`);
    return false;
  } finally {
    await browser?.close();
  }
}

async function firstThatStarts(paths) {
  for (const path of new Set(paths)) if (await starts(path)) return path;
  return undefined;
}

/** Runs apt-get and, while another process holds its lock, waits and tries again. */
async function aptGet(...args) {
  for (let attempt = 0; attempt < 60; attempt++) {
    const result = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 900_000,
    });
    if (result.status === 0) return true;
    if (!/could not get lock|unable to lock/i.test(result.stderr ?? '')) {
      say(`apt-get ${args.join(' ')} failed: ${(result.stderr ?? '').trim().split('\n').at(-1)}`);
      return false;
    }
    if (attempt === 0) say("apt's lock is held, waiting");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
  return false;
}

async function aptInstall(...packages) {
  say(`installing ${packages.join(' ')}`);
  return (await aptGet('update')) && (await aptGet('install', '-y', ...packages));
}

/** Without a Chinese font a browser draws empty boxes, and says it has one. */
async function ensureChineseFont() {
  if (!isRootOnDebian()) return;
  const list = spawnSync('fc-list', [':lang=zh'], { encoding: 'utf8' });
  if (list.status === 0 && list.stdout.trim() !== '') return;
  await aptInstall('fontconfig', 'fonts-wqy-microhei');
}

async function search() {
  const explicit = process.env['FRAMEWALK_CHROMIUM'];
  if (explicit) {
    if (await starts(explicit)) return explicit;
    throw new Error(`FRAMEWALK_CHROMIUM names ${explicit}, which does not start.`);
  }
  const present = await firstThatStarts([await playwrightsOwn(), ...systemCandidates()]);
  if (present) return present;
  say('no browser here yet, trying: npx playwright install chromium');
  const cli = binOf('playwright', 'playwright');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    timeout: 180_000,
  });
  const downloaded = await firstThatStarts([await playwrightsOwn()]);
  if (downloaded) return downloaded;
  if (isRootOnDebian()) {
    await aptInstall('chromium', 'fonts-wqy-microhei');
    const installed = await firstThatStarts(systemCandidates());
    if (installed) return installed;
  }
  throw new Error('No Chromium starts here. Install one, or set FRAMEWALK_CHROMIUM to its path.');
}

const fingerprint = (path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`;

function cached(file) {
  try {
    const answer = JSON.parse(readFileSync(file, 'utf8'));
    const asked = process.env['FRAMEWALK_CHROMIUM'];
    return (!asked || asked === answer.path) && answer.fingerprint === fingerprint(answer.path)
      ? answer.path
      : undefined;
  } catch {
    return undefined;
  }
}

/** The path of a Chromium that was seen to start. The answer is remembered until that file changes. */
export async function findChromium() {
  const file = join(cacheDir(), 'chromium.json');
  const known = cached(file);
  if (known) return known;
  const path = await search();
  await ensureChineseFont();
  writeFileSync(file, JSON.stringify({ path, fingerprint: fingerprint(path) }));
  return path;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await findChromium());
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
