/** Both languages, both themes, and what lasts. */
import { expect, still, test, type Framewalk } from './app';
import { en } from '../src/ui/i18n/en';
import { zh } from '../src/ui/i18n/zh';

test.use(still);

const CHINESE = /\p{Script=Han}/u;

/** Texts of the English interface that the Chinese one words differently. */
const ENGLISH = Object.entries(en)
  .filter(([key, text]) => (zh as Record<string, string>)[key] !== text && !text.includes('{'))
  .map(([, text]) => text.toLowerCase());

/** Text and names of everything on the page, but for what a terminal prints and code. */
function words(app: Framewalk): Promise<string[]> {
  return app.page.evaluate(() => {
    const found: string[] = [];
    const isCode = (element: Element | null) =>
      element?.closest(
        'code, pre, kbd, [lang="en"], [data-testid="terminal-output"], td, noscript, script, style',
      ) !== null;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = (node.textContent ?? '').trim();
      if (text !== '' && !isCode(node.parentElement)) found.push(text);
    }
    for (const element of document.querySelectorAll(
      '[aria-label], [title], [placeholder], [aria-description]',
    )) {
      if (element.closest('[lang="en"]') !== null) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'aria-description']) {
        const text = element.getAttribute(name);
        if (text !== null) found.push(text.trim());
      }
    }
    return found;
  });
}

/** Four words of English in a row are a sentence; a name has fewer, and what ping prints stays as it is. */
const isEnglish = (text: string) =>
  !CHINESE.test(text) &&
  !/packets transmitted/.test(text) &&
  (ENGLISH.includes(text.toLowerCase()) || /(\b[a-z]{2,}\b[ ,’']+){3}/i.test(text));

test('中文 is Chinese everywhere', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'en');
  const english = await app.steps();
  await app.otherLanguage.click();
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  const chinese = await app.steps();
  expect(chinese).toHaveLength(english.length);
  for (const [i, { title }] of chinese.entries()) {
    expect(title, `step ${i + 1}, in English: ${english[i]?.title}`).toMatch(CHINESE);
    expect(title).not.toBe(english[i]?.title);
    expect(title, 'a sentence half in English').not.toMatch(
      /\b[a-z]{2,}( [a-z]{2,}){2,}\b(?!.*(runs|prints))/,
    );
  }
  await app.goTo(await app.numberOf(/VXLAN.*10\.168\.0\.3|10\.168\.0\.3.*VXLAN/));
  for (const panel of ['tables', 'packet', 'terminal', 'lesson'] as const) {
    await app.show(panel);
    await app.idle();
    expect((await words(app)).filter(isEnglish), `English in ${panel}`).toEqual([]);
  }
  await app.press('?');
  await expect(app.page.getByRole('dialog')).toBeVisible();
  expect((await words(app)).filter(isEnglish), 'English in the help').toEqual([]);
  await app.press('Escape');
  await app.page.getByTestId('scenario-picker').click();
  await expect(app.page.getByRole('option').first()).toBeVisible();
  expect((await words(app)).filter(isEnglish), 'English in the picker').toEqual([]);
  await app.press('Escape');
  await app.page.getByTestId('break-menu').click();
  await expect(app.page.getByRole('listbox').getByRole('option').first()).toBeVisible();
  expect((await words(app)).filter(isEnglish), 'English in the Break menu').toEqual([]);
  await app.press('Escape');
  await app.press('/');
  await expect(app.page.getByRole('dialog')).toBeVisible();
  expect((await words(app)).filter(isEnglish), 'English in the palette').toEqual([]);
  await app.press('Escape');

  // It stays Chinese without a word in the address.
  await app.open();
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await app.otherLanguage.click();
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'en');
});

test('every sentence of every scenario is there in Chinese', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=zh');
  const ids = [
    'docker-bridge',
    'flannel-host-gw',
    'script-router',
    'script-vxlan',
    'script-proxy-arp',
    'script-bridge',
  ];
  for (const id of ids) {
    await app.open(`#v=1&s=${id}&l=zh`);
    const steps = await app.steps();
    expect(steps.length, id).toBeGreaterThan(0);
    for (const { title } of steps) expect(title, id).toMatch(CHINESE);
  }
});

test.describe('a browser that prefers Chinese', () => {
  test.use({ locale: 'zh-CN' });
  test('gets Chinese', async ({ app }) => {
    await app.open();
    await expect(app.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  });
});

/** The page's ground, 0 black to 255 white. */
const ground = (app: Framewalk) =>
  app.page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    if (canvas === null) throw new Error('no canvas');
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (r + g + b) / 3;
  });

test('dark and light last over a reload, and the system decides until one is chosen', async ({ app }) => {
  const html = app.page.locator('html');
  await app.page.emulateMedia({ colorScheme: 'dark' });
  await app.open();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  expect(await ground(app)).toBeLessThan(80);
  await app.page.emulateMedia({ colorScheme: 'light' });
  await expect(html).toHaveAttribute('data-theme', 'light');
  expect(await ground(app)).toBeGreaterThan(200);

  await app.page.getByRole('button', { name: 'Appearance' }).click();
  await app.page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await app.page.reload();
  await app.idle();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  expect(await ground(app)).toBeLessThan(80);
  await app.press('d');
  await expect(html).toHaveAttribute('data-theme', 'light');
  await app.page.reload();
  await app.idle();
  await expect(html).toHaveAttribute('data-theme', 'light');
});
