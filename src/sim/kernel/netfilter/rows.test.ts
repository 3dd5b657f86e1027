/** What the trace tells of tables, connections and sets: rows whose keys stay, counters that add up, causes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NetfilterTerminal } from '../../shell/iptables/testing/terminal';
import type { IptablesRow } from '../rows';
import { TestNet } from '../testing/net';
import type { TableName } from '../trace';

/** Rows of one table as a screen folds them, with the packets counted since each row was set. */
function folded<T>(net: TestNet, table: TableName): Map<string, { row: T; packets: number; bytes: number }> {
  const rows = new Map<string, { row: T; packets: number; bytes: number }>();
  for (const event of net.tracer.events) {
    if (event.netns !== 'a') continue;
    if (event.kind === 'hook') {
      const size = sizeOf(net, event.frame);
      for (const { key } of event.tried) {
        const counted = key === undefined ? undefined : rows.get(key);
        if (key !== undefined) expect(counted).toBeDefined();
        if (!counted) continue;
        counted.packets++;
        counted.bytes += size;
      }
    }
    if (event.kind !== 'change' || event.table !== table) continue;
    if (event.before === undefined) expect(rows.has(event.key)).toBe(false);
    else expect(rows.get(event.key)?.row).toEqual(event.before);
    if (event.after === undefined) rows.delete(event.key);
    else rows.set(event.key, { row: event.after as T, packets: 0, bytes: 0 });
  }
  return rows;
}
function sizeOf(net: TestNet, id: number): number {
  const frame = net.tracer.frames[id];
  return (frame?.bytes.length ?? 0) - (frame?.link === 'ethernet' ? 14 : 0);
}
function listed(net: TestNet): string[] {
  const rows = folded<IptablesRow>(net, 'iptables');
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { row, packets, bytes }]) => {
      const counters = `[${row.packets + packets}:${row.bytes + bytes}]`;
      if (row.text !== undefined)
        return `${row.table} ${counters} -A ${row.chain}${row.text && ` ${row.text}`}`;
      return `${row.table} :${row.chain} ${row.policy ?? '-'} ${row.policy ? counters : '[0:0]'}`;
    });
}
/** The same out of iptables-save: chains first, then rules, brought into the rows' order. */
function saved(terminal: NetfilterTerminal): string[] {
  const lines: string[] = [];
  const order = ['raw', 'mangle', 'nat', 'filter', 'security'];
  const tables = [...terminal.netfilter.tables()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  for (const name of tables) {
    const text = terminal.run(`iptables-save -c -t ${name}`).stdout.split('\n');
    const chains = text.filter((line) => line.startsWith(':'));
    for (const chain of chains) {
      lines.push(`${name} ${chain}`);
      const own = / -A (\S+)/;
      const title = chain.slice(1).split(' ')[0];
      for (const line of text) if (own.exec(line)?.[1] === title) lines.push(`${name} ${line}`);
    }
  }
  return lines;
}
function pinged(): { net: TestNet; terminal: NetfilterTerminal } {
  const net = new TestNet();
  for (const id of ['a', 'b']) net.netns(id);
  net.veth('a:eth0', 'b:eth0');
  net.addr('a', 'eth0', '10.0.0.1/24');
  net.addr('b', 'eth0', '10.0.0.2/24');
  return { net, terminal: new NetfilterTerminal(net, 'a') };
}

const chain = fc.constantFrom('INPUT', 'OUTPUT', 'FORWARD', 'X', 'X-1', 'XY');
const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(chain, fc.constantFrom('-j ACCEPT', '-p icmp', '-s 10.0.0.2 -j RETURN', '-j LAST'))
      .map(([to, rule]) => `iptables -I ${to} ${rule}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(chain, fc.constantFrom('-p icmp', '-p udp -j DROP', '-j LAST'))
      .map(([to, rule]) => `iptables -A ${to} ${rule}`),
  },
  { weight: 2, arbitrary: chain.map((to) => `iptables -I ${to} 2 -d 10.0.0.2`) },
  { weight: 1, arbitrary: chain.map((to) => `iptables -A ${to} -c 7 700 -j LAST`) },
  { weight: 1, arbitrary: chain.map((to) => `iptables -D ${to} 1`) },
  { weight: 1, arbitrary: chain.map((to) => `iptables -R ${to} 1 -p icmp`) },
  { weight: 1, arbitrary: chain.map((to) => `iptables -Z ${to}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'iptables -Z',
      'iptables -Z OUTPUT 1',
      'iptables -P INPUT DROP',
      'iptables -P INPUT ACCEPT',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'iptables -F OUTPUT',
      'iptables -E LAST LATER',
      'iptables -E LATER LAST',
      'iptables -A OUTPUT -j NOPE',
      'iptables -t mangle -A OUTPUT -p icmp',
    ),
  },
  { weight: 4, arbitrary: fc.constant('ping') },
);

describe('rows of iptables', () => {
  test('are what iptables-save -c prints, in its order, whatever was done', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
        const { net, terminal } = pinged();
        for (const name of ['X', 'X-1', 'XY', 'LAST']) terminal.run(`iptables -N ${name}`);
        terminal.run('iptables -A OUTPUT -j XY');
        terminal.run('iptables -A XY -j X-1');
        for (const line of actions) {
          if (line === 'ping') net.ping('a', '10.0.0.2', { seconds: 0.01 });
          else terminal.run(line);
        }
        expect(listed(net)).toEqual(saved(terminal));
      }),
      { numRuns: 150 },
    );
  });

  test('keep their keys while rules are put before and between them', () => {
    const { net, terminal } = pinged();
    terminal.run('iptables -A OUTPUT -p udp');
    terminal.run('iptables -A OUTPUT -p tcp');
    const keyOf = (text: string): string | undefined =>
      [...folded<IptablesRow>(net, 'iptables')].find(([, { row }]) => row.text === text)?.[0];
    const before = [keyOf('-p udp'), keyOf('-p tcp')];
    for (let n = 1; n < 200; n++) terminal.run(`iptables -I OUTPUT -s 10.0.0.${n}`);
    for (let n = 1; n < 20; n++) terminal.run('iptables -I OUTPUT 201 -p icmp');
    expect([keyOf('-p udp'), keyOf('-p tcp')]).toEqual(before);
  });

  test('a table that is looked at shows its chains; a refused edit shows nothing', () => {
    const { net, terminal } = pinged();
    terminal.run('iptables -t nat -L -n');
    expect(listed(net)).toEqual([
      'nat :PREROUTING ACCEPT [0:0]',
      'nat :INPUT ACCEPT [0:0]',
      'nat :OUTPUT ACCEPT [0:0]',
      'nat :POSTROUTING ACCEPT [0:0]',
    ]);
    const from = net.tracer.events.length;
    const done = net.netlink('a').netfilter.commit('nat', [
      { op: 'new-chain', chain: 'ONE' },
      { op: 'delete', chain: 'ONE', at: 1 },
    ]);
    expect(done).toEqual({ ok: false, error: 'E2BIG' });
    expect(net.tracer.events.slice(from)).toMatchObject([
      { kind: 'netlink', request: 'IPT_SO_SET_REPLACE', error: 'Index too big' },
    ]);
  });
});

describe('requests', () => {
  const causes = (net: TestNet, table: TableName): (string | undefined)[] =>
    net.events('change').flatMap((event) => {
      const by = net.tracer.events[event.cause];
      return event.table === table ? [by?.kind === 'netlink' ? by.text : by?.kind] : [];
    });

  test('are told in the words of the command, and their changes name them', () => {
    const { net, terminal } = pinged();
    terminal.run('iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE');
    terminal.run('iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE');
    terminal.run('iptables -N A');
    terminal.run('iptables -P FORWARD DROP');
    const asked = net.events('netlink').filter(({ request }) => !request.startsWith('RTM'));
    expect(asked.map(({ by, request, text }) => [by, request, text])).toEqual(
      [
        'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        'iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        'iptables -N A',
        'iptables -P FORWARD DROP',
      ].map((text) => ['test', 'IPT_SO_SET_REPLACE', text]),
    );
    // Four built-in chains of nat and three of filter came into use without a request.
    expect(causes(net, 'iptables').filter((text) => text !== undefined)).toEqual([
      'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      'iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      'iptables -N A',
      'iptables -P FORWARD DROP',
    ]);
  });

  test('connections: a row when confirmed, when answered, and when it ends, by whom', () => {
    const { net, terminal } = pinged();
    terminal.run('iptables -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT');
    net.ping('a', '10.0.0.2', { icmpId: 7, seconds: 0.1 });
    net.ping('a', '10.0.0.2', { icmpId: 7, seconds: 0.1 });
    net.ping('a', '10.0.0.2', { icmpId: 8, seconds: 0.1 });
    terminal.run('conntrack -D -p icmp -s 10.0.0.1');
    const rows = net
      .events('change')
      .filter(({ table }) => table === 'conntrack')
      .map(({ before, after }) => [
        before && 'flags' in before && before.flags,
        after && 'flags' in after && after.flags,
      ]);
    const unreplied = ['UNREPLIED'];
    expect(rows).toEqual([
      [undefined, unreplied],
      [unreplied, []],
      [undefined, unreplied],
      [unreplied, []],
      [[], undefined],
      [[], undefined],
    ]);
    expect(causes(net, 'conntrack')).toEqual([
      ...Array.from({ length: 4 }, () => expect.not.stringContaining('conntrack')),
      'conntrack -D -p icmp -s 10.0.0.1',
      'conntrack -D -p icmp -s 10.0.0.1',
    ]);
    net.ping('a', '10.0.0.2', { icmpId: 9 });
    net.engine.runUntil(net.engine.now + 40_000_000_000);
    const last = net.events('change').at(-1);
    expect(last).toMatchObject({ table: 'conntrack', before: { flags: [] }, after: undefined });
    expect(net.tracer.events[last?.cause ?? -1]).toMatchObject({ kind: 'change', table: 'conntrack' });
  });
});
