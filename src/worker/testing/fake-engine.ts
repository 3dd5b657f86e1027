/** A world that is quick to reason about: every command makes a fixed run of events and one frame, at its own time. */
import type { Frame, TraceEvent } from '../../sim/index';
import type { HostWorld, LoadScenario, LoadedScenario } from '../host';
import type { JournalEntry } from '../messages';

export const UP_SEQ = 3;
/** Events of one command: it starts, sends, prints, ends. */
export const EVENTS_OF_COMMAND = 4;

/** `boom` throws half-way; `many N` makes N further events. */
export class FakeWorld implements HostWorld {
  readonly events: TraceEvent[] = [];
  readonly frames: Frame[] = [];
  readonly journalMarks: { entry: JournalEntry; startSeq: number }[] = [];
  stopped = false;
  private now = 0;
  private commands = 0;

  constructor(readonly executed: string[]) {
    for (let i = 0; i < UP_SEQ; i++)
      this.add({ kind: 'control', by: 'boot', protocol: 'log', action: 'start', text: '' }, -1);
  }

  get trace() {
    return { events: this.events, frames: this.frames, upSeq: UP_SEQ, end: this.now };
  }

  execute(entries: readonly JournalEntry[]): void {
    const at = (entry: JournalEntry) => entry.at ?? this.now;
    for (const entry of entries.some((one) => one.at !== undefined)
      ? [...entries].sort((a, b) => at(a) - at(b))
      : entries) {
      this.run(entry);
    }
  }

  complete(_netns: string, line: string) {
    if (line === 'boom') throw new Error('cannot complete');
    return { from: 0, candidates: [`${line}!`] };
  }

  private run(entry: JournalEntry): void {
    this.executed.push(entry.command);
    this.now = Math.max(this.now, entry.at ?? 0);
    const command = this.commands++;
    this.journalMarks.push({ entry, startSeq: this.events.length });
    this.add({ kind: 'command', command, text: entry.command, origin: 'journal' });
    const bytes = new TextEncoder().encode(entry.command);
    const frame = this.frames.length;
    this.frames.push({
      id: frame,
      bytes,
      link: frame % 2 === 0 ? 'ethernet' : 'ip',
      ...(frame > 0 ? { from: frame - 1 } : {}),
    });
    this.add({ kind: 'tx', dev: 'eth0', frame });
    if (entry.command === 'boom') throw new Error('a bug in the world');
    const many = Number(/^many (\d+)$/.exec(entry.command)?.[1] ?? 0);
    for (let i = 0; i < many; i++) this.add({ kind: 'rx', dev: 'eth0', frame, pkt: 'host' });
    this.add({ kind: 'output', command, stream: 'stdout', text: `${entry.command}\n` });
    this.add({ kind: 'exit', command, exit: 0 });
  }

  private add(what: object, cause = 0): void {
    const seq = this.events.length;
    this.events.push({ seq, at: (this.now += 10), machine: 'a', netns: 'a', cause, ...what } as TraceEvent);
  }
}

/** The catalogue holds `fake`; a script is a world with one command a line; `throws` fails while it is built. */
export function fakeEngine(executed: string[] = []): LoadScenario {
  return (source) => {
    const text = source.kind === 'catalogue' ? '' : source.text;
    if (source.kind === 'catalogue' && source.id !== 'fake') {
      const message = { en: `no scenario ${source.id}`, zh: `没有场景 ${source.id}` };
      return { ok: false, error: [{ place: 'scenario', message }] };
    }
    const journal = text.split('\n').flatMap((command) => (command === '' ? [] : [{ netns: 'a', command }]));
    const value: LoadedScenario = {
      title: { en: 'Fake', zh: '假' },
      notes: [],
      journal: source.kind === 'catalogue' ? [{ netns: 'a', command: 'first' }] : journal,
      open() {
        if (text.startsWith('throws')) throw new Error('cannot be built');
        return { world: new FakeWorld(executed), problems: [] };
      },
    };
    return { ok: true, value };
  };
}
