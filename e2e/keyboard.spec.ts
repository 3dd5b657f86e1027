/** Everything without a mouse, from a fresh page; the focus is always seen and never caught. */
import type { Page } from '@playwright/test';
import { expect, still, test, type Framewalk } from './app';

test.use(still);

interface Focus {
  /** The element in words, the same as long as it is the same element. */
  readonly name: string;
  readonly seen: string;
  readonly inside: string | null;
}

/** Where the focus is, and by what one sees it; `seen` is empty for a focus that is not shown. */
function focusOf(page: Page): Promise<Focus> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (element === null || element === document.body) return { name: 'body', seen: 'nowhere', inside: null };
    const box = element.getBoundingClientRect();
    const inView =
      box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
    const shows = (it: Element | null) => {
      if (it === null) return '';
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(it);
      if (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) return `outline ${outlineWidth}`;
      return boxShadow === 'none' ? '' : 'shadow';
    };
    const label = element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? '';
    // A text field also shows its focus by the caret; what wraps it may show it for it.
    const seen =
      shows(element) ||
      shows(element.parentElement) ||
      (element.matches('input[type="text"], input:not([type])') ? 'caret' : '');
    const wraps = element.closest('[role="dialog"]') ?? element.closest('header, main');
    return {
      name: `${element.tagName.toLowerCase()} ${element.dataset.testid ?? ''} “${label}”`,
      seen: inView ? seen : '',
      inside: wraps?.getAttribute('role') ?? wraps?.tagName.toLowerCase() ?? null,
    };
  });
}

async function expectFocusSeen(app: Framewalk, where: string): Promise<void> {
  const { name, seen } = await focusOf(app.page);
  expect(seen, `${where}: the focus is on ${name} and cannot be seen`).not.toBe('');
}

/** More than this many stops are no way to get anywhere. */
const MOST_STOPS = 200;

test('Tab goes through the whole page and comes round, and Shift+Tab goes back', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&c=1.22&l=en');
  for (const [key, panel] of [
    ['2', 'tables'],
    ['3', 'packet'],
    ['4', 'terminal'],
    ['5', 'lesson'],
  ] as const) {
    await app.press(key);
    await expect(app.tab(panel)).toHaveAttribute('aria-selected', 'true');
    if (panel === 'terminal') await expect(app.terminalInput).toBeFocused();
    await app.idle();
    // Letters are the terminal's until Escape leaves it.
    await app.press('Escape');
    const walked: string[] = [];
    const at = async () => {
      const focus = await focusOf(app.page);
      expect(focus.seen, `${panel}: the focus on ${focus.name} cannot be seen`).not.toBe('');
      return focus.name;
    };
    // From the page's first stop, the skip link, round to it again.
    await app.page.getByRole('link', { name: 'Skip to the story' }).focus();
    for (let i = 0; i < MOST_STOPS; i++) {
      await app.press('Tab');
      const name = await at();
      if (name.includes('Skip to the story')) break;
      walked.push(name);
    }
    expect(walked.length, walked.join('\n')).toBeLessThan(MOST_STOPS);
    for (const part of ['scenario-picker', 'share', 'play', 'scrubber', `tab-${panel}`]) {
      expect(
        walked.some((name) => name.includes(part)),
        `${part} in\n${walked.join('\n')}`,
      ).toBe(true);
    }
    if (panel === 'terminal') expect(walked.some((name) => name.includes('terminal-input'))).toBe(true);
    // And back: three from the end, in the opposite order.
    await app.press('Shift+Tab');
    const last = walked
      .filter((name) => name !== 'body')
      .slice(-4)
      .reverse();
    for (const expected of last) {
      let name = await at();
      if (name === 'body') {
        await app.press('Shift+Tab');
        name = await at();
      }
      expect(name).toBe(expected);
      await app.press('Shift+Tab');
    }
  }
});

test('choose a scenario, walk, play, search, type a command, read, all by keys', async ({ app }) => {
  const { page } = app;
  await app.open();
  // The scenario, from the top of the page.
  for (let i = 0; i < 10 && !(await focusOf(page)).name.includes('scenario-picker'); i++)
    await app.press('Tab');
  await expectFocusSeen(app, 'scenario picker');
  await app.press('Enter');
  const choices = page.getByRole('option');
  await expect(choices.first()).toBeVisible();
  expect(await choices.count()).toBeGreaterThanOrEqual(8);
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('Docker bridge');
  await expect(choices.first()).toContainText('Docker bridge');
  await expect(choices.first()).toHaveAttribute('aria-selected', 'true');
  await app.press('Enter');
  await expect(app.scenarioName).toContainText('Docker bridge');
  await app.idle();
  await expectFocusSeen(app, 'after the menu');

  // Walking.
  await app.press('ArrowRight', 3);
  await app.isAt(3);
  await app.press('ArrowLeft');
  await app.isAt(2);
  await app.press('Shift+ArrowRight');
  await app.press('End');
  const { of } = await app.counter();
  await app.isAt(of);
  await app.press('Home');
  await app.isAt(0);

  // Play and pause; the focus leaves the picker first, as space belongs to a button.
  await app.press('1');
  await expect(page.locator('section[data-testid="story"] :focus')).toHaveCount(1);
  await expectFocusSeen(app, 'the story');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await app.press('Space');
  const play = page.getByTestId('play');
  await expect(play).toHaveAccessibleName('Pause');
  await expect.poll(async () => (await app.counter()).at).toBeGreaterThan(1);
  await app.press('Space');
  await expect(play).toHaveAccessibleName('Play');
  await app.idle();

  // The palette, to an event.
  await app.press('/');
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('icmp_seq=1');
  const hit = page.getByRole('option').first();
  await expect(hit).toContainText('icmp_seq=1');
  await app.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await app.idle();
  expect(await app.title()).toContain('64 bytes from');
  const steps = (await app.counter()).of;

  // The terminal.
  await app.press('t');
  await expect(app.terminalInput).toBeFocused();
  await expectFocusSeen(app, 'terminal');
  await page.keyboard.type('ip route get 8.8.8.8');
  await app.press('Enter');
  await app.idle();
  await expect(app.terminalOutput).toContainText('ip route get 8.8.8.8');
  await expect.poll(async () => (await app.counter()).of).toBeGreaterThan(steps);
  // Letters typed there belong to it.
  await page.keyboard.type('dlup');
  await expect(app.terminalInput).toHaveValue('dlup');
  await app.press('Control+u');
  await app.press('Escape');
  await expect(app.terminalInput).not.toBeFocused();

  // Panels, tables, bytes.
  await app.press('2');
  await expect(page.getByTestId('tab-tables-panel')).toBeFocused();
  await expectFocusSeen(app, 'the tables');
  // The arrows go on stepping there.
  const { at } = await app.counter();
  await app.press('ArrowLeft');
  await app.isAt(at - 1);
  await expect(app.tab('tables')).toHaveAttribute('aria-selected', 'true');
  await app.press('ArrowRight');
  await app.isAt(at);
  await app.press('g');
  await app.press('Shift+G');
  const rows = page.getByTestId('rows-route').locator('tbody tr');
  for (let i = 0; i < 60 && !(await rows.first().evaluate((row) => row === document.activeElement)); i++) {
    await app.press('Tab');
  }
  await expect(rows.first()).toBeFocused();
  await expectFocusSeen(app, 'a table row');
  if ((await rows.count()) > 1) {
    await app.press('ArrowDown');
    await expect(rows.nth(1)).toBeFocused();
  }
  await app.press('Home');
  await app.press('3');
  await expect(page.getByTestId('tab-packet-panel')).toBeFocused();
  await app.press('1');
  await expect(page.locator('section[data-testid="story"] :focus')).toHaveCount(1);
  await app.press('ArrowRight', 2);
  const tree = page.getByTestId('packet-tree');
  await expect(tree).toBeVisible();
  const head = tree.getByRole('treeitem').first();
  for (let i = 0; i < 60 && !(await head.evaluate((item) => item === document.activeElement)); i++) {
    await app.press('Tab');
  }
  await app.press('ArrowDown');
  await expect(tree.locator(':focus')).toHaveAttribute('aria-level', '2');
  await expectFocusSeen(app, 'a field');
  await app.press('ArrowLeft');
  await app.press('ArrowLeft');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await app.press('ArrowRight');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
  await app.press('ArrowDown');
  await app.press('Enter');
  await expect(tree.locator('[aria-selected="true"]')).toHaveAttribute('aria-level', '2');

  // Undo, language, theme, help.
  await app.undo();
  expect((await app.counter()).of).toBe(steps);
  await app.press('l');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await app.press('l');
  const theme = await page.locator('html').getAttribute('data-theme');
  await app.press('d');
  await expect(page.locator('html')).not.toHaveAttribute('data-theme', theme ?? '');
  await app.press('p');
  await expect(page.locator('html')).toHaveAttribute('data-projector', '');
  await app.press('p');
  await app.press('?');
  const help = page.getByRole('dialog');
  await expect(help).toBeVisible();
  // The dialog keeps the focus while it is open, and gives it back.
  for (let i = 0; i < 8; i++) {
    await app.press('Tab');
    expect((await focusOf(page)).inside, 'focus in the help').toBe('dialog');
  }
  // The first may be taken by a tooltip.
  await app.press('Escape', 2);
  await expect(help).toHaveCount(0);

  // Break something from the menu.
  const before = (await app.counter()).of;
  await app.press('b');
  const faults = page.getByRole('listbox').getByRole('option');
  await expect(page.getByPlaceholder('Find a fault')).toBeFocused();
  await expect(faults.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.type('mtu');
  await expect(faults.first()).toContainText(/ip link set \S+ mtu \d+/);
  const first = await faults.first().textContent();
  // Which of its values.
  await app.press('ArrowRight');
  await expect(faults.first()).not.toHaveText(first ?? '');
  await app.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(async () => (await app.counter()).of).not.toBe(before);
});

test('the stage is walked with the arrow keys', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  const chips = app.page.locator('[data-place]');
  const first = chips.and(app.page.locator('[tabindex="0"]'));
  await expect(first).toHaveCount(1);
  for (let i = 0; i < 80 && !(await first.evaluate((chip) => chip === document.activeElement)); i++) {
    await app.press('Tab');
  }
  await expect(first).toBeFocused();
  await expectFocusSeen(app, 'a device');
  const name = (await focusOf(app.page)).name;
  await app.press('ArrowDown');
  const next = await focusOf(app.page);
  expect(next.name).not.toBe(name);
  await app.press('Enter');
  await expect(app.page.locator('[data-place]:focus')).toHaveAttribute('aria-pressed', 'true');
  await app.press('Tab');
  expect((await focusOf(app.page)).name).not.toBe(next.name);
});
