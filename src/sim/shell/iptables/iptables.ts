/** iptables 1.8.9, legacy backend. */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { netfilterOf, type Netfilter, type TableEntry } from './door';
import { VERSION } from './fail';
import { Parser } from './parse';
import { remembered } from './remembered';
import { Runner, type Tables } from './run';

function noTable(name: string): never {
  throw new Exit(
    3,
    `iptables ${VERSION}: can't initialize iptables table \`${name}': Table does not exist (do you need to insmod?)\n` +
      'Perhaps iptables or your kernel needs to be upgraded.\n',
  );
}
/** The kernel's table, read anew for every question. */
export function kernelTables(netfilter: Netfilter, name: string): Tables {
  return {
    table(): TableEntry {
      const table = netfilter.table(name);
      return table.ok ? table.value : noTable(name);
    },
    hasChain: (chain) => netfilter.hasChain(name, chain),
    find: (chain, rule) => netfilter.findRule(name, chain, rule),
    commit(edits) {
      const done = netfilter.commit(name, edits);
      return done.ok ? undefined : done.error;
    },
  };
}

function run(ctx: ProcessContext, args: readonly string[]): number {
  const netfilter = netfilterOf(ctx);
  const machine = {
    hasChain: (table: string, chain: string) => netfilter.hasChain(table, chain),
    hasSet: (name: string) => netfilter.ipset.type(name) !== undefined,
  };
  const { parsed, alsoZero } = remembered(args, machine, (asked) => {
    const parser = new Parser(args, (table, chain) => asked.hasChain(table, chain), undefined, asked);
    return { parsed: parser.parse(), alsoZero: parser.alsoZero };
  });
  const tables = kernelTables(netfilter, parsed.table);
  if (!netfilter.hasTable(parsed.table)) noTable(parsed.table);
  const outcome = new Runner(tables, (text) => ctx.print(text)).run(parsed, alsoZero);
  if (outcome.ok) return 0;
  ctx.printError(`iptables: ${outcome.message}.\n`);
  return 1;
}

const COMMANDS = [
  '-A',
  '-I',
  '-D',
  '-R',
  '-L',
  '-S',
  '-F',
  '-N',
  '-X',
  '-P',
  '-E',
  '-Z',
  '-C',
  '-t',
  '-v',
  '-n',
];

export const iptables: Program = {
  name: 'iptables',
  group: 'probes',
  about: 'packet filter and NAT rules: iptables -t nat -L -n -v, -A CHAIN …, -S',
  slots(words) {
    const last = words.at(-1) ?? '';
    if (last === '-t') return { words: ['filter', 'nat', 'mangle', 'raw'] };
    if (/^-[AIDRLSFZPC]$/.test(last))
      return { words: ['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'] };
    if (last === '-i' || last === '-o') return { kinds: ['device'] };
    if (last === '-s' || last === '-d') return { kinds: ['address'] };
    if (last === '-j')
      return {
        words: ['ACCEPT', 'DROP', 'REJECT', 'MASQUERADE', 'DNAT', 'SNAT', 'LOG', 'TRACE', 'MARK', 'RETURN'],
      };
    if (last === '-p') return { words: ['tcp', 'udp', 'icmp'] };
    if (last === '-m')
      return {
        words: ['conntrack', 'comment', 'mark', 'multiport', 'addrtype', 'limit', 'physdev', 'state'],
      };
    return { words: [...COMMANDS, '-s', '-d', '-i', '-o', '-p', '-m', '-j', '--line-numbers'] };
  },
  run,
};
