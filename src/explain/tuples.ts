/** The two directions of a connection as `conntrack -L` writes them, and what NAT changed between them. */
import type { ConntrackRow } from '../sim/kernel/trace';

export interface TupleWord {
  /** `src`, `dport`, `id`. */
  readonly name: string;
  readonly value: string;
  /** Differs from what the other direction would have had nothing been rewritten. */
  readonly translated: boolean;
}

const words = (text: string): [string, string][] =>
  text.split(' ').flatMap((word): [string, string][] => {
    const at = word.indexOf('=');
    return at < 0 ? [] : [[word.slice(0, at), word.slice(at + 1)]];
  });

/** What of the original an answer takes for each of its fields. */
const TURNED: Readonly<Record<string, string>> = {
  src: 'dst',
  dst: 'src',
  sport: 'dport',
  dport: 'sport',
  id: 'id',
};

export function tuplesOf({ orig, reply }: Pick<ConntrackRow, 'orig' | 'reply'>): {
  readonly orig: readonly TupleWord[];
  readonly reply: readonly TupleWord[];
} {
  const first = words(orig);
  const values = new Map(first);
  const back = words(reply).map(([name, value]): TupleWord => {
    const turned = TURNED[name];
    return { name, value, translated: turned !== undefined && values.get(turned) !== value };
  });
  const moved = new Set(back.flatMap(({ name, translated }) => (translated ? [TURNED[name]] : [])));
  return {
    orig: first.map(([name, value]) => ({ name, value, translated: moved.has(name) })),
    reply: back,
  };
}

export const isTranslated = (row: ConntrackRow): boolean =>
  tuplesOf(row).reply.some((word) => word.translated);
