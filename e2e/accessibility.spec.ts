/** axe finds nothing serious, wherever one is. */
import AxeBuilder from '@axe-core/playwright';
import { expect, still, test, type Framewalk } from './app';

test.use(still);

async function expectNoViolations(app: Framewalk, where: string): Promise<void> {
  await app.idle();
  // Colours fade from one state to the next; what is measured is how they end.
  await app.page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
        .map(({ finished }) => finished.catch(() => undefined)),
    ),
  );
  const { violations } = await new AxeBuilder({ page: app.page }).analyze();
  const bad = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => ({
      where,
      id,
      impact,
      nodes: nodes
        .slice(0, 5)
        .map(
          ({ html, failureSummary }) => `${html.slice(0, 160)} — ${failureSummary?.split('\n')[1]?.trim()}`,
        ),
    }));
  expect(bad).toEqual([]);
}

/** What is looked at in each theme; the colours are the theme's, the structure is the same. */
for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test(`the screen and its panels (${theme})`, async ({ app }) => {
      await app.open('#v=1&s=flannel-vxlan&l=en');
      await expect(app.page.locator('html')).toHaveAttribute('data-theme', theme);
      await app.goTo(await app.numberOf(/^node1 looks up 10\.1\.16\.3/));
      await expectNoViolations(app, 'a lookup, tables');
      await app.goTo(await app.numberOf(/^node1 learns: 10\.168\.0\.3/));
      await app.show('packet');
      await expectNoViolations(app, 'packet');
      await app.terminal('node1', 'bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self');
      await app.terminal('container-1', 'ping -c 1 -W 1 10.1.16.3');
      await app.toEnd();
      await app.goTo(await app.numberOf(/^flannel\.1 drops/));
      await expectNoViolations(app, 'a drop, terminal');
    });
  });
}

test('what opens over the screen', async ({ app }) => {
  await app.page.emulateMedia({ colorScheme: 'dark' });
  await app.open('#v=1&s=docker-bridge&l=en');
  await app.show('lesson');
  await app.press('?');
  await expect(app.page.getByRole('dialog')).toBeVisible();
  await expectNoViolations(app, 'help');
  await app.press('Escape');
  await app.press('/');
  await expect(app.page.getByRole('combobox')).toBeFocused();
  await app.page.keyboard.type('node');
  await expect(app.page.getByRole('option').first()).toBeVisible();
  await expectNoViolations(app, 'palette');
  await app.press('Escape');
  await app.page.getByTestId('scenario-picker').click();
  await expectNoViolations(app, 'picker, lesson');
  await app.press('Escape');
  await app.page.getByTestId('break-menu').click();
  await expect(app.page.getByRole('listbox').getByRole('option').first()).toBeVisible();
  await expectNoViolations(app, 'faults');
});

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    test(`rules and the Break menu (${theme})`, async ({ app }) => {
      await app.open('#v=1&s=docker-published-port&l=en');
      await app.goTo(await app.numberOf(/^host rewrites the destination/));
      await app.show('tables');
      await expect(app.page.getByTestId('iptables-nat')).toBeVisible();
      await app.breaksAt('host');
      await expectNoViolations(app, 'rules, their why, faults of a machine');
    });
    test(`connections and the log (${theme})`, async ({ app }) => {
      await app.open('#v=1&s=docker-host-to-container&l=zh');
      await app.toEnd();
      await app.show('tables');
      await app.selectNetns('host');
      await expect(app.page.getByTestId('table-conntrack')).toBeVisible();
      await expect(app.page.getByTestId('table-log')).toBeVisible();
      await expectNoViolations(app, 'connections and the log');
    });
    test(`user space (${theme})`, async ({ app }) => {
      await app.open('#v=1&s=flannel-udp&l=en');
      await app.goTo(await app.numberOf(/^flanneld reads the echo request/));
      await expectNoViolations(app, 'user space');
    });
  });
}

test('a phone, and Chinese', async ({ app }) => {
  await app.page.setViewportSize({ width: 390, height: 844 });
  await app.open('#v=1&s=flannel-vxlan&c=1.22&l=zh');
  for (const panel of ['story', 'tables', 'packet', 'terminal'] as const) {
    await app.show(panel);
    await expectNoViolations(app, `phone, ${panel}`);
  }
});

test('what was refused', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&c=xx&l=en');
  await expectNoViolations(app, 'a banner');
  await app.drop('broken.yml', 'kind: [');
  await expect(app.problems).toBeVisible();
  await expectNoViolations(app, 'problems');
});
