/** A process's sockets end with it. */
import { expect, test } from 'vitest';
import { Random } from '../../base/random';
import type { HostApi } from '../kernel/netlink';
import { B, End, brief, bytesOf, call, pair, pass } from '../kernel/socket/tcp/testing/talk';
import { Process } from './process';

test('a killed web server sends FIN, and its port is closed', () => {
  const net = pair();
  let ended: number | undefined;
  const terminal = { cause: -1, output: () => undefined, ended: (exit: number) => (ended = exit) };
  const host = {} as HostApi;
  const server = new Process(
    terminal,
    undefined,
    () => new Random('p'),
    () => host,
    () => undefined,
  );
  server.start(net.get('b'), 'nginx');
  const client = call(net, 'a', B, 80, new End());
  pass(net, 1);
  server.exit(137);
  expect(ended).toBe(137);
  pass(net, 1);
  expect(client.heard).toEqual(['connected', 'end']);
  expect(brief(net).slice(3)).toEqual(['b F.', 'a .']);
  client.open.send(bytesOf('anybody there?'));
  pass(net, 1);
  expect(client.heard.slice(2)).toEqual(['error EPIPE', 'closed']);
  const second = call(net, 'a', B, 80, new End());
  pass(net, 1);
  expect(second.heard).toEqual(['error ECONNREFUSED', 'closed']);
  expect(net.sockets('b').list()).toEqual([]);
});

test('a server forgets connections that are over', () => {
  const net = pair();
  const terminal = { cause: -1, output: () => undefined, ended: () => undefined };
  const server = new Process(
    terminal,
    undefined,
    () => new Random('p'),
    () => ({}) as HostApi,
    () => undefined,
  );
  server.start(net.get('b'), 'nginx');
  for (let n = 0; n < 300; n++) {
    const client = call(net, 'a', B, 80, new End());
    pass(net, 0.001);
    client.open.close();
    pass(net, 0.001);
  }
  server.exit(0);
  pass(net, 1);
  expect(net.sockets('b').list()).toEqual([]);
});
