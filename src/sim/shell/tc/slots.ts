/** Tab in `tc`. */
import type { Place } from '../completion';
import { isPrefixOf } from '../ip/args';

const words = (text: string) => text.split(' ');
const CHANGE = words('dev root handle netem');
const NETEM = words('delay loss duplicate limit rate');
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  add: CHANGE,
  change: CHANGE,
  replace: CHANGE,
  delete: words('dev root handle'),
  show: ['dev'],
  help: [],
};

export function tcSlots(given: readonly string[]): Place {
  let at = 0;
  for (; given[at]?.startsWith('-'); at++) if (given[at] === '-n') at++;
  if (at > given.length) return { kinds: ['namespace'] };
  const [object, command, ...rest] = given.slice(at);
  if (object === undefined) return { words: words('qdisc help -s -j -p -n') };
  if (!isPrefixOf(object, 'qdisc')) return {};
  if (command === undefined) return { words: Object.keys(COMMANDS) };
  const name = Object.keys(COMMANDS).find((candidate) => isPrefixOf(command, candidate));
  if (name === undefined) return {};
  if (rest.at(-1) === 'dev') return { kinds: ['device'] };
  const keywords = rest.includes('netem') ? NETEM : (COMMANDS[name] ?? []);
  return { words: keywords.filter((keyword) => !rest.includes(keyword)) };
}
