/** What an iptables command line may hold: commands, options, and which go together (xshared.c). */
import type { FilterRule } from './door';
import { usageError } from './fail';
import { OTHER_TARGETS, TARGETS } from './targets';

export type CommandLetter = 'A' | 'I' | 'D' | 'R' | 'C' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'P' | 'E';
export interface Parsed {
  command: CommandLetter;
  chain: string | undefined;
  /** Of -I, -D, -R, -L, -S, -Z. */
  number: number | undefined;
  /** New name (-E) or policy (-P). */
  name: string | undefined;
  table: string;
  tableGiven: boolean;
  verbose: number;
  numeric: boolean;
  exact: boolean;
  lineNumbers: boolean;
  counters: { readonly packets: number; readonly bytes: number } | undefined;
  /** With every pair of source and destination given. */
  rules: FilterRule[];
}
/** Letters, with whether a word follows: `:` always, `?` perhaps (and belongs to the command). */
export const SHORT: Readonly<Record<string, '' | ':' | '?'>> = {
  A: ':',
  C: ':',
  D: ':',
  R: ':',
  I: ':',
  L: '?',
  S: '?',
  F: '?',
  Z: '?',
  N: ':',
  X: '?',
  E: ':',
  P: ':',
  M: ':',
  V: '',
  h: '',
  o: ':',
  p: ':',
  s: ':',
  d: ':',
  j: ':',
  i: ':',
  g: ':',
  f: '',
  b: '',
  v: '',
  w: '?',
  W: '?',
  n: '',
  t: ':',
  m: ':',
  x: '',
  c: ':',
  '4': '',
  '6': '',
  '0': '',
};
export const LONG: Readonly<Record<string, string>> = {
  append: 'A',
  delete: 'D',
  check: 'C',
  insert: 'I',
  replace: 'R',
  list: 'L',
  'list-rules': 'S',
  flush: 'F',
  zero: 'Z',
  'new-chain': 'N',
  'delete-chain': 'X',
  'rename-chain': 'E',
  policy: 'P',
  source: 's',
  src: 's',
  destination: 'd',
  dst: 'd',
  protocol: 'p',
  proto: 'p',
  'in-interface': 'i',
  jump: 'j',
  table: 't',
  match: 'm',
  numeric: 'n',
  'out-interface': 'o',
  verbose: 'v',
  wait: 'w',
  'wait-interval': 'W',
  exact: 'x',
  fragments: 'f',
  version: 'V',
  help: 'h',
  'line-numbers': '0',
  modprobe: 'M',
  'set-counters': 'c',
  goto: 'g',
  ipv4: '4',
  ipv6: '6',
};
/** Options that a command does not take, in the order in which they are told (commands_v_options). */
export const ILLEGAL: Readonly<Record<string, string>> = {
  A: 'nx0',
  I: 'nx0',
  R: 'nx0c',
  D: 'nx0c',
  C: 'nx0c',
  Dn: 'nsdpjxio0cf',
  L: 'sdpjiocf'.replace('x', ''),
  F: 'nsdpjxio0cf',
  Z: 'nsdpjxio0cf',
  N: 'nsdpjxio0cf',
  X: 'nsdpjxio0cf',
  P: 'nsdpjxio0f',
  E: 'nsdpjxio0cf',
  S: 'nsdpjxio0cf',
};

export function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
export function checkChainName(name: string): void {
  if (name.startsWith('-') || name.startsWith('!'))
    usageError(`chain name not allowed to start with \`${name[0] ?? ''}'`);
  if (TARGETS.has(name) || OTHER_TARGETS.includes(name))
    usageError('chain name may not clash with target name');
  if (name.length >= 29 - 1 && name.length > 28)
    usageError(`chain name \`${name}' too long (must be under 29 chars)`);
  if (/\s/.test(name)) usageError(`Invalid chain name \`${name}'`);
}
