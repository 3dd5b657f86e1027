/** From a flow to its route and the reasons: fib_lookup, fib_select_path, and what ip_route_output_key and ip_route_input add. */
import { formatIp4, isLimitedBroadcast, isMulticast, type Ip4 } from '../../wire/ip4';
import type { FibDecision, FibResultType, FibTableWalk } from '../trace';
import { explainFibCandidates } from './fib-explain';
import type { FibDemand, FibHit } from './fib-select';
import { selectAddress, selectMultipath, sourceOf } from './fib-select';
import type { FibState, FibWalk } from './fib-state';
import { TABLE_LOCAL } from './fib-table';
import type { FibFlow, FibLookup } from './fib-types';

export class FibResolver {
  /** Table local's answer to every destination that is not in it, by rule. */
  private readonly localMisses = new Map<FibWalk['rule'], FibTableWalk>();

  constructor(private readonly state: FibState) {}

  clear(): void {
    this.localMisses.clear();
  }

  resolve(flow: FibFlow): FibLookup {
    return this.withoutTables(flow) ?? this.throughTables(flow);
  }

  private throughTables(flow: FibFlow): FibLookup {
    const demand: FibDemand = { scope: 'global', ...(flow.oif !== undefined && { oif: flow.oif }) };
    const tables: FibTableWalk[] = [];
    const hit = this.state.walk(flow, demand, (walk) => tables.push(this.explain(walk, flow, demand)));
    // With the device given, a destination without a route is believed to be on its link (__ip_route_output_key).
    if (flow.oif !== undefined && flow.iif === undefined && !hit?.nexthop) {
      return this.onDevice(flow, flow.oif, 'unicast', tables);
    }
    if (!hit) return answer(flow, tables, { type: 'none' });
    const { type } = hit.entry.info;
    switch (type) {
      case 'blackhole':
      case 'unreachable':
      case 'prohibit':
        return answer(flow, tables, { type, hit });
      case 'throw':
        return answer(flow, tables, { type: 'none' });
      case 'local':
        return answer(flow, tables, {
          type,
          hit,
          dev: this.loopback(),
          prefsrc: hit.entry.info.prefsrc || flow.dst,
        });
      case 'unicast':
      case 'broadcast':
      case 'multicast':
        return this.forward(flow, tables, hit, type);
    }
  }

  private forward(flow: FibFlow, tables: FibTableWalk[], hit: FibHit, type: FibResultType): FibLookup {
    const { host } = this.state;
    const several = hit.entry.info.nexthops.length > 1 && flow.oif === undefined;
    const src = flow.src ?? 0;
    const source = flow.iif === undefined ? src : 0;
    const nexthop = several ? selectMultipath(hit.entry, { dst: flow.dst, src, source }, host) : hit.nexthop;
    if (!nexthop) return answer(flow, tables, { type: 'none' });
    return answer(flow, tables, {
      type: type === 'unicast' ? typeByAddress(flow.dst) : type,
      hit,
      // What is received for all of us is delivered as if by the loopback (ip_route_input_slow).
      dev: type === 'broadcast' && flow.iif !== undefined ? this.loopback() : nexthop.dev,
      // A gateway that is an own address leads nowhere: the destination itself is the neighbour (rt_set_nexthop).
      gateway: nexthop.scope === 'link' ? nexthop.gateway : 0,
      prefsrc: sourceOf(hit.entry, nexthop, host),
      onlink: nexthop.onlink,
    });
  }

  /** Destinations that never reach a table: 255.255.255.255 and multicast received, or sent on a named device. */
  private withoutTables(flow: FibFlow): FibLookup | undefined {
    const { dst, iif, oif } = flow;
    const type = typeByAddress(dst);
    if (type === 'unicast') return this.isUsable(oif, iif) ? undefined : answer(flow, [], { type: 'none' });
    if (iif !== undefined) return answer(flow, [], { type, dev: this.loopback() });
    const linkLocal = isLimitedBroadcast(dst) || dst >>> 8 === LOCAL_MULTICAST >>> 8;
    if (oif === undefined || !linkLocal) return undefined;
    return this.onDevice(flow, oif, type, []);
  }

  /** A device one insists on must be there and up. */
  private isUsable(oif: string | undefined, iif: string | undefined): boolean {
    return oif === undefined || iif !== undefined || this.state.host.device(oif)?.up === true;
  }

  private onDevice(flow: FibFlow, dev: string, type: FibResultType, tables: FibTableWalk[]): FibLookup {
    if (!this.isUsable(dev, undefined)) return answer(flow, tables, { type: 'none' });
    const prefsrc = selectAddress(dev, 0, 'link', this.state.host);
    return answer(flow, tables, { type, dev, prefsrc });
  }

  private explain(walk: FibWalk, flow: FibFlow, demand: FibDemand): FibTableWalk {
    const { rule, table, hit } = walk;
    if (!table) return { rule: rule.row, table: rule.row.table, candidates: [], omitted: 0 };
    const question = { dst: flow.dst, demand, host: this.state.host };
    const known = hit ? undefined : this.localMisses.get(rule);
    if (known) return known;
    const explained = explainFibCandidates(table, rule.row, question, hit);
    // Rows that hold the destination and could not be used make it this destination's own story.
    const general = !hit && table.id === TABLE_LOCAL && !explained.candidates.some(isMatching);
    if (general) this.localMisses.set(rule, explained);
    return explained;
  }

  private loopback(): string {
    for (const device of this.state.host.devices()) if (device.loopback) return device.name;
    return 'lo';
  }
}

function isMatching(candidate: FibTableWalk['candidates'][number]): boolean {
  return candidate.reason.why !== 'not-in-prefix';
}

const LOCAL_MULTICAST: Ip4 = 0xe0000000;

function typeByAddress(dst: Ip4): 'unicast' | 'broadcast' | 'multicast' {
  if (isLimitedBroadcast(dst)) return 'broadcast';
  return isMulticast(dst) ? 'multicast' : 'unicast';
}

interface Found {
  readonly type: FibResultType;
  readonly hit?: FibHit;
  readonly dev?: string;
  readonly gateway?: Ip4;
  readonly prefsrc?: Ip4;
  readonly onlink?: boolean;
}

function answer(flow: FibFlow, tables: readonly FibTableWalk[], found: Found): FibLookup {
  const { type, hit, dev, gateway = 0, prefsrc = 0, onlink = false } = found;
  const route = hit?.entry.row;
  // A packet that is passed on keeps its source, and so does one whose sender chose: no row decided it.
  const chosen = flow.iif === undefined && !flow.src && prefsrc !== 0;
  const decision: FibDecision = {
    tables,
    result: type,
    ...(route && { route }),
    ...(gateway !== 0 && { gateway: formatIp4(gateway) }),
    ...(dev !== undefined && { dev }),
    ...(chosen && { prefsrc: formatIp4(prefsrc) }),
  };
  const scope = hit?.entry.info.scope ?? (dev === undefined ? 'global' : 'link');
  return { decision, type, gateway, dev, prefsrc, onlink, mtu: hit?.entry.info.mtu ?? 0, scope, route };
}
