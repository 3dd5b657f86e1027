/**
 * Linux's IPv4 forwarding information base of one network namespace: tables, rules, lookup with reasons.
 *
 * Follows net/ipv4/fib_frontend.c, fib_semantics.c, fib_trie.c, fib_rules.c and route.c of Linux 6.18; behaviour and
 * words were compared with that kernel (testdata/). Leaves out: tos in routes, nexthop objects, route metrics other
 * than mtu, rules that do other than name a table, the dead-gateway rotation among equal default routes
 * (fib_select_default), VRF.
 */
import { ok } from '../../../base/result';
import type { Reply, RouteMatch, RouteMode, RouteSpec, RuleSpec } from '../netlink';
import type { Ip4 } from '../../wire/ip4';
import type { RouteRow, RouteType, RuleRow } from '../trace';
import { FibCache } from './fib-cache';
import { FibDevices } from './fib-devices';
import { deleteAlias, matchesDump } from './fib-match';
import { checkPrefix, createInfo, refuse } from './fib-newroute';
import { FibResolver } from './fib-resolve';
import { FibRules } from './fib-rules';
import { FibState } from './fib-state';
import { TABLE_LOCAL, TABLE_MAIN, tableId } from './fib-table';
import type { FibAddress, FibChange, FibFlow, FibHost, FibLookup, FibNewAddress } from './fib-types';

export type { FibChange, FibDevice, FibFlow, FibHost, FibLookup, FibNewAddress } from './fib-types';

export class Fib {
  /** Grows with every change that may change an answer. */
  generation = 0;
  private readonly ruleList: FibRules;
  private readonly state: FibState;
  private readonly kernel: FibDevices;
  private readonly resolver: FibResolver;
  private readonly cache = new FibCache();

  /** Tells `onChange` of the three rules every namespace starts with, before it returns. */
  constructor(host: FibHost, onChange: (change: FibChange) => void) {
    this.ruleList = new FibRules(onChange);
    this.state = new FibState(host, this.ruleList, onChange);
    this.kernel = new FibDevices(this.state);
    this.resolver = new FibResolver(this.state);
  }

  /**
   * RTM_NEWROUTE. Refusals carry Linux's own words where it has some. ENODEV stands for iproute2's own
   * `Cannot find device`, EINVAL without words for a table name that is none.
   */
  addRoute(spec: RouteSpec, mode: RouteMode = 'add'): Reply {
    const id = tableId(spec.table ?? (spec.type === 'local' || spec.type === 'broadcast' ? 'local' : 'main'));
    if (id === undefined) return refuse('EINVAL');
    for (const { dev } of [spec, ...(spec.nexthops ?? [])]) {
      if (dev !== undefined && !this.state.host.device(dev)) return refuse('ENODEV');
    }
    const table = this.state.obtain(id);
    const badPrefix = checkPrefix(spec.dst);
    if (badPrefix) return badPrefix;
    const info = createInfo(spec, table.id, this.state);
    if (!info.ok) return info;
    const reply = this.state.insert(table, info.value, mode);
    if (reply.ok) this.changed();
    return reply;
  }

  /** RTM_DELROUTE: the first row of the prefix (default: `default`) that agrees with everything given. */
  deleteRoute(match: RouteMatch): Reply {
    const id = tableId(
      match.table ?? (match.type === 'local' || match.type === 'broadcast' ? 'local' : 'main'),
    );
    if (id === undefined) return refuse('EINVAL');
    if (match.dev !== undefined && !this.state.host.device(match.dev)) return refuse('ENODEV');
    const table = this.state.tables.get(id);
    if (!table) return refuse('ESRCH', 'FIB table does not exist');
    const dst = match.dst ?? { addr: 0, len: 0 };
    const badPrefix = checkPrefix(dst);
    if (badPrefix) return badPrefix;
    const entry = deleteAlias(table.aliases(dst.addr, dst.len), match);
    if (!entry) return refuse('ESRCH');
    this.state.remove(table, entry);
    this.changed();
    return ok(undefined);
  }

  /** Rows in the kernel's order that agree with everything given; of table main unless told otherwise (`all`). */
  dump(match: RouteMatch = {}): RouteRow[] {
    const name = match.table ?? 'main';
    const id = tableId(name);
    const tables = this.state.sortedTables().filter((table) => name === 'all' || table.id === id);
    return tables.flatMap((table) =>
      table.entries.filter((entry) => matchesDump(entry, match)).map((entry) => entry.row),
    );
  }

  /** Whether a dump of the table would be refused with `ipv4: FIB table does not exist`. */
  hasTable(name: string): boolean {
    const id = tableId(name);
    return id !== undefined && this.state.tables.has(id);
  }

  /** RTM_NEWRULE with NLM_F_EXCL. Without a priority the rule comes before all but the first. */
  addRule(spec: RuleSpec): Reply {
    return this.afterwards(this.ruleList.add(spec));
  }

  /** RTM_DELRULE: the first rule that agrees with everything given, ENOENT when there is none. */
  deleteRule(match: Partial<RuleSpec>): Reply {
    return this.afterwards(this.ruleList.delete(match));
  }

  rules(): RuleRow[] {
    return this.ruleList.list.map((rule) => rule.row);
  }

  /** The same object for the same flow until the FIB changes. */
  lookup(flow: FibFlow): FibLookup {
    const known = this.cache.get(flow);
    if (known) return known;
    const answer = this.resolver.resolve(flow);
    this.cache.put(flow, answer);
    return answer;
  }

  /** inet_addr_type, or with a device inet_dev_addr_type: what table local says of an address. */
  addressType(ip: Ip4, dev?: string): RouteType {
    return this.state.addressType(ip, dev);
  }

  // ---- What the kernel does by itself, told by the namespace after its own state has changed --------------------

  /** Adds the address's rows; call it in the order the addresses were configured. */
  addressAdded(dev: string, address: FibNewAddress): void {
    this.kernel.addressAdded(dev, address);
    this.changed();
  }

  /** Removes them; secondary addresses first when their primary one goes. */
  addressRemoved(dev: string, address: FibAddress): void {
    this.kernel.addressRemoved(dev, address);
    this.changed();
  }

  deviceUp(dev: string): void {
    this.kernel.deviceUp(dev);
    this.changed();
  }

  deviceDown(dev: string): void {
    this.kernel.deviceDown(dev);
    this.changed();
  }

  /** The device leaves the namespace: its addresses and all its rows go. */
  deviceRemoved(dev: string): void {
    this.kernel.deviceRemoved(dev);
    this.changed();
  }

  carrierChanged(dev: string): void {
    this.kernel.carrierChanged(dev);
    this.changed();
  }

  deviceRenamed(from: string, to: string): void {
    this.kernel.deviceRenamed(from, to);
    this.changed();
  }

  /** Something the host answers has changed besides that: ignore_routes_with_linkdown, the order of addresses. */
  settingsChanged(): void {
    this.state.forEachEntry((entry) => this.state.refresh(entry));
    this.changed();
  }

  private afterwards(reply: Reply): Reply {
    if (!reply.ok) return reply;
    // The first rule of one's own takes local and main apart (fib_unmerge), which makes both.
    this.state.obtain(TABLE_MAIN);
    this.state.obtain(TABLE_LOCAL);
    this.changed();
    return reply;
  }

  private changed(): void {
    this.generation++;
    this.cache.clear();
    this.resolver.clear();
  }
}
