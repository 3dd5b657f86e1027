/** Tab in `ip`: objects, commands, keywords, and what follows a keyword. */
import type { Kind, Place } from '../completion';
import { isPrefixOf } from './args';

interface Grammar {
  readonly object: string;
  /** Commands with the keywords that may follow them. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  /** What may stand right after the command besides keywords. */
  readonly first?: Readonly<Record<string, readonly Kind[]>>;
}

const words = (text: string) => text.split(' ');
const ROUTE = words('via dev src metric mtu proto scope table onlink nexthop');
const ROUTE_TYPES = words('default blackhole unreachable prohibit throw local broadcast');
const ADDRESS = words('dev brd peer scope label');
const NEIGH = words('lladdr dev nud proxy');
const RULE = words('from to iif oif fwmark table lookup pref');

const GRAMMARS: readonly Grammar[] = [
  {
    object: 'link',
    commands: {
      show: words('dev up master type nomaster'),
      set: words('dev up down mtu address name master nomaster netns txqueuelen promisc arp type'),
      add: words(
        'name type address mtu txqueuelen index up master netns peer id local remote dstport nolearning dev',
      ),
      delete: words('dev'),
      help: words('bridge bridge_slave veth vxlan dummy'),
    },
    first: { show: ['device'], set: ['device'], delete: ['device'] },
  },
  {
    object: 'address',
    commands: {
      show: words('dev up to scope label primary secondary'),
      add: ADDRESS,
      replace: ADDRESS,
      change: ADDRESS,
      delete: ['dev'],
      flush: words('dev to scope'),
      help: [],
    },
    first: { show: ['device'], delete: ['address'], flush: ['device'] },
  },
  {
    object: 'route',
    commands: {
      show: words('table dev via proto scope type root match exact default'),
      get: words('from iif oif mark fibmatch'),
      add: [...ROUTE_TYPES, ...ROUTE],
      replace: [...ROUTE_TYPES, ...ROUTE],
      change: [...ROUTE_TYPES, ...ROUTE],
      append: [...ROUTE_TYPES, ...ROUTE],
      prepend: [...ROUTE_TYPES, ...ROUTE],
      delete: [...ROUTE_TYPES, ...ROUTE],
      flush: words('table dev via proto scope type root match exact cache'),
      help: [],
    },
    first: { get: ['address'] },
  },
  {
    object: 'neighbor',
    commands: {
      show: words('dev nud to proxy'),
      add: NEIGH,
      replace: NEIGH,
      change: NEIGH,
      delete: words('dev proxy'),
      get: ['dev'],
      flush: words('dev nud to all'),
      help: [],
    },
    first: {
      add: ['address'],
      replace: ['address'],
      change: ['address'],
      delete: ['address'],
      get: ['address'],
    },
  },
  { object: 'rule', commands: { show: RULE, add: RULE, delete: RULE, flush: [], help: [] } },
  {
    object: 'tuntap',
    commands: { show: [], list: [], add: words('dev mode'), delete: words('dev mode'), help: [] },
  },
  {
    object: 'netns',
    commands: { list: [], add: [], delete: [], exec: [], identify: [], help: [] },
    first: { delete: ['namespace'], exec: ['namespace'] },
  },
];

const AFTER_KEYWORD: Readonly<Record<string, Place>> = {
  dev: { kinds: ['device'] },
  mode: { words: ['tun'] },
  iif: { kinds: ['device'] },
  oif: { kinds: ['device'] },
  master: { kinds: ['device'] },
  via: { kinds: ['address'] },
  src: { kinds: ['address'] },
  from: { kinds: ['address'] },
  local: { kinds: ['address'] },
  remote: { kinds: ['address'] },
  to: { kinds: ['address'] },
  netns: { kinds: ['namespace'] },
  type: { words: words('veth bridge vxlan dummy bridge_slave') },
  table: { words: words('main local default all') },
  lookup: { words: words('main local default') },
  proto: { words: words('kernel boot static bird') },
  scope: { words: words('global link host') },
  nud: { words: words('permanent reachable stale delay probe failed incomplete noarp') },
  promisc: { words: words('on off') },
  arp: { words: words('on off') },
};
const OPTIONS = words('-br -d -j -o -p -s -4 -n');

export function ipSlots(given: readonly string[]): Place {
  let at = 0;
  for (; given[at]?.startsWith('-'); at++) if (given[at] === '-n' || given[at] === '-netns') at++;
  if (at > given.length) return { kinds: ['namespace'] };
  const [object, command, ...rest] = given.slice(at);
  if (object === undefined)
    return { words: [...GRAMMARS.map((grammar) => grammar.object), 'help', ...OPTIONS] };
  const grammar = GRAMMARS.find((candidate) => isPrefixOf(object, candidate.object));
  if (!grammar) return {};
  if (command === undefined) return { words: Object.keys(grammar.commands) };
  const name = Object.keys(grammar.commands).find((candidate) => isPrefixOf(command, candidate));
  if (name === undefined) return {};
  if (grammar.object === 'netns' && name === 'exec' && rest.length > 0) return { nested: rest.slice(1) };
  const last = rest.at(-1);
  const after = last === undefined ? undefined : AFTER_KEYWORD[last];
  if (after) return after;
  const unused = (grammar.commands[name] ?? []).filter((keyword) => !rest.includes(keyword));
  return { words: unused, kinds: rest.length === 0 ? (grammar.first?.[name] ?? []) : [] };
}
