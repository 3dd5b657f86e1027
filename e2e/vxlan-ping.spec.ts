/** A ping through the tunnel, there and back again, with every table as it was. */
import { expect, test, type Framewalk } from './app';

const TABLES = ['route', 'neigh', 'fdb'] as const;

async function tablesOf(app: Framewalk, netns: string): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of TABLES) tables[table] = await app.rows(netns, table);
  return tables;
}

/** Each sentence after the one before. */
const STORY = [
  /^container-1 runs ping/,
  /^container-1 makes the echo request for 10\.1\.16\.3: next hop 10\.1\.15\.1/,
  /^container-1 asks everyone on eth0: who has 10\.1\.15\.1\?/,
  /^container-1 learns: 10\.1\.15\.1 is at 02:42:0a:01:0f:01/,
  /^docker0 takes the echo request up/,
  /^node1 looks up 10\.1\.16\.3: next hop 10\.1\.16\.0, out through flannel\.1/,
  /^node1 forwards the echo request: docker0 → flannel\.1, TTL 64 → 63/,
  /^flannel\.1 knows the MAC of 10\.1\.16\.0/,
  /^flannel\.1 finds the host behind that MAC: 10\.168\.0\.3/,
  /^flannel\.1 wraps the frame for 10\.168\.0\.3/,
  /^node1 sends the VXLAN packet to 10\.168\.0\.3/,
  /^node2 receives the VXLAN packet/,
  /^flannel\.1 unwraps it: VNI 1 is its own, out comes the echo request/,
  /^node2 looks up 10\.1\.16\.3: directly on docker0/,
  /^container-2 receives the echo request/,
  /^container-2 makes the echo reply for 10\.1\.15\.2/,
  /^flannel\.1 wraps the frame for 10\.168\.0\.2/,
  /^flannel\.1 unwraps it: VNI 1 is its own, out comes the echo reply/,
  /^container-1 receives the echo reply/,
  /^ping prints: 64 bytes from 10\.1\.16\.3: icmp_seq=1 ttl=62/,
];

test('a ping crosses the VXLAN tunnel, and walking back undoes every table change', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.isAt(0);
  const before = await tablesOf(app, 'node1');
  expect(before.route?.some((row) => row.startsWith('10.1.16.0/24 10.1.16.0 flannel.1'))).toBe(true);
  expect(before.fdb?.some((row) => row.startsWith('5e:f8:4f:00:e3:37 flannel.1 10.168.0.3'))).toBe(true);

  const { of } = await app.counter();
  const walked: string[] = [];
  // Stepping does not wait for the animation: a person in a hurry does not either.
  for (let number = 1; number <= of; number++) {
    await app.press('ArrowRight');
    await app.isAt(number);
    walked.push(await app.title());
  }
  await app.idle();
  expect(walked).toEqual(await app.titles());
  let from = 0;
  for (const sentence of STORY) {
    const at = walked.findIndex((title, i) => i >= from && sentence.test(title));
    expect(
      at,
      `${String(sentence)} comes after step ${from} in:\n${walked.join('\n')}`,
    ).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }
  await app.press('ArrowRight');
  await app.isAt(of);

  const after = await tablesOf(app, 'node1');
  const learned = after.neigh?.filter((row) => !before.neigh?.includes(row)) ?? [];
  expect(learned.map((row) => row.split(' ')[0]).sort()).toEqual(['10.1.15.2', '10.168.0.3']);
  expect(after.fdb?.filter((row) => !before.fdb?.includes(row))).toEqual([
    expect.stringMatching(/^02:42:0a:01:0f:02 vethcontainer-1 docker0/),
  ]);
  expect(after.route).toEqual(before.route);

  for (let number = of - 1; number >= 0; number--) {
    await app.press('ArrowLeft');
    await app.isAt(number);
  }
  await app.idle();
  expect(await tablesOf(app, 'node1')).toEqual(before);
});

test('going back one step brings back exactly the tables that were there', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.show('tables');
  await app.selectNetns('node1');
  const seen: Record<string, string[]>[] = [];
  const look = async () => ({
    neigh: await app.shownRows('neigh'),
    fdb: await app.shownRows('fdb'),
  });
  const first = await app.numberOf(/^docker0 takes the echo request up/);
  const last = await app.numberOf(/^node1 sends the VXLAN packet/);
  await app.goTo(first);
  for (let number = first; number <= last; number++) {
    await app.isAt(number);
    seen.push(await look());
    if (number < last) await app.press('ArrowRight');
  }
  // Rows that a step removed are shown in it, struck through; nothing is removed in these steps.
  expect(new Set(seen.map((tables) => JSON.stringify(tables))).size).toBeGreaterThan(2);
  for (let number = last; number >= first; number--) {
    await app.isAt(number);
    expect(await look(), `at step ${number}`).toEqual(seen[number - first]);
    if (number > first) await app.press('ArrowLeft');
  }
});

test('frames on the stage are the frames of the step', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.goTo(await app.numberOf(/^node1 sends the VXLAN packet to 10\.168\.0\.3/));
  await expect(app.packets).toHaveText(/Eth IP UDP VXLAN Eth IP ICMP.*148 bytes.*node1/);
  await app.show('packet');
  const layers = app.page.getByTestId('packet-tree').locator('[aria-level="1"] b');
  await expect(layers).toHaveText(['Ethernet', 'IPv4', 'UDP', 'VXLAN', 'Ethernet', 'IPv4', 'ICMP', 'Data']);

  await app.goTo(await app.numberOf(/^flannel\.1 unwraps it: .* echo request/));
  await expect(app.packets.first()).toContainText('node2');
  await app.goTo(await app.numberOf(/^lan floods the ARP request/));
  await expect(app.packets.first()).toContainText('ARP');
  await app.toStart();
  await expect(app.packets).toHaveCount(0);
});

test('whatever was clicked, → goes on stepping', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.goTo(10);
  let at = 10;
  const steps = async (after: string) => {
    await app.press('ArrowRight');
    at++;
    await expect(app.position, `→ after a click on ${after}`).toHaveText(new RegExp(`^${at}\\s*/`));
  };
  for (const panel of ['packet', 'lesson', 'tables'] as const) {
    await app.show(panel);
    await steps(`the tab ${panel}`);
    await expect(app.tab(panel)).toHaveAttribute('aria-selected', 'true');
  }
  await app.netns('node1').click();
  await steps('a namespace');
  await app.page.getByTestId('rows-route').locator('tbody tr').first().click();
  await steps('a row of a table');
  await app.device('node1', 'flannel.1').click();
  await steps('a device');
  await app.page.getByTestId('play').click();
  await app.page.getByTestId('play').click();
  await app.idle();
  at = await app.number();
  await steps('play');
});
