/**
 * A real client and server across a router with policy rules: same network, same rules, same conversation, same frames.
 * Sequence numbers, time stamps, IP ids, and checksums are not compared.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NetfilterTerminal } from '../../../shell/iptables/testing/terminal';
import { build, capturesOf, framesOf } from '../../testing/capture-net';
import type { Lab } from '../../netfilter/testing/lab';
import { End, bytesOf, call, pass, serve } from './testing/talk';

test('policy-tcp-allowed', () => {
  const url = new URL('./testdata/policy-tcp-allowed.json', import.meta.url);
  const lab = JSON.parse(readFileSync(url, 'utf8')) as Lab;
  const net = build(lab);
  for (const [id, { iptables }] of Object.entries(lab.topology.namespaces)) {
    if (iptables.length === 0) continue;
    const terminal = new NetfilterTerminal(net, id);
    for (const line of iptables)
      expect(terminal.run(`iptables ${line}`)).toEqual({ stdout: '', stderr: '', exit: 0 });
  }
  const from = net.tracer.events.length;
  const server = new End((end, heard) => {
    if (!heard.startsWith('data')) return;
    end.open.send(bytesOf('pong\n'));
    // The captured server needed that long from send() to close().
    net.engine.packet(20_000, () => end.open.close());
  });
  serve(net, 'server', 80, () => server);
  const client = new End((end, heard) => {
    if (heard === 'connected') end.open.send(bytesOf('ping\n'));
    if (heard === 'end') end.open.close();
  });
  call(net, 'friend', '172.17.8.2', 80, client, { sourcePort: 40000 });
  pass(net, 0.005);
  expect(client.heard).toEqual(['connected', 'data pong\n', 'end']);
  expect(server.heard).toEqual(['connected', 'data ping\n']);
  const captured = Object.fromEntries(capturesOf(lab));
  expect(Object.fromEntries(framesOf(net, lab, from))).toEqual(captured);
});
