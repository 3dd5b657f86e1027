import type { FibEvent, RouteRow } from '../../sim/kernel/trace';
import type { Names } from '../names';
import { msg } from '../messages';
import { dropLabelId, dropPlace, heldTerm, icmpErrorTerm } from '../labels';
import { smallCopied, tellCopy, tellDelay, tellSegment, tellTaken } from './programs';
import { factsAt, find, type EventOf, type Told, type TitleContext } from './context';

/** The row of the winning table, when a table decided. */
function winningRoute(e: FibEvent): { row: RouteRow; table: string } | undefined {
  for (const walk of e.decision.tables) {
    const winner = walk.winner === undefined ? undefined : walk.candidates[walk.winner];
    if (winner && winner.reason.why !== 'throw') return { row: winner.route, table: walk.table };
  }
  const { route } = e.decision;
  return route ? { row: route, table: route.table ?? 'main' } : undefined;
}

function lookupSmall(e: FibEvent, place: string): Told['detail'] {
  const won = winningRoute(e);
  if (!won) return msg('small.two', { a: place, b: 'fib' });
  return msg('small.two', { a: place, b: `${won.table}: ${won.row.dst}` });
}

function lookupTitle(e: FibEvent, { draft, frames, events }: TitleContext): Told['title'] {
  const { decision, flow } = e;
  const who = e.netns;
  const { dst } = flow;
  if (e.direction === 'proxy-arp') return msg('fib.proxyArp', { who, dst });
  if (e.direction === 'rp-filter') return msg('fib.rpFilter', { who, src: flow.src ?? dst });
  if (e.direction === 'icmp-reply') return msg('fib.icmpReply', { who, dst });
  const origin = find(draft, 'origin');
  const what = factsAt(frames, origin?.frame ?? e.frame).term;
  const dev = decision.dev ?? decision.route?.dev ?? 'lo';
  const gateway = decision.gateway;
  const cause = events[e.cause];
  const tunnel = cause?.kind === 'vtep' ? cause.dev : undefined;
  switch (decision.result) {
    case 'unicast':
      if (origin && gateway !== undefined) return msg('fib.make', { who, what, dst, gateway });
      if (origin) return msg('fib.makeDirect', { who, what, dst, dev });
      if (tunnel && gateway !== undefined) return msg('fib.outer', { tunnel, dst, gateway, dev });
      if (tunnel) return msg('fib.outerDirect', { tunnel, dst, dev });
      if (gateway === undefined) return msg('fib.direct', { who, dst, dev });
      if (winningRoute(e)?.row.dst === 'default') return msg('fib.default', { who, dst, gateway });
      return msg('fib.via', { who, dst, gateway, dev });
    case 'local':
      if (origin) return msg('fib.makeLocal', { who, what, dst });
      if (find(draft, 'deliver')) return msg('fib.receive', { who, what, dst });
      return msg('fib.local', { who, dst });
    case 'broadcast':
      return msg('fib.broadcast', { who, dst, dev: e.flow.iif ?? dev });
    case 'multicast':
      return msg('fib.multicast', { who, dst });
    case 'none':
      return msg('fib.none', { who, dst });
    case 'unreachable':
    case 'prohibit':
    case 'blackhole':
      return msg('fib.refused', { who, dst, type: decision.result });
  }
}

export function tellLookup(ctx: TitleContext): Told {
  const e = ctx.draft.main as FibEvent;
  const title = lookupTitle(e, ctx);
  const origin = find(ctx.draft, 'origin');
  const segment = origin && tellSegment(ctx, origin);
  if (segment) return segment;
  const taken = tellTaken(ctx);
  const deliver = find(ctx.draft, 'deliver');
  const facts = factsAt(ctx.frames, origin?.frame ?? e.frame);
  const dev = e.flow.iif ?? e.decision.dev;
  if (origin || deliver) {
    const place = deliver ? (e.flow.iif ?? deliver.to) : (e.decision.dev ?? origin?.by ?? e.netns);
    return {
      title: taken ?? title,
      detail: smallCopied(ctx, place, facts.bytes),
      topic: facts.topic,
      dev,
    };
  }
  return { title, detail: lookupSmall(e, e.netns), topic: 'route', dev };
}

export function tellForward({ draft, frames }: TitleContext): Told {
  const e = draft.main as EventOf<'forward'>;
  const facts = factsAt(frames, e.frame);
  const before = factsAt(frames, e.before).ttl ?? e.ttl + 1;
  const { netns: who, iif, oif, ttl } = e;
  return {
    title: msg('frame.forward', { who, what: facts.term, iif, oif, before, ttl }),
    detail: msg('small.packet', { what: facts.term, bytes: facts.bytes }),
    topic: 'ip',
    dev: oif,
  };
}

export function tellError({ draft, frames }: TitleContext): Told {
  const e = draft.main as EventOf<'icmp-error'>;
  const { netns: who, to } = e;
  const error = icmpErrorTerm(e.type, e.code);
  const itself = find(draft, 'fib')?.decision.result === 'local';
  let title = itself ? msg('error.own', { who, error }) : msg('error.sent', { who, to, error });
  if (e.verdict === 'suppressed') title = msg('error.suppressed', { who, to, reason: heldTerm(e.reason) });
  return { title, detail: msg('small.about', { what: factsAt(frames, e.frame).term }), topic: 'icmp' };
}

/** Bridges and tunnels decide by themselves, in functions of their own, and are spoken of by their names. */
const DEVICE_FUNCTION = /^(br_|vxlan_|ipip_|tun_)/;

function dropper(e: EventOf<'drop'>, names: Names): string {
  if (e.dev === undefined || !DEVICE_FUNCTION.test(e.where)) return e.netns;
  const kind = names.linkKind(e.netns, e.dev);
  return kind === 'veth' || kind === 'nic' ? e.netns : names.bridgeName(e.netns, e.dev);
}

/** A step in which something is dropped is told as the drop; what led to it is in the why. */
export function tellDrop(e: EventOf<'drop'>, { frames, names }: TitleContext): Told {
  const facts = factsAt(frames, e.frame);
  const who = dropper(e, names);
  const what = facts.term;
  const label = dropLabelId(e.reason, dropPlace(e));
  const where = { place: e.dev ?? e.netns, function: e.where };
  const benign = e.reason === 'OTHERHOST';
  const cable = e.reason === 'CABLE_CUT' || e.reason === 'CABLE_LOSS';
  return {
    title: benign
      ? msg('drop.otherHost', { who, what })
      : msg(cable ? 'drop.cable' : 'drop.drop', { who, what, label }),
    detail: msg('small.where', where),
    topic: 'drop',
    dev: e.dev,
  };
}

/** Frames on wires and packets in between: what has no decision of its own. */
export function tellFrame(ctx: TitleContext): Told {
  const { draft, frames, events, names } = ctx;
  const e = draft.main as EventOf<'rx' | 'tx' | 'origin' | 'deliver' | 'copy' | 'fragment' | 'reassemble'>;
  const facts = factsAt(frames, e.frame);
  const { netns: who } = e;
  const what = facts.term;
  const packet = msg('small.packet', { what, bytes: facts.bytes });
  switch (e.kind) {
    case 'rx':
    case 'tx': {
      const { dev } = e;
      const by = events[e.cause];
      const frame = msg('small.frame', { dev, bytes: facts.bytes });
      let title = msg(e.kind === 'rx' ? 'frame.rx' : 'frame.tx', { who, what, dev });
      if (e.kind === 'tx' && by?.kind === 'fdb') {
        const bridge = names.bridgeName(who, by.dev);
        title =
          by.verdict.to === 'flood'
            ? msg('frame.copy', { bridge, dev })
            : msg('frame.tx', { who: bridge, what, dev });
      } else if (e.kind === 'tx' && (by?.kind === 'arp' || by?.kind === 'change')) {
        title = msg('frame.txWaiting', { who, what });
      }
      const late = e.kind === 'tx' ? tellDelay(ctx, e) : undefined;
      return { title: late ?? title, detail: frame, topic: facts.topic, dev };
    }
    case 'origin':
      if (facts.arp) return tellSolicit(ctx, e);
      return (
        tellSegment(ctx, e) ?? {
          title: msg('frame.make', { who, what, by: e.by }),
          detail: packet,
          topic: facts.topic,
        }
      );
    case 'deliver':
      return { title: msg('frame.deliver', { who, what, to: e.to }), detail: packet, topic: facts.topic };
    case 'copy':
      return tellCopy(ctx, e);
    case 'fragment':
      return {
        title: msg('frame.fragment', { who, what, n: e.pieces.length, mtu: e.mtu }),
        detail: packet,
        topic: 'ip',
      };
    case 'reassemble':
      return { title: msg('frame.reassemble', { who, n: e.pieces.length }), detail: packet, topic: 'ip' };
  }
}

/** The first request for an address that somebody wants to send to. */
export function tellFirstQuestion({ draft, frames }: TitleContext, e: EventOf<'origin'>): Told {
  const facts = factsAt(frames, e.frame);
  const dev = find(draft, 'tx')?.dev ?? find(draft, 'neigh')?.dev ?? e.netns;
  const title = msg('neigh.ask', { who: e.netns, dst: facts.arp?.target ?? '?', dev });
  return { title, detail: msg('small.frame', { dev, bytes: facts.bytes }), topic: 'arp', dev };
}

/** An ARP packet made without a packet waiting right now: asking again, probing, announcing. */
export function tellSolicit({ draft, frames }: TitleContext, e: EventOf<'origin'>): Told {
  const facts = factsAt(frames, e.frame);
  const who = e.netns;
  const dev = find(draft, 'tx')?.dev ?? find(draft, 'neigh')?.dev ?? '';
  const detail = msg('small.frame', { dev: dev === '' ? who : dev, bytes: facts.bytes });
  const told = { detail, topic: 'arp' as const, ...(dev === '' ? {} : { dev }) };
  const dst = facts.arp?.target ?? '';
  if (facts.arp?.request === false) {
    const { sender: target, senderMac: mac, target: sender } = facts.arp;
    return { title: msg('arp.answered', { who, sender, target, mac }), ...told };
  }
  if (facts.term === 'pkt.arpAnnounce')
    return { title: msg('arp.announce', { who, dst, dev: dev || who }), ...told };
  if (facts.arp?.broadcast === false) return { title: msg('arp.probe', { who, dst }), ...told };
  return { title: msg('arp.again', { who, dst, dev: dev || who }), ...told };
}
