/** Commands: breaking something, asking in the past, and the way back. */
import { expect, still, test } from './app';

test.use(still);

const DELETE = 'bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self';

test('without its FDB entry the tunnel drops the ping and says why; undo brings the old story back', async ({
  app,
}) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  const before = await app.titles();
  const there = await app.counter();

  await app.terminal('node1', DELETE);
  expect(await app.rows('node1', 'fdb')).not.toContainEqual(expect.stringContaining('10.168.0.3'));
  await app.toEnd();
  await app.terminal('container-1', 'ping -c 1 -W 1 10.1.16.3');
  await app.toEnd();
  const printed = await app.printed('ping -c 1 -W 1 10.1.16.3');
  expect(printed).toContain('1 packets transmitted, 0 received, 100% packet loss, time 0ms');
  expect(printed).not.toContain('bytes from');
  expect(printed).toContain('exit status 1');

  const titles = await app.titles();
  expect(titles.slice(0, before.length)).toEqual(before);
  const drop = titles.findIndex((title, i) => i >= before.length && /drop/i.test(title)) + 1;
  expect(drop, titles.slice(before.length).join('\n')).toBeGreaterThan(0);
  await app.goTo(drop);
  expect(await app.title()).toMatch(/^flannel\.1 drops the echo request: /);
  await expect(app.why).toContainText('5e:f8:4f:00:e3:37');
  await expect(app.device('node1', 'flannel.1')).toHaveAttribute('data-dropped', 'true');

  await app.undo();
  await app.undo();
  expect(await app.titles()).toEqual(before);
  expect(await app.counter()).toEqual(there);
  expect(await app.rows('node1', 'fdb')).toContainEqual(
    expect.stringMatching(/^5e:f8:4f:00:e3:37 flannel\.1 10\.168\.0\.3/),
  );
  await app.redo();
  await app.redo();
  expect(await app.titles()).toEqual(titles);
});

test('a command in the past forks the story, and undo joins it again', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  // A second ping, so that there is something to come after the middle.
  await app.terminal('container-1', 'ping -c 1 -W 1 10.1.16.3');
  await app.toEnd();
  const whole = await app.titles();
  const secondPing = whole.findIndex((title, i) => i > 0 && title.startsWith('container-1 runs ping'));
  expect(secondPing).toBeGreaterThan(0);
  // Its last step before the second ping: what was asked has ended, what comes later is set aside.
  await app.goTo(secondPing);
  const here = await app.counter();
  const title = await app.title();

  await app.openTerminal('node1');
  await expect(app.page.getByText('A command forks the story here')).toBeVisible();
  await app.terminal('node1', 'ip route del 10.1.16.0/24');
  await expect(app.page.getByText('A command forks the story here')).toBeHidden();
  const forked = await app.titles();
  expect(forked.slice(0, secondPing)).toEqual(whole.slice(0, secondPing));
  expect(forked.slice(secondPing)).not.toEqual(whole.slice(secondPing));
  expect(forked.filter((each) => each.startsWith('container-1 runs ping'))).toHaveLength(1);
  await app.toEnd();
  expect(await app.rows('node1', 'route')).not.toContainEqual(expect.stringContaining('10.1.16.0/24'));
  await app.terminal('node1', 'ip route get 10.1.16.3');
  expect(await app.printed('ip route get 10.1.16.3')).toContain('RTNETLINK answers: Network is unreachable');

  await app.undo();
  await app.undo();
  expect(await app.titles()).toEqual(whole);
  expect(await app.counter()).toEqual(here);
  expect(await app.title()).toBe(title);
});

test('asking in the middle of a ping answers with what is true at that moment', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  const middle = await app.numberOf(/^flannel\.1 wraps the frame for 10\.168\.0\.3/);
  await app.goTo(middle);
  const before = await app.titles();
  const here = await app.counter();
  await app.terminal('node1', 'ip neigh show');
  const printed = await app.printed('ip neigh show');
  // container-1 is known by then, node2 is not asked yet.
  expect(printed).toContain('10.1.15.2 dev docker0 lladdr 02:42:0a:01:0f:02');
  expect(printed).toContain('10.1.16.0 dev flannel.1 lladdr 5e:f8:4f:00:e3:37 PERMANENT');
  expect(printed).not.toContain('52:54:0a:a8:00:03');
  const forked = await app.titles();
  expect(forked).not.toEqual(before);
  // The ping goes on meanwhile.
  expect(forked.at(-1)).toMatch(/^ping prints: 64 bytes from 10\.1\.16\.3/);
  await app.undo();
  expect(await app.titles()).toEqual(before);
  expect(await app.counter()).toEqual(here);
});

test('the terminal says what Linux says', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  const says = async (netns: string, command: string, words: string, exit?: number) => {
    await app.terminal(netns, command);
    const printed = await app.printed(command);
    expect(printed, command).toContain(words);
    if (exit !== undefined) expect(printed, command).toContain(`exit status ${exit}`);
  };
  await says('node1', 'ip route add 10.9.0.0/24 via 10.77.0.1', 'Error: Nexthop has invalid gateway.', 2);
  await says('node1', 'ip route add 10.1.16.0/24 dev eth0', 'RTNETLINK answers: File exists', 2);
  await says('node1', 'ip link set dev nope up', 'Cannot find device "nope"', 1);
  await says('node1', 'frobnicate', 'bash: frobnicate: command not found', 127);
  await says('container-1', 'ip route get 10.1.16.3', '10.1.16.3 via 10.1.15.1 dev eth0 src 10.1.15.2');
  await says('node1', 'bridge fdb show dev flannel.1', '5e:f8:4f:00:e3:37 dst 10.168.0.3 self permanent');
});

test('Tab completes, ↑ brings back what was typed', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  await app.openTerminal('node1');
  await app.terminalInput.fill('bridge fdb show dev flan');
  await app.terminalInput.press('Tab');
  await expect(app.terminalInput).toHaveValue(/^bridge fdb show dev flannel\.1 ?$/);
  await app.terminalInput.press('Enter');
  await app.idle();
  await expect(app.terminalInput).toHaveValue('');
  await app.terminalInput.press('ArrowUp');
  await expect(app.terminalInput).toHaveValue(/^bridge fdb show dev flannel\.1/);
  await app.terminalInput.press('ArrowDown');
  await expect(app.terminalInput).toHaveValue('');
});

test('the Break menu runs the command it shows', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  const before = await app.titles();
  await app.goTo(await app.numberOf(/^flannel\.1 finds the host behind that MAC: 10\.168\.0\.3/));
  await app.page.getByTestId('break-menu').click();
  const item = app.page.getByRole('option', { name: /Delete the forwarding entry of 5e:f8:4f:00:e3:37/ });
  await expect(item).toContainText(DELETE);
  await item.click();
  await app.idle();
  expect(await app.titles()).not.toEqual(before);
  await app.openTerminal('node1');
  await expect(app.terminalOutput).toContainText(DELETE);
  await app.page.getByRole('button', { name: 'Undo the last command' }).click();
  await app.idle();
  expect(await app.titles()).toEqual(before);
});
