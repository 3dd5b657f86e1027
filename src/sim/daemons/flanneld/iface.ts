/** Which interface carries the traffic between nodes (flannel pkg/ipmatch, main.go). */
import { err, ok, type Result } from '../../../base/result';
import type { AddrRow, LinkRow, RouteRow } from '../../kernel/netlink';
import { parseIp4 } from '../../wire/index';
import type { ExternalInterface } from './state';

interface Survey {
  readonly links: readonly LinkRow[];
  readonly addrs: readonly AddrRow[];
  readonly routes: readonly RouteRow[];
}

function choose(survey: Survey, wanted: string | undefined): Result<string> {
  if (wanted === undefined) {
    const name = survey.routes.find((route) => route.dst === 'default' && route.dev !== undefined)?.dev;
    if (name !== undefined) return ok(name);
    return err(
      'Failed to find any valid interface to use: failed to get default interface: unable to find default route',
    );
  }
  const byAddress = survey.addrs.find((addr) => addr.local === wanted)?.dev;
  const name = byAddress ?? survey.links.find((link) => link.ifname === wanted)?.ifname;
  if (name !== undefined) return ok(name);
  return err(
    `Could not find valid interface matching ${wanted}: error looking up interface ${wanted}: route ip+net: no such network interface`,
  );
}

export function externalInterface(survey: Survey, wanted: string | undefined): Result<ExternalInterface> {
  const name = choose(survey, wanted);
  if (!name.ok) return name;
  const link = survey.links.find((row) => row.ifname === name.value);
  const row = survey.addrs.find((addr) => addr.dev === name.value && addr.scope === 'global');
  const addr = parseIp4(row?.local ?? '');
  if (!link || !addr.ok)
    return err(
      `Failed to find any valid interface to use: failed to find IPv4 address for interface ${name.value}`,
    );
  return ok({ name: name.value, index: link.ifindex, addr: addr.value, mtu: link.mtu });
}
