/** What the terminals show: every command with what it has printed up to the cursor. */
import { upperBound } from './search';
import { getTrace, observeTrace } from './trace';
import type { AppState, EventSeq, TerminalCommand, TerminalLine, TraceEvent } from './types';

interface Recorded {
  readonly command: number;
  readonly netns: string;
  readonly text: string;
  readonly startSeq: EventSeq;
  readonly startAt: number;
  readonly boot: boolean;
  readonly lines: TerminalLine[];
  readonly lineSeqs: EventSeq[];
  exit?: { readonly seq: EventSeq; readonly code: number };
}

const byNumber = new Map<number, Recorded>();
const byNetns = new Map<string, Recorded[]>();
const cache = new Map<string, { signature: string; view: readonly TerminalCommand[] }>();

function record(event: TraceEvent): void {
  if (event.kind === 'command') {
    const { command, netns, text, seq, at } = event;
    const recorded = {
      command,
      netns,
      text,
      startSeq: seq,
      startAt: at,
      boot: event.origin === 'boot',
      lines: [],
      lineSeqs: [],
    };
    byNumber.set(command, recorded);
    const list = byNetns.get(netns);
    if (list === undefined) byNetns.set(netns, [recorded]);
    else list.push(recorded);
  } else if (event.kind === 'output') {
    const recorded = byNumber.get(event.command);
    recorded?.lines.push({ stream: event.stream, text: event.text, seq: event.seq });
    recorded?.lineSeqs.push(event.seq);
  } else if (event.kind === 'exit') {
    const recorded = byNumber.get(event.command);
    if (recorded !== undefined) recorded.exit = { seq: event.seq, code: event.exit };
  }
}

function forget(recorded: Recorded, keep: EventSeq): void {
  const left = upperBound(recorded.lineSeqs, keep - 1);
  recorded.lines.length = left;
  recorded.lineSeqs.length = left;
  if (recorded.exit !== undefined && recorded.exit.seq >= keep) delete recorded.exit;
}

observeTrace({
  appended(from) {
    const { events } = getTrace();
    for (let seq = from; seq < events.length; seq++) record(events[seq] as TraceEvent);
  },
  cut(keep) {
    cache.clear();
    for (const recorded of byNumber.values()) {
      if (recorded.startSeq >= keep) byNumber.delete(recorded.command);
      else forget(recorded, keep);
    }
    for (const [netns, list] of byNetns) {
      byNetns.set(
        netns,
        list.filter((recorded) => recorded.startSeq < keep),
      );
    }
  },
});

function view(recorded: Recorded, cursor: EventSeq, starts: readonly EventSeq[]): TerminalCommand {
  const { command, text, startAt, startSeq, lines, lineSeqs, exit } = recorded;
  const entry = starts.indexOf(startSeq);
  return {
    command,
    text,
    startAt,
    startSeq,
    lines: lines.slice(0, upperBound(lineSeqs, cursor)),
    ...(exit !== undefined && exit.seq <= cursor ? { exit: exit.code } : {}),
    upcoming: startSeq > cursor,
    ...(entry >= 0 ? { entry } : {}),
  };
}

/** Commands of one namespace, earliest first; those of the set-up only when asked for. The same array while it says the same. */
export function terminalAt(state: AppState, netns: string): readonly TerminalCommand[] {
  const { cursor, starts } = state;
  const shown = (byNetns.get(netns) ?? []).filter((recorded) => state.settings.showBoot || !recorded.boot);
  const signature = shown
    .map(({ command, startSeq, lineSeqs, exit }) => {
      const phase = startSeq > cursor ? 'u' : exit !== undefined && exit.seq <= cursor ? 'x' : 'r';
      return `${command}${phase}${upperBound(lineSeqs, cursor)}/${starts.indexOf(startSeq)}`;
    })
    .join();
  const known = cache.get(netns);
  if (known?.signature === signature) return known.view;
  const fresh = shown.map((recorded) => view(recorded, cursor, starts));
  cache.set(netns, { signature, view: fresh });
  return fresh;
}

/** The command that begins with event `startSeq`; without `exitSeq` while it runs at the end of the trace. */
export function commandStartingAt(
  startSeq: EventSeq,
): { readonly command: number; readonly exitSeq?: EventSeq } | undefined {
  const event = getTrace().events[startSeq];
  if (event?.kind !== 'command') return undefined;
  const exit = byNumber.get(event.command)?.exit;
  return { command: event.command, ...(exit === undefined ? {} : { exitSeq: exit.seq }) };
}
