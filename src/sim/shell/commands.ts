/** Every program, entered into the registry where completion and `ip netns exec` look them up. */
import { bridge } from './bridge/index';
import { ip } from './ip/index';
import { brctl } from './nettools/brctl';
import { netfilterPrograms } from './iptables/index';
import { ipset } from './ipset/index';
import { net } from './net/index';
import { nettools } from './nettools/index';
import { ping } from './ping/index';
import type { Program } from './program';
import { programs } from './registry';
import { subshells } from './subshell';
import { tc } from './tc/index';
import { tcpdump } from './tcpdump/index';
import { makeHelp, tools } from './tools/index';
import { traceroute } from './traceroute/index';

const ALL: readonly Program[] = [
  ip,
  bridge,
  tc,
  brctl,
  ...nettools,
  ping,
  traceroute,
  tcpdump,
  ...net,
  ...netfilterPrograms,
  ipset,
  ...tools,
  ...subshells,
  makeHelp(() => ALL),
];

for (const program of ALL) programs.set(program.name, program);

/** Sorted. */
export const commandNames: readonly string[] = [...programs.keys()].sort();
