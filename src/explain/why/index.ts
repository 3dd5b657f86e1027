import type { ChangeEvent, TraceEvent } from '../../sim/kernel/trace';
import { msg } from '../messages';
import { isFirstQuestion } from '../titles/control';
import { isLogLine } from '../draft';
import type { Story } from '../steps';
import type { EventOf } from '../titles/context';
import type { Message, Step, Why, WhySection } from '../types';
import { passedSections, refusalNotes, whyHook } from './hooks';
import { whyArp, whyBridge, whyNeigh, whyTunnel, whyVtep } from './links';
import { whyLookup } from './lookup';
import { dropNotes, errorNote, whyDrop, whyError, whyForward, whyFrame, whyOrigin } from './packets';
import { copiesSection } from './programs';
import { changeSections, eventsOf, plain, section, type Answer } from './parts';

function whyCommand(events: readonly TraceEvent[], main: TraceEvent): Answer {
  const command = events.find((e) => e.kind === 'command');
  const refused = events.find((e): e is EventOf<'netlink'> => e.kind === 'netlink' && e.error !== undefined);
  const printed = events.filter((e) => e.kind === 'output').flatMap((e) => e.text.trimEnd().split('\n'));
  const notes = printed.filter((line) => line !== '').map((text) => msg('note.printed', { text }));
  const lead = refused
    ? msg('lead.commandRefused', { error: refused.error ?? '' })
    : msg('lead.command', { text: command?.text ?? '' });
  const lookup = main.kind === 'fib' ? whyLookup(main) : undefined;
  const output = notes.length === 0 ? [] : [section('facts', msg('head.printed'), [], { notes })];
  const kernel = events.some((e) => e.kind === 'netlink') ? ['rtnetlink_rcv_msg'] : (lookup?.kernel ?? []);
  return { lead, sections: [...output, ...(lookup?.sections ?? [])], kernel, command: lookup?.command };
}

function whyOutput(events: readonly TraceEvent[], main: EventOf<'output' | 'exit'>): Answer {
  const lines = events
    .flatMap((e) => (e.kind === 'output' ? e.text.trimEnd().split('\n') : []))
    .filter((line) => line !== '');
  const [first] = lines;
  if (main.kind === 'exit' || first === undefined) {
    const exit = events.find((e) => e.kind === 'exit')?.exit ?? 0;
    return plain(msg('lead.ended', { exit }), []);
  }
  if (lines.length === 1) return plain(msg('lead.printed', { text: first }), []);
  const notes = lines.map((text) => msg('note.printed', { text }));
  return {
    lead: msg('lead.printedLines', { n: lines.length }),
    sections: [section('facts', msg('head.printed'), [], { notes })],
    kernel: [],
  };
}

function whyChange(e: ChangeEvent): Answer {
  const timer = e.table === 'neigh' ? ['neigh_timer_handler'] : e.table === 'fdb' ? ['br_fdb_cleanup'] : [];
  if (e.table === 'conntrack' && e.after !== undefined && e.before === undefined)
    return {
      ...plain(msg('lead.track'), ['__nf_conntrack_confirm']),
      command: { netns: e.netns, text: 'conntrack -L' },
    };
  return plain(e.cause < 0 ? msg('lead.timer') : msg('lead.change'), timer);
}

/** A neighbour that was being asked for has been found. */
function endsWaiting(e: TraceEvent): boolean {
  if (e.kind !== 'change' || e.table !== 'neigh') return false;
  const { before, after } = e as ChangeEvent<'neigh'>;
  return before?.state.includes('INCOMPLETE') === true && after?.lladdr !== undefined;
}

/** The answer about the step's main event alone. */
function answer(main: TraceEvent, events: readonly TraceEvent[], trace: Story): Answer {
  if (events.some((e) => e.kind === 'command')) return whyCommand(events, main);
  switch (main.kind) {
    case 'fib':
      return whyLookup(main);
    case 'neigh':
      return whyNeigh(main, trace);
    case 'arp':
      return whyArp(main, trace, events.some(endsWaiting));
    case 'fdb':
      return whyBridge(main, trace);
    case 'vtep':
      return whyVtep(main, trace);
    case 'encap':
    case 'decap':
      return whyTunnel(main);
    case 'forward':
      return whyForward(main, trace);
    case 'hook':
      return whyHook(main, trace);
    case 'icmp-error':
      return whyError(main);
    case 'drop':
      return whyDrop(main);
    case 'change': {
      const solicit = events.find((e): e is EventOf<'origin'> => e.kind === 'origin');
      return solicit ? whyOrigin(solicit, trace, isFirstQuestion(main)) : whyChange(main);
    }
    case 'netlink':
      return main.error === undefined
        ? plain(msg('lead.config', { by: main.by, text: main.text }), ['rtnetlink_rcv_msg'])
        : plain(msg('lead.commandRefused', { error: main.error }), ['rtnetlink_rcv_msg']);
    case 'control':
      if (isLogLine(main))
        return { ...plain(msg('lead.log'), ['vprintk_emit']), command: { netns: main.netns, text: 'dmesg' } };
      return plain(msg('lead.control', { text: main.text }), []);
    case 'command':
    case 'output':
    case 'exit':
      return main.kind === 'command' ? whyCommand(events, main) : whyOutput(events, main);
    case 'bound':
      return plain(msg('lead.bound', { limit: main.limit }), []);
    case 'rx':
    case 'tx':
    case 'origin':
    case 'deliver':
    case 'copy':
    case 'fragment':
    case 'reassemble':
      return whyFrame(main, trace);
  }
}

function logSection(lines: readonly string[]): WhySection {
  const notes = lines.map((text) => msg('note.printed', { text: text.trim() }));
  return section('facts', msg('head.log'), [], { notes });
}

/** Why the step happened as it did; undefined when the trace no longer holds its main event. */
export function why(step: Step, trace: Story): Why | undefined {
  const main = trace.events[step.main];
  if (main === undefined) return undefined;
  const events = eventsOf(step, trace);
  const base = answer(main, events, trace);
  const drop = events.find((e): e is EventOf<'drop'> => e.kind === 'drop');
  const error = events.find((e): e is EventOf<'icmp-error'> => e.kind === 'icmp-error');
  const hooks = events.filter((e): e is EventOf<'hook'> => e.kind === 'hook' && e !== main);
  const sections: WhySection[] = [...base.sections];
  if (main.kind === 'encap' && main.header === 'udp') sections.push(copiesSection(main, trace));
  let lead: Message = base.lead;
  let { kernel } = base;
  // What refused the packet has said why already.
  const refused = drop?.reason === 'NETFILTER_DROP' && main.kind === 'hook';
  if (drop && refused)
    sections.push(section('facts', msg('head.drop'), [], { notes: refusalNotes(main, drop) }));
  else if (drop) {
    const heading = drop === main ? base.lead : lead;
    lead = whyDrop(drop).lead;
    sections.unshift(
      section('facts', drop === main ? msg('head.drop') : heading, [], { notes: dropNotes(drop) }),
    );
    if (!kernel.includes(drop.where)) kernel = [...kernel, drop.where];
  }
  if (error && error !== main)
    sections.push(section('facts', msg('head.error'), [], { notes: [errorNote(error)] }));
  if (main.kind === 'copy')
    sections.push(...events.filter((e) => e.kind === 'fib').flatMap((e) => whyLookup(e).sections));
  const back =
    main.kind === 'icmp-error' ? events.find((e): e is EventOf<'fib'> => e.kind === 'fib') : undefined;
  if (back) sections.push(...whyLookup(back).sections);
  for (const hook of hooks) sections.push(...passedSections(hook, trace));
  const lines = events.filter(isLogLine).flatMap((e) => (e.kind === 'control' ? [e.text] : []));
  if (lines.length > 0) sections.push(logSection(lines));
  const changes = events.filter((e): e is ChangeEvent => e.kind === 'change');
  sections.push(...changeSections(changes, trace));
  return { ...base, lead, sections, kernel };
}
