/** Tab in `bridge`. */
import type { Place } from '../completion';
import { isPrefixOf } from '../ip/args';

const words = (text: string) => text.split(' ');
const COMMANDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  fdb: {
    show: words('br brport dev dynamic state'),
    add: words('dev dst self master static dynamic local port vni'),
    append: words('dev dst self port vni'),
    replace: words('dev dst self master static dynamic local'),
    delete: words('dev dst self master'),
    get: words('br dev'),
    help: [],
  },
  link: {
    show: ['dev'],
    set: words('dev learning flood hairpin isolated neigh_suppress cost priority'),
    help: [],
  },
};
const ON_OFF = new Set(words('learning flood hairpin isolated neigh_suppress'));

export function bridgeSlots(given: readonly string[]): Place {
  let at = 0;
  for (; given[at]?.startsWith('-'); at++) if (given[at] === '-n') at++;
  if (at > given.length) return { kinds: ['namespace'] };
  const [object, command, ...rest] = given.slice(at);
  if (object === undefined) return { words: words('fdb link help -d -j -p -s -n') };
  const commands = COMMANDS[object];
  if (!commands) return {};
  if (command === undefined) return { words: Object.keys(commands) };
  const name = Object.keys(commands).find((candidate) => isPrefixOf(command, candidate));
  if (name === undefined) return {};
  const last = rest.at(-1) ?? '';
  if (['dev', 'br', 'brport'].includes(last)) return { kinds: ['device'] };
  if (last === 'dst') return { kinds: ['address'] };
  if (ON_OFF.has(last)) return { words: ['on', 'off'] };
  return { words: (commands[name] ?? []).filter((keyword) => !rest.includes(keyword)) };
}
