import { expect, it } from 'vitest';
import { NetfilterTerminal } from './testing/terminal';

const rules = (terminal: NetfilterTerminal): string => terminal.run('iptables -S INPUT').stdout;

it('a line read before means what the machine at hand makes of it', () => {
  const [with_, without] = [new NetfilterTerminal(), new NetfilterTerminal()];
  const line = 'iptables -A INPUT -s 10.0.0.1 -j KNOWN';
  with_.run('iptables -N KNOWN');
  expect(with_.run(line).exit).toBe(0);
  const refused = without.run(line);
  expect(refused.stderr).toContain("Couldn't load target `KNOWN'");
  without.run('iptables -N KNOWN');
  expect(without.run(line).exit).toBe(0);
  expect(rules(without)).toBe(rules(with_));
  with_.run('iptables -F INPUT');
  with_.run('iptables -X KNOWN');
  expect(with_.run(line)).toEqual(refused);
});

it('a set is asked for each time', () => {
  const terminal = new NetfilterTerminal();
  const line = 'iptables -A INPUT -m set --match-set remembered src -j DROP';
  terminal.run('ipset create remembered hash:ip');
  expect(terminal.run(line).exit).toBe(0);
  terminal.run('iptables -F INPUT');
  terminal.run('ipset destroy remembered');
  expect(terminal.run(line).stderr).toContain("Set remembered doesn't exist");
});

it('what one machine does with a rule stays its own', () => {
  const [one, other] = [new NetfilterTerminal(), new NetfilterTerminal()];
  for (const terminal of [one, other]) {
    terminal.run('iptables -N OLD');
    terminal.run('iptables -A INPUT -p tcp -j OLD');
  }
  one.run('iptables -E OLD NEW');
  expect(rules(one)).toContain('-p tcp -j NEW');
  expect(rules(other)).toContain('-p tcp -j OLD');
});
