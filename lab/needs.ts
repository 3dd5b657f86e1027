/** What a case asks of the kernel, and what is told where the kernel has it not. */
import type { Box } from './box';
import { labTexts } from './outputs';
import type { LabCase } from './types';

interface Need {
  /** In a command or in the script of a case. */
  readonly when: RegExp;
  /** Succeeds in a network namespace of its own where the kernel has it. */
  readonly probe: string;
  readonly without: string;
}
const NEEDS: readonly Need[] = [
  {
    when: /\bnetem\b/,
    probe: 'ip link add probe type veth && tc qdisc add dev probe root netem',
    without: 'no sch_netem',
  },
  {
    // Its own in each namespace only in some kernels, else the machine's.
    when: /\bnf_conntrack_max=/,
    probe: 'echo 1000000 > /proc/sys/net/netfilter/nf_conntrack_max',
    without: 'nf_conntrack_max cannot be set in a namespace',
  },
  {
    when: /\bflannel-udp-proxy\b|\btuntap\b/,
    probe: 'ip tuntap add probe mode tun',
    without: 'no tun module',
  },
  {
    when: /\biptables\b/,
    probe: 'for table in filter nat mangle raw; do iptables -t $table -S || exit 1; done',
    without: 'no iptables-legacy in this kernel',
  },
  { when: /\bconntrack -/, probe: 'conntrack -L', without: 'no nf_conntrack_netlink module' },
  { when: /\bipset\b/, probe: 'ipset create probe hash:ip', without: 'no ip_set module' },
];

const known = new Map<Need, Promise<boolean>>();

/** Why the case cannot be run here; undefined when it can. Asks once for each part of the kernel. */
export async function lackOf(box: Box, labCase: LabCase): Promise<string | undefined> {
  const texts = labTexts(labCase);
  for (const need of NEEDS) {
    if (!texts.some((text) => need.when.test(text))) continue;
    const there = known.get(need) ?? tried(box, need);
    known.set(need, there);
    if (!(await there)) return need.without;
  }
  return undefined;
}

async function tried(box: Box, { probe }: Need): Promise<boolean> {
  const done = await box.run('here', `unshare --net bash -c '${probe}'`);
  return done.exit === 0;
}

/** What the tools' own words say is not in this kernel. */
export function lacking(output: string): string | undefined {
  const kind = /(?:Unknown device type|Operation not supported)[^]*\bfailed: .*\btype (\w+)/.exec(
    output,
  )?.[1];
  if (kind !== undefined) return `no ${kind} module`;
  const extension = /Extension (\w+) revision \d+ not supported, missing kernel module/.exec(output)?.[1];
  return extension === undefined ? undefined : `no xt_${extension} module`;
}
