/** Flannel's UDP backend: every packet climbs into flanneld and back, and without flanneld there is no network. */
import { expect, still, test, type Framewalk } from './app';

test.use(still);

const SCENARIO = '#v=1&s=flannel-udp';

/** One step on; the capsule is at flanneld's card, in the user space of the node. */
async function expectInUserSpace(app: Framewalk, node: string, title: RegExp, copies: string): Promise<void> {
  await app.step();
  expect(await app.title()).toMatch(title);
  await expect(app.device(node, 'flanneld')).toHaveAttribute('data-active', 'true');
  await expect(app.device(node, 'flanneld')).toBeInViewport();
  await expect(app.packets.filter({ hasText: node })).not.toHaveCount(0);
  const paths = await app.packets.evaluateAll((items) => items.map((item) => item.getAttribute('data-path')));
  expect(paths.join()).toContain('flanneld');
  await expect(app.why).toContainText(copies);
}

test('a ping is walked through flanneld on both nodes, each copy counted', async ({ app }) => {
  await app.open(`${SCENARIO}&l=en`);
  // The first copy is ping's own.
  const steps = await app.steps();
  const made = steps.find(({ title }) => title.startsWith('container-1 makes the echo request'));
  expect(made?.detail).toContain('user space → kernel, copy 1');

  await app.goTo(await app.numberOf(/^node1 forwards the echo request: docker0 → flannel0, TTL 64 → 63/));
  await expect(app.device('node1', 'flanneld')).not.toHaveAttribute('data-active');
  const sending = '3 copies between user space and kernel, 1 context switch.';
  await expectInUserSpace(
    app,
    'node1',
    /^flanneld reads the echo request \(read flannel0\): kernel → user space, copy 2$/,
    sending,
  );
  await expectInUserSpace(
    app,
    'node1',
    /^flanneld wraps it in UDP for 10\.168\.0\.3 \(sendto\): user space → kernel, copy 3$/,
    sending,
  );
  await expect(app.why).toContainText(
    'flanneld lowers the TTL of what it carries, as a router does: 63 → 62.',
  );

  await app.goTo(await app.numberOf(/^node1 sends the flannel UDP packet to 10\.168\.0\.3/));
  await app.show('packet');
  await expect(app.page.getByTestId('packet-tree')).toContainText('8285');

  await app.goTo(await app.numberOf(/^node2 receives the flannel UDP packet/));
  const receiving = '2 copies between user space and kernel, 1 context switch.';
  await expectInUserSpace(app, 'node2', /^flanneld reads the flannel UDP packet .*copy 1$/, receiving);
  await expectInUserSpace(
    app,
    'node2',
    /^flanneld writes the echo request into flannel0: .*copy 2$/,
    receiving,
  );
  await app.step(2);
  expect(await app.title()).toMatch(/^node2 forwards the echo request: flannel0 → docker0, TTL 61 → 60/);

  await app.toEnd();
  expect(await app.title()).toMatch(/^ping prints: 64 bytes from 100\.96\.2\.3: icmp_seq=1 ttl=60 /);
  await app.openTerminal('container-1');
  await expect(app.terminalOutput).toContainText('ttl=60');
});

test('the same in Chinese', async ({ app }) => {
  await app.open(`${SCENARIO}&l=zh`);
  const titles = await app.titles();
  const copies = titles.filter((title) => title.startsWith('flanneld '));
  expect(copies.slice(0, 4)).toEqual([
    'flanneld 读出 ICMP 回显请求（read flannel0）：内核态 → 用户态，第 2 次复制',
    'flanneld 用 UDP 封装，发往 10.168.0.3（sendto）：用户态 → 内核态，第 3 次复制',
    'flanneld 读出 flannel UDP 报文（recvfrom）：内核态 → 用户态，第 1 次复制',
    'flanneld 把 ICMP 回显请求写入 flannel0：用户态 → 内核态，第 2 次复制',
  ]);
  await app.goTo(titles.findIndex((title) => title.includes('第 3 次复制')) + 1);
  await expect(app.why).toContainText('用户态与内核态之间复制 3 次');
});

for (const how of ['typed', 'from the menu'] as const) {
  test(`flanneld stopped, ${how}: flannel0 goes, and so does the network`, async ({ app }) => {
    await app.open(`${SCENARIO}&l=en`);
    await app.toEnd();
    expect(await app.rows('node1', 'link')).toContainEqual(expect.stringMatching(/^flannel0\b/));
    if (how === 'typed') await app.terminal('node1', 'systemctl stop flanneld');
    else await app.breakIt('node1', /Stop flanneld/);
    await app.toEnd();
    expect(await app.rows('node1', 'link')).not.toContainEqual(expect.stringMatching(/^flannel0\b/));
    expect(await app.rows('node1', 'route')).not.toContainEqual(expect.stringContaining('flannel0'));
    await expect(app.device('node1', 'flannel0')).toHaveCount(0);

    const ping = 'ping -c 1 -W 1 100.96.2.3';
    await app.terminal('container-1', ping);
    await app.toEnd();
    const printed = await app.printed(ping);
    expect(printed).toContain('1 packets transmitted, 0 received, 100% packet loss');
    expect(printed).not.toContain('bytes from');

    if (how === 'typed') await app.terminal('node1', 'systemctl start flanneld');
    else await app.breakIt('node1', /Start flanneld again/);
    await app.toEnd();
    await app.terminal('node1', 'sleep 2');
    await app.toEnd();
    await app.terminal('container-1', ping);
    await app.toEnd();
    expect(await app.printed(ping)).toContain('ttl=60');
  });
}
