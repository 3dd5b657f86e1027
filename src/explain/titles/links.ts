import { ETHERNET_LENGTH } from '../../sim/wire/index';
import type { BridgeVerdict, ChangeEvent } from '../../sim/kernel/trace';
import { arpReasonTerm } from '../labels';
import { msg } from '../messages';
import type { FrameFacts } from '../facts';
import { tellFirstQuestion } from './packets';
import { factsAt, find, type EventOf, type Told, type TitleContext } from './context';

export function tellResolve(ctx: TitleContext): Told {
  const { draft, frames, names } = ctx;
  const e = draft.main as EventOf<'neigh'>;
  const { netns: who, dst, dev } = e;
  const facts = factsAt(frames, e.frame);
  const what = facts.term;
  const sent = find(draft, 'tx');
  const bytes = factsAt(frames, sent?.frame ?? e.frame).bytes;
  const frame = msg('small.frame', { dev, bytes });
  switch (e.verdict) {
    case 'resolved': {
      const kind = names.linkKind(who, dev);
      if (kind === 'vxlan' || !sent) return { ...tellKnown(e, names.neighWriter(who, dst, dev)), dev };
      const title = facts.dst === undefined || facts.dst === dst ? 'neigh.send' : 'neigh.sendNext';
      return { title: msg(title, { who, what, dst }), detail: frame, topic: facts.topic, dev };
    }
    case 'queued': {
      const solicit = find(draft, 'origin');
      if (solicit) return tellFirstQuestion(ctx, solicit);
      const detail = msg('small.waiting', { place: dev, n: e.queue ?? 1 });
      return { title: msg('neigh.wait', { who, what, dst }), detail, topic: 'neigh', dev };
    }
    case 'noarp':
      return {
        title: msg('neigh.noarp', { dev }),
        detail: msg('small.two', { a: who, b: 'neigh' }),
        topic: 'neigh',
        dev,
      };
    case 'failed':
      return {
        title: msg('neigh.failed', { who, dst }),
        detail: msg('small.two', { a: dev, b: e.state }),
        topic: 'neigh',
        dev,
      };
    case 'overflow':
      return {
        title: msg('neigh.overflow', { who, dst }),
        detail: msg('small.waiting', { place: dev, n: e.queue ?? 1 }),
        topic: 'neigh',
        dev,
      };
    case 'broadcast':
    case 'multicast':
      return { title: msg('neigh.group', { who, what, dev }), detail: frame, topic: facts.topic, dev };
  }
}

function tellKnown(e: EventOf<'neigh'>, by: string | undefined): Told {
  const { dev, dst, state, netns } = e;
  const title =
    by === undefined
      ? msg('neigh.known', { dev, dst, state })
      : msg('neigh.knownBy', { dev, dst, state, by });
  return { title, detail: msg('small.two', { a: netns, b: e.lladdr ?? 'neigh' }), topic: 'neigh' };
}

function ignoredTitle(e: EventOf<'arp'>, what: FrameFacts['term']): Told['title'] {
  const { netns: who, target, sender } = e;
  if (e.reason === 'not-ours') return msg('arp.ignored', { who, what, target });
  if (e.reason === 'unsolicited') return msg('arp.unsolicited', { who, what, sender });
  return msg('arp.ignoredWhy', { who, what, target, why: arpReasonTerm(e.reason) });
}

export function tellArp({ draft, frames }: TitleContext): Told {
  const e = draft.main as EventOf<'arp'>;
  const { netns: who, dev, sender, target } = e;
  const reply = find(draft, 'origin');
  const facts = factsAt(frames, e.frame);
  const told = { detail: msg('small.frame', { dev, bytes: facts.bytes }), topic: 'arp' as const, dev };
  switch (e.verdict) {
    case 'answered': {
      const mac = factsAt(frames, reply?.frame).arp?.senderMac;
      if (mac === undefined) return { title: msg('arp.asked', { who, sender, target }), ...told };
      return { title: msg('arp.answered', { who, sender, target, mac }), ...told };
    }
    case 'proxied':
      return { title: msg('arp.proxied', { who, target }), ...told };
    case 'taken':
      return { title: msg('arp.taken', { who, sender, mac: facts.arp?.senderMac ?? '?' }), ...told };
    case 'refreshed':
      return { title: msg('arp.refreshed', { who, sender }), ...told };
    case 'ignored':
      return { title: ignoredTitle(e, facts.term), ...told };
  }
}

function floodTitle(
  verdict: Extract<BridgeVerdict, { to: 'flood' }>,
  base: { bridge: string; what: FrameFacts['term'] },
  e: EventOf<'fdb'>,
): Told['title'] {
  const n = verdict.ports.length;
  if (verdict.why === 'unknown-unicast')
    return msg('br.floodUnknown', { bridge: base.bridge, mac: e.mac, n });
  // A switch has a bridge device too, but nobody looks for a host in it.
  if (!verdict.local || (base.bridge === e.netns && n > 0)) return msg('br.flood', { ...base, n });
  return n === 0
    ? msg('br.floodOnlyUp', { ...base, who: e.netns })
    : msg('br.floodUp', { ...base, n, who: e.netns });
}

function bridgeTitle(e: EventOf<'fdb'>, base: { bridge: string; what: FrameFacts['term'] }): Told['title'] {
  const { verdict } = e;
  switch (verdict.to) {
    case 'port':
      return msg('br.port', { ...base, port: verdict.port });
    case 'local':
      if (e.row && e.row.ifname !== e.dev) return msg('br.localPort', { ...base, mac: e.mac });
      return msg('br.local', base);
    case 'flood':
      return floodTitle(verdict, base, e);
    case 'nowhere':
      switch (verdict.why) {
        case 'same-port':
          return msg('br.samePort', base);
        case 'isolated':
          return msg('br.isolated', base);
        case 'link-local':
          return msg('br.linkLocal', base);
        case 'port-not-forwarding':
          return msg('br.notForwarding', base);
        case 'no-port':
          return msg('br.noPort', { ...base, mac: e.mac });
      }
  }
}

export function tellBridge({ draft, frames, names }: TitleContext): Told {
  const e = draft.main as EventOf<'fdb'>;
  const facts = factsAt(frames, e.frame);
  const bridge = names.bridgeName(e.netns, e.dev);
  const place = bridge === e.netns ? e.dev : e.netns;
  const learned = draft.events.find((c): c is ChangeEvent<'fdb'> => c.kind === 'change' && c.table === 'fdb');
  const detail = learned?.after
    ? msg('small.learned', { place, mac: learned.after.mac, port: learned.after.ifname })
    : msg('small.placePacket', { place, what: facts.term, bytes: facts.bytes });
  return { title: bridgeTitle(e, { bridge, what: facts.term }), detail, topic: facts.topic, dev: e.dev };
}

export function tellVtep({ draft }: TitleContext): Told {
  const e = draft.main as EventOf<'vtep'>;
  const { dev, mac } = e;
  const remote = e.remotes.join(', ');
  const told = { detail: msg('small.two', { a: e.netns, b: mac }), topic: 'fdb' as const, dev };
  switch (e.verdict) {
    case 'remote':
      return { title: msg('vtep.remote', { dev, remote }), ...told };
    case 'default':
      return { title: msg('vtep.default', { dev, mac, remote }), ...told };
    case 'miss':
      return { title: msg('vtep.miss', { dev, mac }), ...told };
    case 'local':
      return { title: msg('vtep.local', { dev, mac }), ...told };
  }
}

/** How much longer the frame on the wire gets: VXLAN carries an Ethernet frame, so the outer header comes on top. */
function onWire(header: 'vxlan' | 'ipip' | 'udp', bytes: number): number {
  return header === 'vxlan' ? bytes + ETHERNET_LENGTH : bytes;
}

/** The process that the packet is with, when it has come up into user space. */
function userOf(e: EventOf<'encap' | 'decap'>, events: TitleContext['events']): string | undefined {
  const cause = events[e.cause];
  return cause?.kind === 'copy' ? cause.process : undefined;
}

export function tellTunnel({ draft, frames, events }: TitleContext): Told {
  const e = draft.main as EventOf<'encap' | 'decap'>;
  const { dev, netns: place } = e;
  const topic = e.header;
  if (e.kind === 'encap') {
    const id = `encap.${e.header}` as const;
    const bytes = onWire(e.header, e.added);
    const detail =
      e.vni === undefined
        ? msg('small.added', { place, bytes })
        : msg('small.addedVni', { place, bytes, vni: e.vni });
    const { remote } = e;
    const title =
      id === 'encap.udp' ? msg(id, { by: userOf(e, events) ?? dev, remote }) : msg(id, { dev, remote });
    return { title, detail, topic, dev };
  }
  const what = factsAt(frames, e.frame).term;
  let title = msg('decap.ipip', { dev, what });
  if (e.header === 'vxlan') title = msg('decap.vxlan', { dev, vni: e.vni ?? 0, what });
  if (e.header === 'udp') title = msg('decap.udp', { by: userOf(e, events) ?? dev, what });
  return { title, detail: msg('small.removed', { place, bytes: onWire(e.header, e.removed) }), topic, dev };
}
