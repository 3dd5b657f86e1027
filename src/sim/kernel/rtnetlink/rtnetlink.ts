/**
 * The Netlink door of one namespace, opened for one requester. Every request that changes something leaves one netlink
 * event with its outcome, and what it changes names that event as its cause.
 */
import { err, ok, type Result } from '../../../base/result';
import { ipText } from '../text';
import { SECOND } from '../costs';
import type {
  AddrRow,
  AddrSpec,
  Errno,
  FdbDumpRow,
  FdbSpec,
  LinkChange,
  LinkRow,
  LinkSpec,
  LinkStats,
  NeighDumpRow,
  NeighSpec,
  Netlink,
  QdiscDumpRow,
  QdiscMode,
  QdiscSpec,
  Reply,
  Requester,
  RouteAnswer,
  RouteMatch,
  RouteMode,
  RouteQuery,
  RouteRow,
  RouteSpec,
  RuleRow,
  RuleSpec,
} from '../netlink';
import { NetfilterDoor } from '../netfilter/request';
import { delQdisc, dumpQdiscs, newQdisc } from '../qdisc/request';
import { qdiscCommand } from '../qdisc/text';
import { fileRequest, noteRefusal } from '../netlink-event';
import type { Netns } from '../netns';
import type { EventSeq, FibResultType } from '../trace';
import { addrRow, delAddr, newAddr } from './addrs';
import {
  describeAddr,
  describeFdb,
  describeNeigh,
  describeNewLink,
  describeRoute,
  describeRule,
  describeSetLink,
  errorText,
} from './describe';
import { linkRow } from './link-row';
import { delLink, newLink, setLink } from './links';
import { delFdb, delNeigh, getFdb, getNeighs, newFdb, newNeigh } from './neighs';

/** What `ip route get` answers when the tables refuse (inet_rtm_getroute). */
const REFUSAL: Readonly<Record<string, Errno>> = {
  none: 'ENETUNREACH',
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
};

/** rt_flags as iproute2 names them in the `cache` line. */
function cacheFlags(type: FibResultType, turnsBack: boolean): string[] {
  if (type === 'local') return ['local'];
  if (type === 'broadcast') return ['local', 'brd'];
  if (type === 'multicast') return ['local', 'mc'];
  return turnsBack ? ['redirect'] : [];
}

/** `net.ipv4.route.flush` (ipv4_sysctl_rtcache_flush): to be written only; forgets learned path MTUs. */
const ROUTE_FLUSH = /^net[./]ipv4[./]route[./]flush$/;

export class RtNetlink implements Netlink {
  #netfilter: NetfilterDoor | undefined;

  constructor(
    private readonly netns: Netns,
    private readonly requester: Requester,
  ) {}

  /** Files the request, carries it out under its event, and notes a refusal on it. */
  #ask(request: string, text: string, act: (cause: EventSeq) => Reply): Reply {
    const { netns, requester } = this;
    const seq = fileRequest(netns, requester, request, text);
    const reply = netns.causing(seq, () => act(seq));
    if (!reply.ok) noteRefusal(netns, seq, errorText(reply.error));
    return reply;
  }

  get netfilter(): NetfilterDoor {
    return (this.#netfilter ??= new NetfilterDoor(this.netns, this.requester));
  }

  getQdiscs(): QdiscDumpRow[] {
    return dumpQdiscs(this.netns);
  }
  newQdisc(spec: QdiscSpec, mode: QdiscMode): Reply {
    return this.#ask('RTM_NEWQDISC', qdiscCommand(mode, spec), (cause) =>
      newQdisc(this.netns, spec, mode, cause),
    );
  }
  delQdisc(spec: QdiscSpec): Reply {
    return this.#ask('RTM_DELQDISC', qdiscCommand('del', spec), (cause) => delQdisc(this.netns, spec, cause));
  }

  getLinks(): LinkRow[] {
    return [...this.netns.devices].map(linkRow);
  }
  getLink(name: string): LinkRow | undefined {
    const device = this.netns.device(name);
    return device && linkRow(device);
  }
  getStats(name: string): LinkStats | undefined {
    return this.netns.device(name)?.statistics;
  }
  newLink(spec: LinkSpec): Reply {
    return this.#ask('RTM_NEWLINK', describeNewLink(spec), (cause) => newLink(this.netns, spec, cause));
  }
  setLink(name: string, change: LinkChange): Reply {
    return this.#ask('RTM_SETLINK', describeSetLink(name, change), (cause) =>
      setLink(this.netns, name, change, cause),
    );
  }
  delLink(name: string): Reply {
    return this.#ask('RTM_DELLINK', `ip link del ${name}`, (cause) => delLink(this.netns, name, cause));
  }

  getAddrs(): AddrRow[] {
    return [...this.netns.devices].flatMap((device) =>
      [...device.addresses]
        .sort((a, b) => Number(a.secondary) - Number(b.secondary) || a.order - b.order)
        .map((address) => addrRow(device, address)),
    );
  }
  newAddr(spec: AddrSpec, mode: 'add' | 'replace' = 'add'): Reply {
    const text = describeAddr(mode, spec);
    return this.#ask('RTM_NEWADDR', text, (cause) => newAddr(this.netns, spec, mode === 'replace', cause));
  }
  delAddr(spec: Pick<AddrSpec, 'dev' | 'local'> & { readonly prefixlen?: number }): Reply {
    return this.#ask('RTM_DELADDR', describeAddr('del', spec), (cause) => delAddr(this.netns, spec, cause));
  }

  getRoutes(filter?: RouteMatch): RouteRow[] {
    return this.netns.fib.dump(filter);
  }
  hasTable(name: string): boolean {
    return this.netns.fib.hasTable(name);
  }
  newRoute(spec: RouteSpec, mode: RouteMode = 'add'): Reply {
    return this.#ask('RTM_NEWROUTE', describeRoute(mode, spec), () => this.netns.fib.addRoute(spec, mode));
  }
  delRoute(match: RouteMatch): Reply {
    return this.#ask('RTM_DELROUTE', describeRoute('del', match), () => this.netns.fib.deleteRoute(match));
  }

  /** inet_rtm_getroute. With `iif` the question is what would happen to a packet received there. */
  lookupRoute(query: RouteQuery): Reply<RouteAnswer> {
    const { netns } = this;
    for (const dev of [query.iif, query.oif])
      if (dev !== undefined && !netns.device(dev)) return err({ errno: 'ENODEV' });
    const lookup = netns.fib.lookup(query);
    const { type } = lookup;
    const refused = REFUSAL[type];
    if (refused !== undefined) return err({ errno: refused });
    if (query.iif !== undefined && type === 'unicast' && netns.sysctl.conf(query.iif, 'forwarding') === 0) {
      return err({ errno: 'EHOSTUNREACH' });
    }
    const input = query.iif !== undefined;
    if (!input && query.src !== undefined && !netns.isLocal(query.src)) return err({ errno: 'ENETUNREACH' });
    const pmtu = type === 'unicast' && !input ? netns.pmtu.entry(query.dst) : undefined;
    const prefsrc = query.src ?? lookup.prefsrc;
    return ok({
      decision: lookup.decision,
      type: type === 'local' || type === 'broadcast' || type === 'multicast' ? type : 'unicast',
      dst: ipText(query.dst),
      ...(query.src !== undefined ? { from: ipText(query.src) } : {}),
      // A group is on the link: no next hop.
      ...(lookup.gateway !== 0 && type !== 'multicast' ? { gateway: ipText(lookup.gateway) } : {}),
      dev: type === 'local' ? 'lo' : (lookup.dev ?? ''),
      // The source hint is for packets of our own: asked with `from` or `iif` there is nothing to choose.
      ...(!input && query.src === undefined && prefsrc !== 0 ? { prefsrc: ipText(prefsrc) } : {}),
      ...(input ? { iif: query.iif } : {}),
      cache: cacheFlags(type, input && lookup.dev === query.iif),
      ...(pmtu ? { expiresSec: Math.floor((pmtu.expires - netns.now) / SECOND), mtu: pmtu.mtu } : {}),
    });
  }

  getRules(): RuleRow[] {
    return this.netns.fib.rules();
  }
  newRule(spec: RuleSpec): Reply {
    return this.#ask('RTM_NEWRULE', describeRule('add', spec), () => this.netns.fib.addRule(spec));
  }
  delRule(spec: Partial<RuleSpec>): Reply {
    return this.#ask('RTM_DELRULE', describeRule('del', spec), () => this.netns.fib.deleteRule(spec));
  }

  getNeighs(filter?: { readonly dev?: string; readonly proxy?: boolean }): NeighDumpRow[] {
    return getNeighs(this.netns, filter);
  }
  newNeigh(spec: NeighSpec, mode: 'add' | 'replace' | 'change' = 'add'): Reply {
    const text = describeNeigh(mode, spec);
    return this.#ask('RTM_NEWNEIGH', text, (cause) => newNeigh(this.netns, spec, mode, cause));
  }
  delNeigh(spec: Pick<NeighSpec, 'dev' | 'dst' | 'proxy'>): Reply {
    return this.#ask('RTM_DELNEIGH', describeNeigh('del', spec), (cause) =>
      delNeigh(this.netns, spec, cause),
    );
  }

  getFdb(filter?: { readonly br?: string; readonly dev?: string }): FdbDumpRow[] {
    return getFdb(this.netns, filter);
  }
  newFdb(spec: FdbSpec, mode: 'add' | 'append' | 'replace' = 'add'): Reply {
    const text = describeFdb(mode, spec);
    return this.#ask('RTM_NEWNEIGH', text, (cause) => newFdb(this.netns, spec, mode, cause));
  }
  delFdb(spec: FdbSpec): Reply {
    return this.#ask('RTM_DELNEIGH', describeFdb('del', spec), (cause) => delFdb(this.netns, spec, cause));
  }

  getSysctl(name: string): Result<string, Errno> {
    if (ROUTE_FLUSH.test(name)) return err('EINVAL');
    return this.netns.sysctl.get(name);
  }
  setSysctl(name: string, value: string): Result<void, Errno> {
    const { netns, requester } = this;
    if (ROUTE_FLUSH.test(name)) {
      netns.pmtu.clear();
      return ok(undefined);
    }
    return netns.causing(requester.cause, () => netns.sysctl.set(name, value));
  }
  listSysctls(): { readonly name: string; readonly value: string }[] {
    return this.netns.sysctl.list();
  }
}
