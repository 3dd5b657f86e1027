/** A phone: one column, everything within reach of a thumb, nothing wider than the screen. */
import { expect, still, test, type Framewalk } from './app';

test.use({ ...still, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });

async function expectToFit(app: Framewalk, where: string): Promise<void> {
  const wide = await app.page.evaluate(() => ({
    page: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    window: innerWidth,
    scrolled: scrollX,
    zoom: visualViewport?.scale,
  }));
  expect(wide, where).toEqual({ page: 390, window: 390, scrolled: 0, zoom: 1 });
}

test('everything is there and nothing sticks out', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await expect(app.page.getByTestId('app')).toHaveAttribute('data-phone', 'true');
  await expectToFit(app, 'at the start');
  const { page } = app;

  // The controls at the bottom.
  const forward = page.getByRole('button', { name: 'One step forward' });
  for (let i = 0; i < 10; i++) await forward.tap();
  await app.isAt(10);
  await app.idle();
  expect(await app.title()).toMatch(/^node1 looks up 10\.1\.16\.3/);
  await expect(app.current).toBeInViewport();
  await page.getByTestId('play').tap();
  await expect(page.getByTestId('play')).toHaveAccessibleName('Pause');
  await page.getByTestId('play').tap();
  await app.goTo(10);

  for (const panel of ['tables', 'packet', 'terminal', 'lesson', 'story'] as const) {
    await app.tab(panel).tap();
    await expect(app.tab(panel)).toHaveAttribute('aria-selected', 'true');
    await expect(app.tab(panel)).toBeInViewport();
    await app.idle();
    await expectToFit(app, panel);
  }

  // A command, from the terminal's own button.
  await app.tab('terminal').tap();
  await app.terminalInput.fill('ip neigh show');
  await page.getByRole('button', { name: 'Run', exact: true }).tap();
  await app.idle();
  await expect(app.terminalOutput).toContainText('ip neigh show');
  await expectToFit(app, 'terminal');

  // Menus and sheets of the header.
  await page.getByTestId('scenario-picker').tap();
  await expect(page.getByRole('option').first()).toBeVisible();
  await expectToFit(app, 'picker');
  await page.keyboard.press('Escape');
  await page.getByTestId('break-menu').tap();
  await expect(page.getByRole('listbox').getByRole('option').first()).toBeVisible();
  await expectToFit(app, 'Break menu');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Search and go' }).tap();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectToFit(app, 'palette');
  await page.keyboard.press('Escape');
  await app.otherLanguage.tap();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expectToFit(app, 'Chinese');
});

test('fingers can hit the controls', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&c=1.22&l=en');
  const controls = app.page.locator(
    'header button:visible, [data-testid="timeline"] button:visible, [role="tab"]:visible',
  );
  const small = await controls.evaluateAll((buttons) =>
    buttons
      .map((button) => ({
        box: button.getBoundingClientRect(),
        name: button.getAttribute('aria-label') ?? button.textContent,
      }))
      // WCAG 2.5.8: 24 by 24 CSS pixels.
      .filter(({ box }) => box.width < 24 || box.height < 24)
      .map(({ box, name }) => `${name} ${Math.round(box.width)}×${Math.round(box.height)}`),
  );
  expect(small).toEqual([]);
});

test('the stage shows the current step without a hand on it', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  for (const title of [
    /^container-1 sends the echo request/,
    /^node1 sends the VXLAN packet/,
    /^container-2 receives the echo request/,
  ]) {
    await app.goTo(await app.numberOf(title));
    await expect(app.page.locator('[data-place][data-active]').first()).toBeInViewport({ ratio: 0.5 });
  }
});
