import { err, ok, type Result } from '../base/result';
import type { JournalEntry } from '../sim/index';

export const USAGE = `usage: sim list
       sim run ID|FILE [--exec 'NS: COMMAND']... [--settle SECONDS] [--boot] [--out DIR] [--json]
       sim lab ID|FILE [--exec 'NS: COMMAND']...
       sim schema
FILE is a scenario (.json), a script (.sh) or a network plugin's manifest (.yml).
An --exec that begins with @SECONDS starts then; "sleep N" is a command.`;

/** `where` names it in messages: `--exec 2`. An empty `netns` stands for any (`sleep 2`). */
export interface Exec {
  readonly where: string;
  readonly entry: JournalEntry;
}
export type Args =
  | { readonly verb: 'list' | 'schema' | 'help' }
  | {
      readonly verb: 'run' | 'lab';
      readonly source: string;
      readonly execs: readonly Exec[];
      readonly settleNs: number;
      readonly boot: boolean;
      readonly out?: string;
      readonly json: boolean;
    };

const MAX_SETTLE_SECONDS = 172_800;

function seconds(text: string, max: number): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? Math.round(value * 1e9) : undefined;
}

export function parseExec(text: string, where: string): Result<Exec> {
  const match = /^(?:@(\S+)\s+)?(?:([^\s:]+):\s*)?(\S.*)$/s.exec(text.trim());
  const [, at, netns, command = ''] = match ?? [];
  if (!match || (netns === undefined && !/^sleep\s/.test(command))) {
    return err(`${where}: expected 'NS: COMMAND', found ${JSON.stringify(text)}`);
  }
  const time = at === undefined ? undefined : seconds(at, MAX_SETTLE_SECONDS);
  if (at !== undefined && time === undefined) {
    return err(`${where}: "@${at}" is not a time: expected @SECONDS from 0 to ${MAX_SETTLE_SECONDS}`);
  }
  return ok({ where, entry: { netns: netns ?? '', command, ...(time === undefined ? {} : { at: time }) } });
}

class ArgReader {
  readonly execs: Exec[] = [];
  settleNs = 0;
  boot = false;
  json = false;
  out: string | undefined;
  source: string | undefined;

  constructor(
    private readonly verb: 'run' | 'lab',
    private readonly rest: string[],
  ) {}

  /** The error, if any. */
  read(): string | undefined {
    for (let word = this.rest.shift(); word !== undefined; word = this.rest.shift()) {
      const error = word.startsWith('-') ? this.#option(word) : this.#name(word);
      if (error !== undefined) return error;
    }
    return this.source === undefined
      ? `sim ${this.verb}: which scenario? Give an id (see "list") or a file`
      : undefined;
  }

  #name(word: string): string | undefined {
    if (this.source !== undefined) return `one scenario at a time: ${word}`;
    this.source = word;
    return undefined;
  }

  #option(word: string): string | undefined {
    if (word === '--exec') {
      const exec = parseExec(this.rest.shift() ?? '', `--exec ${this.execs.length + 1}`);
      if (!exec.ok) return exec.error;
      this.execs.push(exec.value);
      return undefined;
    }
    if (this.verb === 'run') {
      if (word === '--boot') return void (this.boot = true);
      if (word === '--json') return void (this.json = true);
      if (word === '--out') {
        this.out = this.rest.shift();
        return this.out === undefined ? '--out: which folder?' : undefined;
      }
      if (word === '--settle') {
        const text = this.rest.shift() ?? '';
        const ns = seconds(text, MAX_SETTLE_SECONDS);
        if (ns === undefined)
          return `--settle: expected seconds from 0 to ${MAX_SETTLE_SECONDS}, found ${JSON.stringify(text)}`;
        this.settleNs = ns;
        return undefined;
      }
    }
    return `${word} is not an option of sim ${this.verb}`;
  }
}

export function parseArgs(argv: readonly string[]): Result<Args> {
  const [verb, ...rest] = argv;
  if (verb === undefined || verb === 'help' || verb === '--help' || verb === '-h')
    return ok({ verb: 'help' });
  if (verb === 'list' || verb === 'schema')
    return rest.length === 0 ? ok({ verb }) : err(`sim ${verb} takes nothing more: ${rest.join(' ')}`);
  if (verb !== 'run' && verb !== 'lab') return err(`sim ${verb}: no such command\n${USAGE}`);
  const reader = new ArgReader(verb, rest);
  const error = reader.read();
  if (error !== undefined) return err(error);
  const { source = '', execs, settleNs, boot, out, json } = reader;
  return ok({ verb, source, execs, settleNs, boot, json, ...(out === undefined ? {} : { out }) });
}
