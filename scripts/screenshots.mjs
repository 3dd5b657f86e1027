// npm run screenshots: takes the pictures of docs/ from the running app, the same to the byte for the same source.
import { mkdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, preview } from 'vite';
import { findChromium, launchArgs } from './find-chromium.mjs';
import { root } from './project.mjs';

const docs = join(root, 'docs');
/** Larger pictures make the read-me slow to load. */
const MOST_BYTES = 400_000;

const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const BROKEN = [
  'container-1:ping -n -e 1 -c 1 -W 1 10.1.16.3',
  'node1:bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self',
  'container-1:ping -c 1 -W 1 10.1.16.3',
];
const journal = BROKEN.map((entry) => entry.replaceAll(' ', '+')).join(';');

/** `step`: words of the step's English sentence; of several, the last, or the `first`. */
const PICTURES = [
  { name: 'vxlan-dark', scheme: 'dark', device: DESKTOP, link: 'n=node1', step: 'node1 looks up 10.1.16.3' },
  {
    name: 'vxlan-light-zh',
    scheme: 'light',
    device: DESKTOP,
    link: 'p=packet',
    step: 'wraps the frame for 10.168.0.3',
    lang: 'zh',
    shows: 'packet-tree',
  },
  {
    name: 'terminal-drop',
    scheme: 'dark',
    device: DESKTOP,
    link: `p=terminal&n=container-1&j=${journal}`,
    step: 'flannel.1 drops',
    shows: 'terminal-input',
  },
  {
    name: 'udp-user-space',
    scheme: 'light',
    device: DESKTOP,
    scenario: 'flannel-udp',
    link: 'n=node1',
    step: 'flanneld reads the echo request',
  },
  {
    name: 'published-port-dark',
    scheme: 'dark',
    device: DESKTOP,
    scenario: 'docker-published-port',
    link: 'n=host',
    step: 'host rewrites the destination',
    first: true,
  },
  { name: 'phone', scheme: 'light', device: PHONE, link: 'n=node1', step: 'node1 looks up 10.1.16.3' },
];

const idle = (page) => page.waitForFunction(() => window.framewalkIdle?.().then(() => true) ?? false);

/** Everything that moves has arrived: fonts, the camera, colours that fade. */
async function settle(page) {
  await idle(page);
  await page.evaluate(async () => {
    await document.fonts.ready;
    const finite = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.all(finite.map(({ finished }) => finished.catch(() => undefined)));
    for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
}

async function take(
  browser,
  url,
  { name, scheme, device, scenario = 'flannel-vxlan', link, step, first, lang = 'en', shows },
) {
  const context = await browser.newContext({
    ...device,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  try {
    const page = await context.newPage();
    await page.goto(`${url}#v=1&s=${scenario}&l=en&${link}`);
    await idle(page);
    const items = page.getByTestId('step').filter({ hasText: step });
    const item = first ? items.first() : items.last();
    await item.locator('> button').click();
    if (lang === 'zh') await page.keyboard.press('l');
    // Nothing has the focus, and nothing is under the mouse.
    await page.evaluate(() => document.activeElement?.blur());
    await page.mouse.move(0, 0);
    if (shows !== undefined) await page.getByTestId(shows).waitFor();
    await settle(page);
    const path = join(docs, `${name}.png`);
    await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    const { size } = statSync(path);
    console.log(`${relative(root, path)} ${Math.ceil(size / 1000)} kB`);
    if (size > MOST_BYTES) throw new Error(`${name}.png has ${size} bytes, at most ${MOST_BYTES} are meant`);
  } finally {
    await context.close();
  }
}

mkdirSync(docs, { recursive: true });
await build({ root, logLevel: 'warn' });
const server = await preview({ root, logLevel: 'warn', preview: { host: '127.0.0.1', port: 0 } });
const { chromium } = await import('playwright');
const browser = await chromium.launch({ executablePath: await findChromium(), args: launchArgs });
try {
  for (const picture of PICTURES) await take(browser, server.resolvedUrls.local[0], picture);
} finally {
  await browser.close();
  await server.close();
}
