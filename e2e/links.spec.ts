/** Links: a moment travels, and a bad link costs no more than what is bad in it. */
import { deflateRawSync } from 'node:zlib';
import { expect, still, test, type Framewalk } from './app';

test.use(still);

/** As a link carries a scenario of one's own. */
const packed = (text: string) => deflateRawSync(Buffer.from(text)).toString('base64url');

async function opensWith(
  app: Framewalk,
  fragment: string,
  said: readonly (string | RegExp)[],
): Promise<void> {
  await app.open(fragment);
  const banner = app.banner('Part of the link could not be used');
  for (const words of said) await expect(banner).toContainText(words);
  await expect(app.problems).toHaveCount(0);
}
/** Something is open, and one can walk through it. */
async function works(app: Framewalk): Promise<void> {
  await app.step();
  const { at } = await app.counter();
  expect(at).toBeGreaterThan(0);
  await expect(app.current).toHaveCount(1);
}

test('a shared link opens the same moment in another window', async ({ app, another }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.toEnd();
  await app.terminal('node1', 'ip neigh show');
  await app.terminal('container-1', 'ping -c 1 -W 1 10.1.16.3');
  const wrap = (await app.titles()).findLastIndex((title) => /^flannel\.1 wraps the frame/.test(title)) + 1;
  await app.goTo(wrap);
  await app.show('tables');
  await app.selectNetns('node2');
  await app.device('node2', 'eth0').click();
  await app.show('packet');
  const url = await app.shared();
  // Catalogue scenario and two commands: short enough for a slide.
  expect(url.length).toBeLessThan(250);
  expect(url).toContain('#v=1&s=flannel-vxlan');

  const other = await another();
  await other.page.goto(url);
  await other.idle();
  expect(await other.titles()).toEqual(await app.titles());
  expect(await other.title()).toBe(await app.title());
  expect(await other.counter()).toEqual(await app.counter());
  await expect(other.tab('packet')).toHaveAttribute('aria-selected', 'true');
  await expect(other.device('node2', 'eth0')).toHaveAttribute('data-selected', 'true');
  await other.show('tables');
  await expect(other.netns('node2')).toHaveAttribute('aria-pressed', 'true');
  await expect(other.page.locator('html')).toHaveAttribute('lang', 'en');
});

test('the address bar is the link, and reloading stays', async ({ app }) => {
  await app.open('#v=1&s=flannel-host-gw&l=zh');
  await app.step(9);
  await app.show('terminal');
  await app.idle();
  const title = await app.title();
  const counter = await app.counter();
  await app.page.reload();
  await app.idle();
  expect(await app.title()).toBe(title);
  expect(await app.counter()).toEqual(counter);
  await expect(app.tab('terminal')).toHaveAttribute('aria-selected', 'true');
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
});

test('a link that names no namespace follows the story, as a fresh page does', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.goTo(await app.numberOf(/^node1 looks up 10\.1\.16\.3/));
  await expect(app.netns('Follow')).toHaveAttribute('aria-pressed', 'true');
  await app.idle();
  const url = app.page.url();
  await app.page.goto('about:blank');
  await app.page.goto(url);
  await app.idle();
  await expect(app.netns('Follow')).toHaveAttribute('aria-pressed', 'true');
  await expect(app.netns('node1')).toHaveAttribute('aria-pressed', 'true');
  await expect(app.page.getByTestId('rows-route').locator('tr[data-marks="used"]')).toContainText(
    '10.1.16.0/24',
  );
});

test('another link pasted into the same window is followed', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.page.evaluate(() => (location.hash = '#v=1&s=docker-bridge&c=1.3&l=en'));
  await expect(app.scenarioName).not.toContainText('VXLAN');
  await app.idle();
  await works(app);
});

test('each bad field is named and the others are used', async ({ app }) => {
  await opensWith(
    app,
    '#v=1&s=flannel-vxlan&c=xx&n=nowhere&p=cellar&l=en&q=1&j=container-1:ping+-c+1+10.1.16.3;rubbish&w=900',
    ['“xx”', '“nowhere”', '“cellar”', '“q”', 'Entry 2', '“900”'],
  );
  await expect(app.scenarioName).toContainText('Flannel VXLAN');
  await app.toEnd();
  expect(await app.title()).toMatch(/^ping prints/);
  await app.page
    .getByRole('button', { name: /close|dismiss/i })
    .first()
    .click();
  await expect(app.banner('Part of the link')).toHaveCount(0);
});

test('a scenario that is not in the catalogue', async ({ app }) => {
  await opensWith(app, '#v=1&s=nope&c=xx&l=en', ['“nope”', '“xx”']);
  await works(app);
});

test('links of an older and of a newer version', async ({ app }) => {
  // Without a number: as the first links were.
  await app.open('#s=docker-bridge&c=1.0&l=en');
  await expect(app.banner('Part of the link')).toHaveCount(0);
  await works(app);
  await opensWith(app, '#v=7&s=docker-bridge&l=en', ['newer Framewalk (version 7']);
  await expect(app.scenarioName).toContainText('Docker');
  await works(app);
  await opensWith(app, '#v=banana&s=docker-bridge&l=en', ['“banana” is not a number']);
  await works(app);
});

test('an oversized link', async ({ app }) => {
  await opensWith(app, `#v=1&s=flannel-vxlan&l=en&j=node1:${'x'.repeat(70_000)}`, ['at most 65536 are read']);
  await works(app);
});

test('garbage where a scenario should be', async ({ app }) => {
  await opensWith(app, '#v=1&l=en&d=AAAABBBBCCCC_-_-x', ['is damaged']);
  await works(app);
  await opensWith(app, `#v=1&l=en&d=${packed('a.json\n{}').slice(0, -4)}`, ['is damaged']);
  await works(app);
});

test('a scenario that unpacks to more than is read', async ({ app }) => {
  const bomb = packed(`bomb.json\n${' '.repeat(40_000_000)}`);
  expect(bomb.length).toBeGreaterThan(30_000);
  expect(bomb.length).toBeLessThan(65_000);
  await opensWith(app, `#v=1&l=en&d=${bomb}`, ['unpacks to more than 1000000 bytes']);
  await works(app);
});

/** Well packed, but nothing that can be run: the dialog says what is wrong, and can be closed. */
for (const [name, text] of [
  ['deep.json', '['.repeat(400_000)],
  [
    'laughs.yaml',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
  ],
  ['many.sh', 'ip netns add x\n'.repeat(60_000)],
  ['html.json', '{"title":"<img src=x onerror=alert(1)>","name":"<script>"}'],
] as const) {
  test(`a hostile scenario inside a link: ${name}`, async ({ app }) => {
    await app.open(`#v=1&l=en&d=${packed(`${name}\n${text}`)}`);
    await expect(app.page.getByTestId('app')).toBeVisible();
    await expect(app.problems).toBeVisible();
    await expect(app.problems.getByRole('listitem').first()).not.toBeEmpty();
    await app.press('Escape');
    await expect(app.problems).toHaveCount(0);
    await app.pickScenario('Docker bridge');
    await works(app);
  });
}

/** Two bridges and two cables between them: the first broadcast never ends. */
const LOOP = `ip netns add a
ip netns add b
ip netns add host
ip link add p1 netns a type veth peer name p1 netns b
ip link add p2 netns a type veth peer name p2 netns b
ip link add eth0 netns host type veth peer name p3 netns a
ip -n a link add br0 type bridge
ip -n b link add br0 type bridge
ip -n a link set p1 master br0 up
ip -n a link set p2 master br0 up
ip -n a link set p3 master br0 up
ip -n b link set p1 master br0 up
ip -n b link set p2 master br0 up
ip -n a link set br0 up
ip -n b link set br0 up
ip -n host addr add 10.0.0.1/24 dev eth0
ip -n host link set eth0 up
ip netns exec host ping -c 1 -W 1 10.0.0.2
`;
test('a broadcast storm inside a link comes to its bound, and the page stays usable', async ({ app }) => {
  await app.open(`#v=1&l=en&d=${packed(`loop.sh\n${LOOP}`)}`);
  await expect(app.problems).toContainText(/stopped/i);
  await app.press('Escape');
  await expect(app.problems).toHaveCount(0);
  expect((await app.counter()).of).toBeGreaterThan(1000);
  await app.step(3);
  await app.isAt(3);
  await app.toEnd();
  await app.press('ArrowLeft');
  await app.idle();
  await app.toStart();
  await app.isAt(0);
});

test('markup in a link stays text', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en&j=node1:echo+%3Cimg+src=x+onerror=alert(1)%3E&n=%3Cb%3Ex');
  await app.toEnd();
  await app.show('terminal');
  await app.selectNetns('node1');
  await expect(app.terminalOutput).toContainText('<img src=x onerror=alert(1)>');
  await expect(app.page.locator('img')).toHaveCount(0);
});
