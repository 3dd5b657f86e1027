/** A classroom: projector mode, and the transcript on paper. */
import { expect, still, test } from './app';

test.use(still);

test('projector mode is larger and still fits', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&c=1.22&l=en');
  const size = () => app.current.evaluate((item) => parseFloat(getComputedStyle(item).fontSize));
  const usual = await size();
  await app.press('p');
  await expect(app.page.locator('html')).toHaveAttribute('data-projector', '');
  expect(await size()).toBeGreaterThan(usual * 1.2);
  const width = await app.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(width).toBeLessThanOrEqual(0);
  await app.page.reload();
  await app.idle();
  await expect(app.page.locator('html')).toHaveAttribute('data-projector', '');
});

test('the transcript tells the whole story, and is what is printed', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  const titles = await app.titles();
  await app.page.getByRole('button', { name: 'Transcript' }).click();
  const shown = app.page.getByRole('dialog').locator('pre');
  await expect(shown).toContainText(titles.at(-1) ?? '');
  const text = (await shown.textContent()) ?? '';
  let from = 0;
  for (const title of titles) {
    const at = text.indexOf(title, from);
    expect(at, `“${title}” in order in\n${text}`).toBeGreaterThanOrEqual(0);
    from = at + title.length;
  }
  await app.press('Escape');
  await app.page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await app.page.emulateMedia({ media: 'print' });
  await expect(app.page.locator('pre.print-only')).toBeVisible();
  await expect(app.page.locator('pre.print-only')).toContainText(titles.at(-1) ?? '');
  await app.page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
});
