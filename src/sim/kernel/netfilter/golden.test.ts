/** Captures from a real kernel with iptables rules in place: same network, same rules, same ping, same frames. */
import { expect, test } from 'vitest';
import { NetfilterTerminal } from '../../shell/iptables/testing/terminal';
import { build, capturesOf, framesOf } from '../testing/capture-net';
import { loadLab } from './testing/lab';

test.each(['seed001-masq', 'policy-ping-allowed', 'policy-ping-denied'])('%s', (name) => {
  const lab = loadLab(name);
  const net = build(lab);
  for (const [id, { iptables }] of Object.entries(lab.topology.namespaces)) {
    if (iptables.length === 0) continue;
    const terminal = new NetfilterTerminal(net, id);
    for (const line of iptables)
      expect(terminal.run(`iptables ${line}`)).toEqual({ stdout: '', stderr: '', exit: 0 });
  }
  const action = lab.actions[0];
  const from = net.tracer.events.length;
  const heard = net.ping(action?.ns ?? '', action?.cmd.split(' ').at(-1) ?? '', {
    icmpId: 1,
    seconds: 0.005,
  });
  expect(heard).toHaveLength(name === 'policy-ping-denied' ? 0 : 1);
  expect(Object.fromEntries(framesOf(net, lab, from))).toEqual(Object.fromEntries(capturesOf(lab)));
});
