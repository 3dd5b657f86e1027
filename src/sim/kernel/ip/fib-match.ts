/** Which rows a request to delete or to list means. */
import type { RouteMatch } from '../netlink';
import type { FibEntry } from './fib-entry';

/** fib_table_delete and fib_nh_match: of a multipath row only the first nexthop is compared. */
export function deleteAlias(aliases: readonly FibEntry[], match: RouteMatch): FibEntry | undefined {
  return aliases.find((entry) => {
    const [nexthop] = entry.info.nexthops;
    return (
      agreesBesidesNexthop(entry, match) &&
      // A metric of 0 is no metric: it deletes the first of any.
      (!match.metric || match.metric === entry.info.metric) &&
      (match.dev === undefined || match.dev === nexthop?.dev) &&
      (!match.gateway || match.gateway === nexthop?.gateway)
    );
  });
}

/** A filter of `ip route show`; a device is found in any nexthop. */
export function matchesDump(entry: FibEntry, match: RouteMatch): boolean {
  const { address, bits, metric, nexthops } = entry.info;
  return (
    (!match.dst || (match.dst.addr === address && match.dst.len === bits)) &&
    agreesBesidesNexthop(entry, match) &&
    (match.metric === undefined || match.metric === metric) &&
    (match.dev === undefined || nexthops.some((nexthop) => nexthop.dev === match.dev)) &&
    (match.gateway === undefined || nexthops.some((nexthop) => nexthop.gateway === match.gateway))
  );
}

function agreesBesidesNexthop({ info }: FibEntry, match: RouteMatch): boolean {
  return (
    (match.type === undefined || match.type === info.type) &&
    (match.protocol === undefined || match.protocol === info.protocol) &&
    (match.scope === undefined || match.scope === info.scope) &&
    (!match.prefsrc || match.prefsrc === info.prefsrc)
  );
}
