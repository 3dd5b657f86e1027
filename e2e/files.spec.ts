/** Files dropped on the page: manifests, scripts, scenarios, and what is wrong with them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, still, test } from './app';

test.use(still);

const file = (path: string) =>
  readFileSync(join(import.meta.dirname, '..', 'src', 'scenarios', path), 'utf8');

test('a host-gw ConfigMap as tutorials print it rebuilds the cluster with that backend', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.drop('kube-flannel-cfg.yml', file('testdata/kube-flannel-host-gw.yml'));
  await expect(app.scenarioName).not.toContainText('Flannel VXLAN');
  await app.idle();
  await expect(app.problems).toHaveCount(0);
  const routes = await app.rows('node1', 'route');
  // The other node's subnet, straight through its address on the wire.
  expect(routes).toContainEqual(expect.stringMatching(/^10\.244\.\d+\.0\/24 (\d+\.){3}\d+ eth0/));
  expect(routes).not.toContainEqual(expect.stringContaining('flannel.1'));
  expect(await app.rows('node1', 'link')).not.toContainEqual(expect.stringContaining('vxlan'));
  await app.toEnd();
  expect((await app.titles()).join('\n')).toMatch(/ping prints: 64 bytes from 10\.244\./);
});

test("today's official kube-flannel.yml runs with VXLAN, and what is not built is said", async ({ app }) => {
  await app.open('#v=1&s=flannel-host-gw&l=en');
  await app.drop('kube-flannel.yml', file('testdata/kube-flannel-today.yml'));
  await expect(app.scenarioName).not.toContainText('host-gw');
  await app.idle();
  await expect(app.banner('Good to know about what was opened')).toBeVisible();
  const routes = await app.rows('node1', 'route');
  expect(routes).toContainEqual(
    expect.stringMatching(/^10\.244\.\d+\.0\/24 10\.244\.\d+\.0 flannel\.1.*onlink/),
  );
  expect(await app.rows('node1', 'link')).toContainEqual(expect.stringContaining('vxlan vni 1'));
  await app.toEnd();
  expect((await app.titles()).join('\n')).toMatch(/flannel\.1 wraps the frame/);
});

test('a broken manifest is refused with its line, and the old scenario stays', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan&c=1.22&l=en');
  const before = { titles: await app.titles(), counter: await app.counter(), url: app.page.url() };
  const manifest = file('testdata/kube-flannel-host-gw.yml');
  await app.drop('kube-flannel-cfg.yml', manifest.replace('"Type": "host-gw"', '"Type" "host-gw"'));
  const place = manifest.split('\n').findIndex((line) => line.includes('"Type"')) + 1;
  await expect(app.problems).toContainText('net-conf.json');
  await expect(app.problems).toContainText(`line ${place}`);
  await expect(app.problems).toContainText('Nothing was changed');
  await app.page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
  await expect(app.problems).toHaveCount(0);
  await app.idle();
  await expect(app.scenarioName).toContainText('Flannel VXLAN');
  expect(await app.titles()).toEqual(before.titles);
  expect(await app.counter()).toEqual(before.counter);
  expect(app.page.url()).toBe(before.url);

  // Not even YAML.
  const bad = manifest.replace('  namespace:', '\tnamespace:');
  const number = bad.split('\n').findIndex((line) => line.startsWith('\t')) + 1;
  await app.drop('kube-flannel-cfg.yml', bad);
  await expect(app.problems).toContainText(`line ${number}`);
  await app.press('Escape');
  await expect(app.scenarioName).toContainText('Flannel VXLAN');
});

const TUTORIAL = `#!/bin/bash
# Two namespaces and a cable, as every tutorial begins.
NS1=red
NS2=blue
ip netns add $NS1
ip netns add $NS2
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns $NS1
ip link set veth-blue netns $NS2
ip netns exec $NS1 ip addr add 192.168.15.1/24 dev veth-red
ip -n blue addr add 192.168.15.2/24 dev veth-blue
ip -n red link set veth-red up
ip -n blue link set veth-blue up
ip netns exec red ping -c 1 192.168.15.2
`;

test('a tutorial script runs line by line, and its link carries it', async ({ app, another }) => {
  await app.open('#v=1&s=flannel-vxlan&l=en');
  await app.drop('tutorial.sh', TUTORIAL);
  await expect(app.scenarioName).toContainText('tutorial');
  await app.idle();
  await app.toEnd();
  const titles = await app.titles();
  expect(titles.join('\n')).toMatch(/red asks everyone on veth-red: who has 192\.168\.15\.2\?/);
  expect(titles.join('\n')).toMatch(/ping prints: 64 bytes from 192\.168\.15\.2: icmp_seq=1 ttl=64/);
  await app.openTerminal('red');
  await expect(app.terminalOutput).toContainText('1 received, 0% packet loss');

  const url = await app.shared();
  const other = await another();
  await other.page.goto(url);
  await other.idle();
  expect(await other.titles()).toEqual(titles);
  expect(await other.counter()).toEqual(await app.counter());
});

test('a script line that is not understood is named, and nothing is guessed', async ({ app }) => {
  await app.open('#v=1&s=docker-bridge&l=en');
  await app.drop(
    'loop.sh',
    TUTORIAL.replace('ip netns add $NS2', 'for i in 1 2 3; do ip netns add x$i; done'),
  );
  await expect(app.problems).toContainText('line 6');
  await app.press('Escape');
  await app.drop(
    'gateway.sh',
    TUTORIAL.replace(
      'ip netns exec red ping',
      'ip -n red route add default via 10.9.9.9\nip netns exec red ping',
    ),
  );
  await expect(app.problems).toContainText('line 14');
  await expect(app.problems).toContainText('Error: Nexthop has invalid gateway.');
  await app.press('Escape');
  await expect(app.scenarioName).toContainText('Docker');
});

test('a scenario file', async ({ app }) => {
  const scenario = JSON.parse(file('flannel-vxlan/scenario.json')) as Record<string, unknown>;
  const text = JSON.stringify({ ...scenario, title: 'My own network' }, null, 2);
  await app.open('#v=1&s=docker-bridge&l=en');
  await app.drop('mine.json', text);
  await expect(app.scenarioName).toContainText('My own network');
  await app.idle();
  await app.toEnd();
  expect(await app.title()).toMatch(/^ping prints: 64 bytes/);

  await app.drop('mine.json', text.replace('"machines"', '"mashines"'));
  await expect(app.problems).toContainText('mashines');
  await app.press('Escape');
  await app.drop('mine.json', text.slice(0, -20));
  await expect(app.problems).toContainText(/line \d+/);
  await app.press('Escape');
  await expect(app.scenarioName).toContainText('My own network');
});
