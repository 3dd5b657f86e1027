/**
 * Command lines read before. A world is built anew for every branch of a journal and its daemons write the same rules
 * each time; what a line means depends on its words and on which chains and sets there are, so those are asked again.
 */
import type { Parsed } from './command';

/** What a command line may ask of the machine while it is read. */
export interface Machine {
  hasChain(table: string, chain: string): boolean;
  hasSet(name: string): boolean;
}
export interface Line {
  readonly parsed: Readonly<Parsed>;
  readonly alsoZero: boolean;
}
interface Question {
  /** undefined: the name is a set's. */
  readonly table: string | undefined;
  readonly name: string;
  readonly answer: boolean;
}

const MOST = 1024;
const lines = new Map<string, { readonly line: Line; readonly asked: readonly Question[] }>();

/** `read` for these words on this machine, or what it said last time when the machine answers as it did then. */
export function remembered(
  args: readonly string[],
  machine: Machine,
  read: (machine: Machine) => Line,
): Line {
  const key = args.join('\0');
  const known = lines.get(key);
  if (known?.asked.every((question) => answerOf(machine, question) === question.answer)) return known.line;
  const asked: Question[] = [];
  const note = (table: string | undefined, name: string, answer: boolean): boolean => {
    asked.push({ table, name, answer });
    return answer;
  };
  const line = read({
    hasChain: (table, chain) => note(table, chain, machine.hasChain(table, chain)),
    hasSet: (name) => note(undefined, name, machine.hasSet(name)),
  });
  if (lines.size >= MOST) lines.clear();
  lines.set(key, { line, asked });
  return line;
}

function answerOf(machine: Machine, { table, name }: Question): boolean {
  return table === undefined ? machine.hasSet(name) : machine.hasChain(table, name);
}
