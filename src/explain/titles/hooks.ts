import type { HookEvent, RuleTried, TraceEvent } from '../../sim/kernel/trace';
import {
  admission,
  conntrackOf,
  decisionOf,
  rewritingOf,
  sideEffects,
  targetOf,
  type Rewriting,
} from '../hooks';
import { isLogLine } from '../draft';
import { msg } from '../messages';
import type { Message } from '../types';
import { factsAt, short, type Told, type TitleContext } from './context';

/** Long enough for Docker's chains. */
const CHAIN_LENGTH = 26;

const place = (rule: RuleTried): { rule: number; chain: string } => ({
  rule: rule.rule,
  chain: short(rule.chain, CHAIN_LENGTH),
});

function refusedTitle(e: HookEvent, { frames }: TitleContext): Message {
  const base = { who: e.netns, what: factsAt(frames, e.frame).term };
  if (e.verdict === 'STOLEN') return msg('hook.kept', base);
  if (e.why === 'table-full') return msg('hook.tableFull', base);
  if (e.why === 'tuple-taken') return msg('hook.noPort', base);
  if (e.why === 'no-address') return msg('hook.noAddress', base);
  if (e.why === 'redirect-translated') return msg('hook.noRedirect', base);
  const rule = decisionOf(e);
  if (e.verdict !== 'DROP' || rule === undefined)
    return msg('hook.other', { ...base, hook: e.hook, verdict: e.verdict });
  if (rule.rule === 0) return msg('hook.policy', { ...base, chain: rule.chain });
  return msg(targetOf(rule) === 'REJECT' ? 'hook.reject' : 'hook.drop', { ...base, ...place(rule) });
}

/** `10.0.0.1`, with its port when that changes too. */
export function natTitle(e: HookEvent, nat: Rewriting, events: readonly TraceEvent[]): Message {
  const moved = !nat.isId && nat.port !== undefined && nat.port.before !== nat.port.after;
  const end = (which: 'before' | 'after'): string =>
    moved ? `${nat[which]}:${nat.port?.[which] ?? 0}` : nat[which];
  const back = conntrackOf(e, events)?.endsWith('reply') === true;
  const values = { who: e.netns, before: end('before'), after: end('after') };
  if (nat.side === 'src') return msg(back ? 'hook.srcBack' : 'hook.src', values);
  return msg(back ? 'hook.dstBack' : 'hook.dst', values);
}

function natSmall(e: HookEvent, { port, isId }: Rewriting, { frames }: TitleContext): Message {
  const base = { hook: e.hook, what: factsAt(frames, e.frame).term };
  if (port === undefined) return msg('small.hook', base);
  if (port.before === port.after) return msg(isId ? 'small.idKept' : 'small.portKept', base);
  return isId ? msg('small.idChanged', { ...base, ...port }) : msg('small.hook', base);
}

function effectTitle(e: HookEvent, ctx: TitleContext): Message | undefined {
  const base = { who: e.netns, what: factsAt(ctx.frames, e.frame).term };
  const effects = sideEffects(e);
  const of = (...targets: string[]): RuleTried | undefined =>
    effects.find((rule) => targets.includes(targetOf(rule)));
  const n = ctx.draft.events.filter(isLogLine).length;
  const log = e.tried.find((rule) => rule.matched && targetOf(rule) === 'LOG');
  if (log && n > 0) return msg('hook.log', { ...base, ...place(log) });
  const mark = of('MARK');
  if (mark) return msg('hook.mark', { ...base, ...place(mark) });
  const untracked = of('CT', 'NOTRACK');
  if (untracked) return msg('hook.notrack', { ...base, ...place(untracked) });
  return n > 0 ? msg('hook.trace', { ...base, hook: e.hook, n }) : undefined;
}

/** What a hook did that is worth a step. */
export function tellHook(ctx: TitleContext, e: HookEvent): Told {
  const { frames, events, names } = ctx;
  const facts = factsAt(frames, e.frame);
  const told = { topic: facts.topic, dev: e.iif ?? e.oif };
  const detail = msg('small.hook', { hook: e.hook, what: facts.term });
  if (e.verdict !== 'ACCEPT') return { ...told, title: refusedTitle(e, ctx), detail, topic: 'drop' };
  const nat = rewritingOf(e, events, frames);
  if (nat) return { ...told, title: natTitle(e, nat, events), detail: natSmall(e, nat, ctx) };
  const effect = effectTitle(e, ctx);
  if (effect) return { ...told, title: effect, detail };
  const admitted = admission(e, events, names);
  const title = admitted
    ? msg('hook.accept', { who: e.netns, ...place(admitted) })
    : msg('hook.pass', { who: e.netns, what: facts.term, hook: e.hook });
  return { ...told, title, detail };
}
