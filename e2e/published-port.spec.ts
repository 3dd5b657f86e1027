/** A published port: DNAT on the way in, the address put back on the way out, and conntrack in between. */
import { expect, still, test } from './app';

test.use(still);

const DNAT = 'DNAT --to-destination 172.17.0.2:80';

test('the SYN is followed through DNAT and its answer back', async ({ app }) => {
  await app.open('#v=1&s=docker-published-port&l=en');
  const rewrites = await app.numberOf(
    /^host rewrites the destination: 192\.168\.44\.128:8080 → 172\.17\.0\.2:80/,
  );
  await app.goTo(rewrites - 1);
  await app.show('tables');
  await app.selectNetns('host');
  const dnat = app.rule('nat', 'DOCKER', DNAT);
  await expect(dnat).toHaveCount(1);
  expect(await app.counted(dnat)).toEqual([0, 0]);
  await expect(dnat).not.toHaveAttribute('data-marks');

  await app.step();
  await expect(dnat).toHaveAttribute('data-marks', /decided/);
  // A SYN of 20 bytes of IP, 20 of TCP and 20 of options.
  expect(await app.counted(dnat)).toEqual([1, 60]);
  await expect(app.why).toContainText(`PREROUTING 1 -m addrtype --dst-type LOCAL -j DOCKER`);
  await expect(app.why).toContainText(DNAT);

  await app.goTo(await app.numberOf(/^host accepts a new connection: rule 1 of DOCKER/));
  await expect(app.rule('filter', 'DOCKER', '--dport 80')).toHaveAttribute('data-marks', /decided/);
  await app.step();
  expect(await app.title()).toMatch(
    /^host remembers the connection: tcp 192\.168\.44\.1 → 192\.168\.44\.128:8080/,
  );
  const [tracked] = await app.rows('host', 'conntrack');
  expect(tracked).toContain('192.168.44.128');
  expect(tracked).toContain('172.17.0.2');
  expect(tracked).toContain('UNREPLIED');

  await app.goTo(await app.numberOf(/^host forwards the TCP SYN: ens33 → docker0/));
  await expect(app.packets.first()).toContainText('TCP');
  await app.goTo(await app.numberOf(/^host puts the source back: 172\.17\.0\.2:80 → 192\.168\.44\.128:8080/));
  const [replied] = await app.rows('host', 'conntrack');
  expect(replied).not.toContain('UNREPLIED');
  // Only the first packet of a connection asks the nat table.
  await app.toEnd();
  await app.show('tables');
  await app.selectNetns('host');
  expect(await app.counted(dnat)).toEqual([1, 60]);

  const curl = 'curl http://192.168.44.128:8080/';
  await app.openTerminal('client');
  const printed = await app.printed(curl);
  expect(printed).toContain('Server address: 172.17.0.2:80');
  expect(printed).toContain('Remote address: 192.168.44.1');
  await app.openTerminal('host');
  await expect(app.terminalOutput).toContainText(
    /tcp +6 \d+ TIME_WAIT src=192\.168\.44\.1 dst=192\.168\.44\.128 sport=\d+ dport=8080 src=172\.17\.0\.2 dst=192\.168\.44\.1 sport=80/,
  );
});

test('each rewriting of a known connection stays within its step', async ({ app }) => {
  await app.open('#v=1&s=docker-published-port&l=en');
  const titles = await app.titles();
  const rewritten = titles.filter((title) => /^host (rewrites|puts)/.test(title));
  // SYN, SYN-ACK, and a FIN each way.
  expect(rewritten).toHaveLength(4);
  const looked = titles.findIndex(
    (title, i) => i > titles.indexOf(rewritten[1] ?? '') && /^host looks up 172/.test(title),
  );
  await app.goTo(looked + 1);
  await expect(app.why).toContainText('host rewrites the destination: 192.168.44.128:8080 → 172.17.0.2:80');
});

test('in Chinese; and without the rule the proxy in user space answers, from another address', async ({
  app,
}) => {
  await app.open('#v=1&s=docker-published-port&l=zh');
  await app.numberOf(/^host 改写目的地址：192\.168\.44\.128:8080 → 172\.17\.0\.2:80/);
  await app.numberOf(/^host 还原源地址：172\.17\.0\.2:80 → 192\.168\.44\.128:8080/);
  await app.toEnd();
  await app.terminal('host', `iptables -t nat -D DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j ${DNAT}`);
  await app.toEnd();
  await app.show('tables');
  await app.selectNetns('host');
  await expect(app.rule('nat', 'DOCKER', DNAT)).toHaveAttribute('data-marks', 'removed');
  const curl = 'curl http://192.168.44.128:8080/';
  await app.terminal('client', curl);
  await app.toEnd();
  // Docker's own proxy listens at the port; what it asks for comes from the bridge's address.
  expect(await app.printed(curl)).toContain('Remote address: 172.17.0.1');
  await app.numberOf(/^docker-proxy/);
  await app.show('tables');
  await app.selectNetns('host');
  await expect(app.rule('nat', 'DOCKER', DNAT)).toHaveCount(0);
});
