/** The network and the short words of the tests of packets through hooks. */
import { expect } from 'vitest';
import { TestNet, ip } from '../../testing/net';
import type { HookEvent } from '../../trace';
import type { FilterRule, NatRange, TableEdit } from '../door';
import type { NetfilterTables } from '../netfilter';
import { plug } from './plug';

export const rule = (part: Partial<FilterRule>): FilterRule => ({
  protocol: 0,
  matches: [],
  target: { kind: 'none' },
  ...part,
});
export const to = (text: string): NatRange => ({ addr: { low: ip(text), high: ip(text) } });
export const net24 = (text: string, invert = false) => ({ addr: ip(text), mask: 0xffffff00, invert });
export const verdict = (word: 'ACCEPT' | 'DROP' | 'RETURN') => ({ kind: 'verdict', verdict: word }) as const;
export function edit(netfilter: NetfilterTables, table: string, ...edits: TableEdit[]): void {
  expect(netfilter.commit(table, edits)).toEqual({ ok: true, value: undefined });
}
export const append = (chain: string, part: Partial<FilterRule>): TableEdit => ({
  op: 'append',
  chain,
  rule: rule(part),
});

/** inside 10.0.0.2 — router 10.0.0.1 | 192.168.9.1 — outside 192.168.9.2, which has no way back to 10/8. */
export function masqueradeNet(): { net: TestNet; router: NetfilterTables } {
  const net = new TestNet();
  net.netns('inside');
  net.netns('router', { forward: true });
  net.netns('outside');
  net.veth('inside:eth0', 'router:in0');
  net.veth('router:out0', 'outside:eth0');
  net.addr('inside', 'eth0', '10.0.0.2/24');
  net.addr('router', 'in0', '10.0.0.1/24');
  net.addr('router', 'out0', '192.168.9.1/24');
  net.addr('outside', 'eth0', '192.168.9.2/24');
  net.route('inside', 'default', '10.0.0.1', 'eth0');
  return { net, router: plug(net.get('router')) };
}
export function masquerade(router: NetfilterTables, range: NatRange = {}): void {
  edit(
    router,
    'nat',
    append('POSTROUTING', { src: net24('10.0.0.0'), target: { kind: 'MASQUERADE', range } }),
  );
}
export const hooks = (net: TestNet, netns: string): HookEvent[] =>
  net.events('hook').filter((event) => event.netns === netns);
