/** Breaking and mending from the Break menu, with the mouse and with the keyboard. */
import { expect, still, test, type Framewalk } from './app';

test.use(still);

const PING = 'ping -c 1 -W 1 10.1.16.3';

/** Another ping, and what it printed. */
async function ping(app: Framewalk, command = PING): Promise<string> {
  await app.terminal('container-1', command);
  await app.toEnd();
  return app.printed(command);
}

/** Searches in the Break menu and takes the first hit, without a mouse. */
async function takeByKeys(app: Framewalk, words: string, expected: RegExp): Promise<void> {
  await app.page.getByTestId('break-menu').focus();
  await app.press('Enter');
  const list = app.page.getByRole('listbox');
  await expect(app.page.getByRole('combobox', { name: 'Break something' })).toBeFocused();
  await app.page.keyboard.type(words);
  await expect(list.getByRole('option', { selected: true })).toContainText(expected);
  await app.press('Enter');
  await expect(list).toBeHidden();
  await app.idle();
  await app.toEnd();
}

test('a forwarding entry is deleted and put back with the mouse', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  expect(await ping(app)).toContain('ttl=62');
  await app.breakIt('node1', /Delete the forwarding entry of 5e:f8:4f:00:e3:37/);
  await app.toEnd();
  expect(await ping(app)).toContain('100% packet loss');
  expect((await app.titles()).some((title) => /^flannel\.1 drops the echo request/.test(title))).toBe(true);
  await app.breakIt('node1', /Put the forwarding entry of 5e:f8:4f:00:e3:37 back/);
  await app.toEnd();
  expect(await ping(app)).toContain('ttl=62');
  // Mended, it is no longer offered.
  const list = await app.breaksAt('node1');
  await expect(list.getByRole('option', { name: /Delete the forwarding entry/ }).first()).toBeVisible();
  await expect(list.getByRole('option', { name: /Put the forwarding entry/ })).toHaveCount(0);
});

test('the same with the keyboard alone', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  await takeByKeys(app, 'forwarding 5e:f8 delete', /Delete the forwarding entry of 5e:f8:4f:00:e3:37/);
  expect(await ping(app)).toContain('100% packet loss');
  await takeByKeys(app, 'forwarding 5e:f8 back', /Put the forwarding entry of 5e:f8:4f:00:e3:37 back/);
  expect(await ping(app)).toContain('ttl=62');
});

test('flanneld stopped: VXLAN goes on carrying', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  await app.breakIt('node1', /Stop flanneld: what it has written stays/);
  await app.toEnd();
  expect(await ping(app)).toContain('ttl=62');
  await app.breakIt('node1', /Start flanneld again/);
  await app.toEnd();
  expect(await ping(app)).toContain('ttl=62');
});

test('delay and loss on a cable, chosen with ← and →', async ({ app }) => {
  await app.open('#v=1&s=docker-bridge&l=en');
  await app.toEnd();
  const command = 'ping -c 1 -W 1 172.17.0.3';
  const asked = async () => {
    await app.terminal('nginx-1', command);
    await app.toEnd();
    return app.printed(command);
  };
  const timeOf = (printed: string) => Number(/time=([\d.]+) ms/.exec(printed)?.[1] ?? NaN);
  expect(timeOf(await asked())).toBeLessThan(1);

  await app.breakIt('nginx-1', /Delay what eth0 sends/);
  await app.toEnd();
  expect(await app.rows('nginx-1', 'qdisc')).toContainEqual(expect.stringMatching(/^eth0 netem .*delay/));
  expect(timeOf(await asked())).toBeGreaterThanOrEqual(10);
  await app.breakIt('nginx-1', /No more delay or loss on eth0/);
  await app.toEnd();
  expect(timeOf(await asked())).toBeLessThan(1);

  // → takes the next of the choices, ← the last one, half of it all.
  await app.breaksAt('nginx-1');
  await app.page.getByRole('combobox', { name: 'Break something' }).fill('Lose some of what eth0');
  const item = app.page.getByRole('listbox').getByRole('option', { selected: true });
  await expect(item).toContainText('Lose some of what eth0 sends');
  const order = item.locator('code').first();
  const first = await order.innerText();
  await app.press('ArrowLeft');
  await expect(order).not.toHaveText(first);
  await expect(order).toContainText('loss 50%');
  await app.press('Enter');
  await app.idle();
  await app.toEnd();
  const many = 'ping -q -c 8 -i 0.2 -W 1 172.17.0.3';
  await app.terminal('nginx-1', many);
  await app.toEnd();
  const received = Number(/8 packets transmitted, (\d) received/.exec(await app.printed(many))?.[1]);
  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan(8);
});

test('a cable is cut and plugged in again, in Chinese', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=zh');
  await app.toEnd();
  await app.breakIt('node1', /把 eth0 的线缆从 .*拔掉/);
  await app.toEnd();
  expect(await app.rows('node1', 'link')).toContainEqual(expect.stringMatching(/^eth0 DOWN /));
  expect(await ping(app)).toContain('100% packet loss');
  await app.breakIt('node1', /把 eth0 的线缆重新插到/);
  await app.toEnd();
  expect(await ping(app)).toContain('ttl=62');
});

test('broken before anything has happened, the opening ping comes all the same, and fails', async ({
  app,
}) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.breakIt('node1', /Delete the forwarding entry of 5e:f8:4f:00:e3:37/);
  await app.toEnd();
  expect((await app.titles()).some((title) => /^flannel\.1 drops the echo request/.test(title))).toBe(true);
});
