/** What Tab offers: each program says what may stand at a place, and this module finds the words for it. */
import { programs } from './registry';
import { OTHER_SLOTS } from './slots';

export interface CompletionEnv {
  readonly devices: readonly string[];
  readonly addresses: readonly string[];
  readonly namespaces: readonly string[];
  readonly containers: readonly string[];
  /** Dotted sysctl names. */
  readonly sysctls?: readonly string[];
}
/** `candidates` may stand in place of the text from `from` on, sorted. */
export interface Completion {
  readonly from: number;
  readonly candidates: readonly string[];
}

/** What kind of name may stand at a place. */
export type Kind = 'device' | 'address' | 'namespace' | 'container' | 'sysctl' | 'command';
export interface Place {
  readonly words?: readonly string[];
  readonly kinds?: readonly Kind[];
  /** The words of another command that starts inside this one (`ip netns exec NAME …`). */
  readonly nested?: readonly string[];
}
/** What may follow `words`, the complete words after the program's name. */
export type Slots = (words: readonly string[]) => Place;

const KIND_LISTS: Readonly<Record<Exclude<Kind, 'command'>, keyof CompletionEnv>> = {
  device: 'devices',
  address: 'addresses',
  namespace: 'namespaces',
  container: 'containers',
  sysctl: 'sysctls',
};
/** How deep commands may start inside commands. */
const MAX_DEPTH = 4;

export function complete(line: string, env: CompletionEnv): Completion {
  const from = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t')) + 1;
  const typed = line.slice(from);
  const words = line
    .slice(0, from)
    .split(/[ \t]+/)
    .filter((word) => word !== '');
  const offered = namesAt(placeAfter(words, MAX_DEPTH), env);
  const candidates = [...new Set(offered)]
    .filter((word) => word.startsWith(typed))
    .sort((a, b) => (a < b ? -1 : 1));
  return { from, candidates };
}

/** Leading `VAR=value` words and `sudo` come before the command. */
function placeAfter(words: readonly string[], depth: number): Place {
  const start = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && word !== 'sudo');
  if (start < 0) return { kinds: ['command'] };
  const name = words[start] ?? '';
  const slots =
    programs.get(name)?.slots ?? (Object.hasOwn(OTHER_SLOTS, name) ? OTHER_SLOTS[name] : undefined);
  const place = slots?.(words.slice(start + 1)) ?? {};
  if (place.nested === undefined || depth === 0) return place;
  return placeAfter(place.nested, depth - 1);
}

function namesAt(place: Place, env: CompletionEnv): string[] {
  const names = (place.kinds ?? []).flatMap((kind) =>
    kind === 'command' ? [...programs.keys()] : (env[KIND_LISTS[kind]] ?? []),
  );
  return [...(place.words ?? []), ...names];
}
