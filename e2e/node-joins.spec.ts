/** flanneld starts on node2: its lease appears in etcd, and on node1 neighbour, FDB entry and route. */
import { expect, still, test, type Framewalk } from './app';

test.use(still);

const ROWS = {
  route: /^10\.1\.16\.0\/24 10\.1\.16\.0 flannel\.1/,
  neigh: /^10\.1\.16\.0 flannel\.1 5e:f8:4f:00:e3:37/,
  fdb: /^5e:f8:4f:00:e3:37 flannel\.1 10\.168\.0\.3/,
  etcd: /subnets\/10\.1\.16\.0-24/,
} as const;
const TABLES = ['route', 'neigh', 'fdb', 'etcd'] as const;

/** Which of the rows about node2 are on node1, the etcd key among them. */
async function known(app: Framewalk): Promise<string[]> {
  await app.show('tables');
  await app.selectNetns('node1');
  const found: string[] = [];
  for (const table of TABLES) {
    if ((await app.page.getByTestId(`table-${table}`).count()) === 0) continue;
    const rows = await app.shownRows(table);
    if (rows.some((row) => ROWS[table].test(row))) found.push(table);
  }
  return found;
}

test('rows about the new node come with the cursor and go when one seeks back', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan-join&l=en');
  expect(await known(app)).toEqual([]);

  // One story: the command, the lease in etcd, the watch on node1.
  const titles = await app.titles();
  let from = 0;
  for (const sentence of [
    /^node2 runs systemctl start flanneld/,
    /^flanneld on node2 asks etcd for config/,
    /^flanneld on node2 hears the answer of etcd and creates flannel\.1/,
    /^flanneld on node2 asks etcd for a lease of 86400s/,
    /^flanneld on node2 claims 10\.1\.16\.0-24 in etcd/,
    /^flanneld on node1 hears from etcd of 10\.1\.16\.0-24: writes neighbour, FDB entry, route/,
    /^ping prints: 64 bytes from 10\.1\.16\.3: icmp_seq=1 ttl=62/,
  ]) {
    const at = titles.findIndex((title, i) => i >= from && sentence.test(title));
    expect(at, `${String(sentence)} in:\n${titles.slice(from).join('\n')}`).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }

  const claim = await app.numberOf(/^flanneld on node2 claims/);
  await app.goTo(claim);
  expect(await known(app)).not.toContain('route');
  const heard = await app.numberOf(/^flanneld on node1 hears from etcd of 10\.1\.16\.0-24/);
  await app.goTo(heard);
  expect(await known(app)).toEqual([...TABLES]);
  // The step's own rows are marked as new.
  for (const table of ['route', 'neigh', 'fdb'] as const) {
    await expect(
      app.page.getByTestId(`table-${table}`).locator('tr[data-marks~="added"]').first(),
    ).toBeVisible();
  }
  await app.back();
  expect(await known(app)).toEqual(['etcd']);
  await app.toStart();
  expect(await known(app)).toEqual([]);
  await app.toEnd();
  expect(await known(app)).toEqual([...TABLES]);
});

test('a node leaves: its lease is given back, and node1 forgets it', async ({ app }) => {
  await app.open('#v=1&s=flannel-vxlan-join&l=en');
  await app.toEnd();
  const key = '/coreos.com/network/subnets/10.1.16.0-24';
  await app.terminal('node1', `ETCDCTL_API=3 etcdctl del ${key}`);
  await app.toEnd();
  await app.terminal('node1', 'sleep 1');
  await app.toEnd();
  expect(await known(app)).toEqual([]);
  const ping = 'ping -c 1 -W 1 10.1.16.3';
  await app.terminal('container-1', ping);
  await app.toEnd();
  expect(await app.printed(ping)).not.toContain('bytes from');
});

test.describe('on a phone', () => {
  test.use({ ...still, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  test('the tables of node1 fill while one taps through, in Chinese', async ({ app }) => {
    await app.open('#v=1&s=flannel-vxlan-join&l=zh');
    const heard = await app.numberOf(
      /^node1 上的 flanneld 从 etcd 得知 10\.1\.16\.0-24：写入邻居、FDB 表项和路由/,
    );
    await app.goTo(heard - 1);
    expect(await known(app)).toEqual(['etcd']);
    await app.page.getByRole('button', { name: '前进一步' }).tap();
    await app.idle();
    expect(await known(app)).toEqual([...TABLES]);
    const { page, window } = await app.page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      window: innerWidth,
    }));
    expect(page).toBe(window);
  });
});
