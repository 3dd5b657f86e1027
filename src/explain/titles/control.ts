import type { ChangeEvent } from '../../sim/kernel/trace';
import { msg } from '../messages';
import type { TermId } from '../messages';
import { isLogLine } from '../draft';
import { changeText, linkText } from '../rows';
import type { Message } from '../types';
import { rowTitle } from './rows';
import { find, short, type EventOf, type Told, type TitleContext } from './context';
import { tellFirstQuestion, tellSolicit } from './packets';

const COMMAND_LENGTH = 64;

function changesOf({ draft }: TitleContext): ChangeEvent[] {
  return draft.events.filter((e) => e.kind === 'change');
}

/** The line of an output that says most: a ping's answer, its loss, else the first line. */
function tellingLine(lines: readonly string[]): string {
  const answer = lines.find((line) => /^(\d+ bytes from|From |ping: )/.test(line));
  return answer ?? lossLine(lines) ?? lines.find((line) => !line.startsWith('---')) ?? '';
}
function lossLine(lines: readonly string[]): string | undefined {
  return lines.find((line) => line.includes('packet loss'));
}

/** `ping` of `ping -c 1 10.1.16.3`; `ip netns exec X ping …` is still `ip`. */
function programOf(text: string | undefined): string {
  return text?.trim().split(/\s+/)[0] ?? '?';
}

export function tellCommand(ctx: TitleContext): Told {
  const { draft } = ctx;
  const e = find(draft, 'command');
  const who = e?.netns ?? draft.main.netns;
  const text = short(e?.text ?? '', COMMAND_LENGTH);
  const refused = draft.events.find((r) => r.kind === 'netlink' && r.error !== undefined);
  const exit = find(draft, 'exit');
  let title = msg('cmd.run', { who, text });
  if (refused) title = msg('cmd.refused', { who, text });
  else if (exit && exit.exit !== 0) title = msg('cmd.failed', { who, text, exit: exit.exit });
  return { title, detail: commandSmall(ctx), topic: 'command' };
}

function commandSmall(ctx: TitleContext): Message {
  const { draft } = ctx;
  const { netns: place, machine } = find(draft, 'command') ?? draft.main;
  const refused = draft.events.find((r) => r.kind === 'netlink' && r.error !== undefined);
  if (refused?.kind === 'netlink') return msg('small.text', { text: refused.error ?? '' });
  const n = changesOf(ctx).length;
  if (n > 0) return msg('small.rows', { place, n });
  const lines = draft.events
    .flatMap((o) => (o.kind === 'output' ? o.text.split('\n') : []))
    .filter((l) => l.trim() !== '');
  const line = tellingLine(lines);
  if (line !== '') return msg('small.text', { text: short(line) });
  return machine === place ? msg('small.text', { text: place }) : msg('small.two', { a: machine, b: place });
}

export function tellOutput({ draft, names }: TitleContext): Told {
  const e = draft.main as EventOf<'output' | 'exit'>;
  const name = programOf(names.commands.get(e.command)?.text);
  const exit = find(draft, 'exit');
  const told = { topic: 'command' as const, detail: msg('small.text', { text: e.netns }) };
  if (e.kind === 'exit') {
    return {
      title: e.exit === 0 ? msg('cmd.ends', { name }) : msg('cmd.endsWith', { name, exit: e.exit }),
      ...told,
    };
  }
  const outputs = draft.events.filter((o) => o.kind === 'output');
  const lines = outputs.flatMap((o) => o.text.split('\n')).filter((line) => line.trim() !== '');
  const line = short(tellingLine(lines), 72);
  const onlyErrors = outputs.every((o) => o.stream === 'stderr');
  const title = onlyErrors ? msg('cmd.printsError', { name, line }) : msg('cmd.prints', { name, line });
  const loss = lossLine(lines);
  if (exit && exit.exit !== 0) {
    return { ...told, title, detail: msg('small.exit', { place: e.netns, exit: exit.exit }) };
  }
  const further = loss === undefined || loss === line ? undefined : msg('small.two', { a: e.netns, b: loss });
  return { ...told, title, detail: further ?? told.detail };
}

/** A daemon of a machine sets up a container's namespace. */
function elsewhereTitle({ by, netns: who, machine, text }: EventOf<'netlink'>, requests: number): Message {
  const room = Math.max(18, 52 - by.length - machine.length - who.length);
  return requests > 1
    ? msg('cfg.moreIn', { by, who, machine, text: short(text, room), n: requests - 1 })
    : msg('cfg.doesIn', { by, who, machine, text: short(text, room + 18) });
}

export function tellConfig(ctx: TitleContext): Told {
  const { draft } = ctx;
  const e = draft.main as EventOf<'netlink'>;
  const { by, netns: who } = e;
  const text = short(e.text, 52);
  const n = changesOf(ctx).length;
  const requests = draft.events.filter((r) => r.kind === 'netlink').length;
  let title = msg('cfg.does', { by, who, text });
  const rules = draft.events.every((r) => r.kind !== 'netlink' || /^iptables\S* /.test(r.text));
  if (e.error !== undefined) title = msg('cfg.refused', { by, who, text });
  else if (requests > 1 && rules) title = msg('ctl.rules', { by, who, n: requests });
  else if (who !== e.machine) title = elsewhereTitle(e, requests);
  else if (requests > 1) title = msg('cfg.more', { by, who, text: short(e.text, 40), n: requests - 1 });
  let detail = n > 0 ? msg('small.rows', { place: who, n }) : msg('small.text', { text: who });
  if (e.error !== undefined) detail = msg('small.text', { text: e.error });
  return { title, detail, topic: 'config' };
}

/** `/coreos.com/network/subnets/10.1.16.0-24` → `10.1.16.0-24`: the last part says which subnet. */
function keyOf(text: string): string {
  const path = /\/[\w./-]*[\w.-]/.exec(text)?.[0];
  return path?.split('/').at(-1) ?? short(text, 32);
}

/** What a daemon asks of etcd. */
function requestTitle(e: EventOf<'control'>): Message {
  const base = { by: e.by, who: e.netns };
  const key = keyOf(e.text);
  switch (e.action) {
    case 'range':
      return msg('ctl.asks', { ...base, key });
    case 'grant':
      return msg('ctl.grant', { ...base, text: short(e.text, 24) });
    case 'put':
      return msg('ctl.put', { ...base, key });
    case 'txn':
      return msg('ctl.txn', { ...base, key });
    case 'watch':
      return msg('ctl.watches', { ...base, key });
    case 'delete':
      return msg('ctl.delete', { ...base, key });
    default:
      return msg('ctl.does', { ...base, text: short(`${e.action} ${e.text}`) });
  }
}

/** Names and the words around them leave so much of a title to what a program says. */
function roomy(room: number, text: string, ...names: readonly string[]): string {
  const taken = names.reduce((sum, name) => sum + name.length, 0);
  return short(text, Math.max(40, room - taken));
}

/** A daemon gets the answer it waited for and goes on with its work. */
function answerTitle(
  base: { readonly to: string; readonly who: string },
  changes: readonly ChangeEvent[],
  tables: string,
): Message {
  const n = changes.length;
  if (tables === 'fdb neigh route') return msg('ctl.answerVxlan', base);
  const link = changes.find((e): e is ChangeEvent<'link'> => e.table === 'link' && e.after !== undefined);
  const { ifname: dev } = link?.after ?? {};
  if (dev !== undefined && link?.before === undefined) return msg('ctl.answerLink', { ...base, dev });
  const isUp = link?.after?.flags.includes('UP') === true && link.before?.flags.includes('UP') !== true;
  return dev !== undefined && isUp
    ? msg('ctl.answerUp', { ...base, dev, n })
    : msg('ctl.answerRows', { ...base, n });
}

/** What a daemon hears from etcd, and what it does about it at once. */
function newsTitle(e: EventOf<'control'>, to: string, changes: readonly ChangeEvent[]): Message {
  const n = changes.length;
  const tables = [...new Set(changes.map(({ table }) => table))].sort().join(' ');
  const base = { to, who: e.netns };
  const gone = e.text.startsWith('DELETE');
  const key = keyOf(e.text);
  if (e.action !== 'watch') {
    if (n > 0) return answerTitle(base, changes, tables);
    return msg('ctl.answer', {
      ...base,
      text: e.text.startsWith('/') ? key : roomy(70, e.text, to, base.who),
    });
  }
  if (n === 0) return msg(gone ? 'ctl.watchGone' : 'ctl.watch', { ...base, key });
  if (tables === 'fdb neigh route')
    return msg(gone ? 'ctl.watchGoneVxlan' : 'ctl.watchVxlan', { ...base, key });
  if (tables === 'route') return msg(gone ? 'ctl.watchGoneRoute' : 'ctl.watchRoute', { ...base, key });
  return msg(gone ? 'ctl.watchGoneRows' : 'ctl.watchRows', { ...base, key, n });
}

/** Letters before the lines of glog and klog. */
const LEVELS: Readonly<Record<string, string>> = { I: 'info', W: 'warning', E: 'error', F: 'fatal' };

const API_SERVER = 'kube-apiserver';

/** What is asked of the API server, and what it tells. */
function kubeTitle(e: EventOf<'control'>, n: number): Message | undefined {
  const { by, to, netns: who, action } = e;
  if (to === undefined) return undefined;
  if (by !== API_SERVER) return msg('ctl.kubeAsk', { by, who, text: short(`${action} ${e.text}`, 40) });
  const text = short(e.text, 36);
  if (action !== 'watch') return msg('ctl.kubeAnswer', { to, who, text });
  return n > 0
    ? msg('ctl.kubeNewsRows', { to, who, text: short(text, 26), n })
    : msg('ctl.kubeNews', { to, who, text });
}

/** What daemons tell of their own accord. */
function tellingTitle(e: EventOf<'control'>, n: number): Message | undefined {
  const { by, netns: who, action } = e;
  if (e.protocol === 'kube') return kubeTitle(e, n);
  if (e.protocol === 'etcd' && action === 'expire') return msg('ctl.expire', { text: short(e.text, 48) });
  if (isLogLine(e)) return msg('log.line', { who, text: short(e.text, 52) });
  if (e.protocol !== 'docker') return undefined;
  const base = { by, who, action, text: short(e.text, 36) };
  return n > 0 ? msg('ctl.dockerRows', { ...base, n }) : msg('ctl.docker', base);
}

export function tellControl(ctx: TitleContext): Told {
  const e = ctx.draft.main as EventOf<'control'>;
  const { by, netns: who } = e;
  const n = changesOf(ctx).length;
  // Many programs begin their lines with their own name.
  const own = e.protocol === 'log' && e.text.startsWith(`${by}: `) ? e.text.slice(by.length + 2) : e.text;
  const text = roomy(82, own, by, who);
  let title =
    n > 0 ? msg('ctl.rows', { by, who, text: short(text, 40), n }) : msg('ctl.does', { by, who, text });
  if (e.action === 'boot') title = msg('ctl.boots', { who });
  if (e.protocol === 'log' && e.action === 'start') title = msg('ctl.starts', { by, who });
  title = tellingTitle(e, n) ?? title;
  if (e.to === 'etcd') title = requestTitle(e);
  else if (e.by === 'etcd' && e.to !== undefined) title = newsTitle(e, e.to, changesOf(ctx));
  const protocol = e.protocol === 'bgp' ? 'BGP' : e.protocol;
  const said = ctx.draft.events.find((o) => o.kind === 'control' && o.protocol === 'log' && o !== e);
  // Such lines say themselves how bad it is.
  const level = own === e.text ? LEVELS[e.action] : who;
  const b = said?.kind === 'control' ? short(said.text) : (level ?? e.action);
  return {
    title,
    detail: msg('small.two', { a: protocol, b }),
    topic: e.protocol === 'bgp' ? 'bgp' : 'control',
  };
}

function tableTerm(table: ChangeEvent['table']): Extract<TermId, `table.${string}`> {
  return `table.${table}`;
}

function neighTitle(e: ChangeEvent<'neigh'>): Message {
  const who = e.netns;
  const dst = (e.after ?? e.before)?.dst ?? e.key;
  const state = e.after?.state.join(' ');
  if (state === undefined) return msg('nud.gone', { who, dst });
  return msg(e.before ? 'nud.state' : 'nud.new', { who, dst, state });
}

function linkTitle({ netns: who, before, after }: ChangeEvent<'link'>): Message {
  const dev = (after ?? before)?.ifname ?? '?';
  if (!after) return msg('change.linkGone', { who, dev });
  if (!before) return msg('change.linkNew', { who, dev });
  if (before.operstate !== after.operstate || before.flags.length !== after.flags.length) {
    if (after.flags.includes('NO-CARRIER')) return msg('change.linkNoCarrier', { who, dev });
    if (after.operstate === 'UP') return msg('change.linkUp', { who, dev });
    if (!after.flags.includes('UP')) return msg('change.linkDown', { who, dev });
  }
  const old = new Set(linkText(before).split(' '));
  const now = linkText(after).split(' ');
  const text = now.filter((word, at) => !old.has(word) || !old.has(now[at + 1] ?? word)).join(' ');
  // The row holds more than the line shows: who is at the other end.
  if (text === '') return msg('change.linkPeer', { who, dev });
  return msg('change.linkChanged', { who, dev, text: short(text, 40) });
}

function fdbTitle(e: ChangeEvent<'fdb'>, { names }: TitleContext): Message | undefined {
  const { before, after, netns } = e;
  const row = after ?? before;
  if (!row) return undefined;
  const bridge = names.bridgeName(netns, row.master ?? row.ifname);
  if (!after) return msg('change.fdbGone', { bridge, mac: row.mac });
  return row.state === '' ? msg('change.fdbLearned', { bridge, mac: row.mac, port: row.ifname }) : undefined;
}

function processTitle({ netns: who, before, after }: ChangeEvent<'process'>): Message {
  const name = (after ?? before)?.name ?? '?';
  return msg(after === undefined ? 'change.stopped' : `change.${after.state}`, { who, name });
}

/** The tables whose changes have words of their own. */
function specialTitle(e: ChangeEvent, ctx: TitleContext): Message | undefined {
  switch (e.table) {
    case 'neigh':
      return neighTitle(e as ChangeEvent<'neigh'>);
    case 'link':
      return linkTitle(e as ChangeEvent<'link'>);
    case 'fdb':
      return fdbTitle(e as ChangeEvent<'fdb'>, ctx);
    case 'process':
      return processTitle(e as ChangeEvent<'process'>);
    case 'etcd':
      return msg(e.after ? 'change.etcdPut' : 'change.etcdGone', { who: e.netns, key: keyOf(e.key) });
    case 'netns':
      return msg(e.after ? 'change.netnsNew' : 'change.netnsGone', { who: e.netns });
    case 'addr':
    case 'route':
    case 'rule':
    case 'sysctl':
    case 'iptables':
    case 'ipset':
      return undefined;
    case 'conntrack':
    case 'qdisc':
    case 'socket':
    case 'kube':
      return rowTitle(e);
  }
}

function oneChangeTitle(e: ChangeEvent, ctx: TitleContext): Message {
  const special = specialTitle(e, ctx);
  if (special) return special;
  const values = { who: e.netns, table: tableTerm(e.table), row: short(changeText(e), 52) };
  return msg(
    e.after === undefined ? 'change.gone' : e.before === undefined ? 'change.new' : 'change.changed',
    values,
  );
}

const TOPIC_OF_TABLE: Partial<Record<ChangeEvent['table'], Told['topic']>> = { neigh: 'timer', fdb: 'timer' };

/** A neighbour entry that has just become INCOMPLETE: nobody has been asked before. */
export function isFirstQuestion(e: ChangeEvent): boolean {
  return e.table === 'neigh' && (e as ChangeEvent<'neigh'>).after?.state.includes('INCOMPLETE') === true;
}

/** A row changed on its own: a timer ran out, a cable was unplugged, a neighbour is being asked again. */
export function tellChange(ctx: TitleContext): Told {
  const e = ctx.draft.main as ChangeEvent;
  const solicit = find(ctx.draft, 'origin');
  if (solicit) return isFirstQuestion(e) ? tellFirstQuestion(ctx, solicit) : tellSolicit(ctx, solicit);
  const changes = changesOf(ctx);
  const n = changes.length;
  const row = msg('small.text', { text: short(changeText(e), 72) });
  const topic = TOPIC_OF_TABLE[e.table] ?? 'config';
  if (n === 1) return { title: oneChangeTitle(e, ctx), detail: row, topic };
  const sameTable = changes.every((change) => change.table === e.table);
  const leads = e.table === 'netns' || e.table === 'link' || e.table === 'process' || e.table === 'conntrack';
  const title =
    leads && !sameTable
      ? oneChangeTitle(e, ctx)
      : msg('change.many', { who: e.netns, n, table: tableTerm(e.table) });
  return { title, detail: msg('small.rows', { place: e.netns, n }), topic };
}

export function tellBound({ draft }: TitleContext): Told {
  const e = draft.main as EventOf<'bound'>;
  const title =
    e.what === 'events' || e.what === 'frames'
      ? msg(`bound.${e.what}`, { limit: e.limit })
      : msg(`bound.${e.what}`);
  return { title, detail: msg('small.text', { text: e.netns }), topic: 'timer' };
}
