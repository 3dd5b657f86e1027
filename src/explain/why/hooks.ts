import type { DropEvent, HookEvent, RuleTried } from '../../sim/kernel/trace';
import {
  conntrackOf,
  decisionOf,
  decisions,
  endpointsAt,
  isBridged,
  rewritingOf,
  targetOf,
  type Rewriting,
} from '../hooks';
import { dropHint } from '../labels';
import { natTitle } from '../titles/hooks';
import { msg } from '../messages';
import type { Story } from '../steps';
import type { Message, WhyRow, WhySection } from '../types';
import { section, type Answer } from './parts';
import { refusalMessage, type Asked } from './refusals';

/** How many jumps deep each entry of a walk is. */
function depthsOf(tried: readonly RuleTried[]): number[] {
  const stack: string[] = [];
  return tried.map(({ chain }) => {
    const known = stack.indexOf(chain);
    if (known < 0) stack.push(chain);
    else stack.length = known + 1;
    return stack.length - 1;
  });
}

function ruleRow(rule: RuleTried, depth: number, asked: Asked): WhyRow {
  const { verdict = '', skipped, failed } = rule;
  const base = { won: rule.matched, ...(depth === 0 ? {} : { depth }) };
  if (skipped !== undefined)
    return { ...base, text: `${rule.chain} ${rule.rule} …`, reason: msg('row.skipped', { n: skipped }) };
  if (rule.rule === 0) return { ...base, text: rule.text, reason: msg('row.policy', { verdict }) };
  const text = `${rule.chain} ${rule.rule} ${rule.text}`.trimEnd();
  if (!rule.matched) {
    const reason = failed === undefined ? msg('row.notMatched') : refusalMessage(failed, asked);
    return { ...base, text, reason };
  }
  const [, to] = /^(?:jump|goto) (\S+)$/.exec(verdict) ?? [];
  if (to !== undefined) return { ...base, text, reason: msg('row.jump', { chain: to }) };
  return { ...base, text, reason: verdict === '' ? msg('row.matches') : msg('row.matched', { verdict }) };
}

function walkSection(e: HookEvent, table: string, trace: Story): WhySection {
  const tried = e.tried.filter((rule) => rule.table === table);
  const depths = depthsOf(tried);
  const asked: Asked = {
    ends: endpointsAt(e, table, trace.events, trace.frames),
    iif: e.iif,
    oif: e.oif,
    state: conntrackOf(e, trace.events)?.split(' ')[0],
  };
  const rows = tried.map((rule, at) => ruleRow(rule, depths[at] ?? 0, asked));
  return section('rules', msg('head.rules', { hook: e.hook, table }), rows, {
    table: { netns: e.netns, table: 'iptables' },
    // A table in which only the policy spoke, and let pass.
    quiet: tried.every((rule) => !rule.matched || (rule.rule === 0 && rule.verdict === 'ACCEPT')),
  });
}

const STATES = {
  NEW: 'note.ctNew',
  RELATED: 'note.ctRelated',
  INVALID: 'note.ctInvalid',
  UNTRACKED: 'note.ctUntracked',
} as const;

function conntrackNote(e: HookEvent, trace: Story): Message | undefined {
  const [state = '', direction] = conntrackOf(e, trace.events)?.split(' ') ?? [];
  if (state === 'ESTABLISHED') return msg(direction === 'reply' ? 'note.ctReply' : 'note.ctOrig');
  return Object.hasOwn(STATES, state) ? msg(STATES[state as keyof typeof STATES]) : undefined;
}

function natNote({ port, isId }: Rewriting): Message[] {
  if (port === undefined) return [];
  if (port.before !== port.after) return [msg(isId ? 'note.idChanged' : 'note.portChanged', port)];
  return [msg(isId ? 'note.idKept' : 'note.portKept', { port: port.after })];
}

/** The walk through the rules, table by table, and what conntrack says. */
function hookSections(e: HookEvent, trace: Story): WhySection[] {
  const tables = [...new Set(e.tried.map((rule) => rule.table))];
  const nat = rewritingOf(e, trace.events, trace.frames);
  const notes = [
    conntrackNote(e, trace) ?? [],
    nat ? natNote(nat) : [],
    isBridged(e, trace.events) ? msg('note.bridged') : [],
  ].flat();
  const tracking = section('facts', msg('head.conntrack'), [], {
    notes,
    table: { netns: e.netns, table: 'conntrack' },
  });
  const walks = tables.map((table) => walkSection(e, table, trace));
  return [...walks, ...(notes.length > 0 ? [tracking] : [])];
}

/** The same for a hook that let the packet pass on its way to something else: nothing to dwell on. */
export function passedSections(e: HookEvent, trace: Story): WhySection[] {
  const nat = rewritingOf(e, trace.events, trace.frames);
  const bridged = isBridged(e, trace.events) ? [msg('note.bridged')] : [];
  const said = nat ? [natTitle(e, nat, trace.events), ...natNote(nat), ...bridged] : bridged;
  if (e.tried.length === 0 && !nat) return [];
  return hookSections(e, trace).map((part) => {
    if (part.kind === 'rules') return part;
    return said.length > 0 ? { ...part, notes: said } : { ...part, quiet: true };
  });
}

/** Where to look; and that nobody is told, unless REJECT tells. */
export function refusalNotes(e: HookEvent, drop: DropEvent): Message[] {
  const rule = decisionOf(e);
  const rejects = rule !== undefined && targetOf(rule) === 'REJECT';
  return rejects ? [dropHint(drop.reason)] : [dropHint(drop.reason), msg('note.silent')];
}

function leadOf(e: HookEvent, trace: Story): Message {
  if (e.why === 'table-full') return msg('lead.hookFull');
  if (e.why === 'tuple-taken') return msg('lead.hookNoPort');
  if (e.why === 'no-address') return msg('lead.hookNoAddress');
  if (e.why === 'redirect-translated') return msg('lead.hookNoRedirect');
  const nat = rewritingOf(e, trace.events, trace.frames);
  if (nat && e.verdict === 'ACCEPT') {
    const rule = decisions(e).find((each) => each.table === 'nat' && each.rule > 0);
    if (rule) {
      const { chain, verdict = '' } = rule;
      return msg('lead.hookNat', { rule: rule.rule, chain, verdict: verdict.replace(/ ACCEPT$/, '') });
    }
    const back = conntrackOf(e, trace.events)?.endsWith('reply') === true;
    return msg(back ? 'lead.hookBack' : 'lead.hookKnown');
  }
  const rule = decisionOf(e);
  if (rule === undefined) return msg('lead.hook', { hook: e.hook });
  const { table, chain } = rule;
  const verdict = (rule.verdict ?? '').replace(/ (ACCEPT|DROP)$/, '');
  return rule.rule === 0
    ? msg('lead.hookPolicy', { table, chain, verdict })
    : msg('lead.hookRule', { table, chain, rule: rule.rule, verdict });
}

/** The deciding table's rules, as iptables lists them. */
function commandOf(e: HookEvent): Answer['command'] {
  const rule = decisionOf(e);
  const table = rule === undefined || rule.table === 'filter' ? '' : `-t ${rule.table} `;
  const chain = rule?.chain ?? e.hook;
  if (e.tried.length === 0) return { netns: e.netns, text: 'conntrack -L' };
  return { netns: e.netns, text: `iptables ${table}-L ${chain} -v -n --line-numbers` };
}

export function whyHook(e: HookEvent, trace: Story): Answer {
  const nat = rewritingOf(e, trace.events, trace.frames);
  const tracks = conntrackOf(e, trace.events) !== undefined;
  return {
    lead: leadOf(e, trace),
    sections: hookSections(e, trace),
    kernel: [
      'nf_hook_slow',
      ...(tracks && (e.hook === 'PREROUTING' || e.hook === 'OUTPUT') ? ['nf_conntrack_in'] : []),
      ...(e.tried.length > 0 ? ['ipt_do_table'] : []),
      ...(nat ? ['nf_nat_manip_pkt'] : []),
    ],
    command: commandOf(e),
  };
}
