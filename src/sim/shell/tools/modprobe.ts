/** modprobe (kmod 30): the modules whose work the kernel model does are there already. */
import { Exit, type Program } from '../program';

const RELEASE = '6.18.0';
const MODULES: readonly string[] = [
  ...['bridge', 'br_netfilter', 'veth', 'vxlan', 'tun', 'dummy', 'sch_netem', 'overlay'],
  ...[
    'ip_tables',
    'x_tables',
    'iptable_raw',
    'iptable_mangle',
    'iptable_nat',
    'iptable_filter',
    'iptable_security',
  ],
  ...[
    'nf_conntrack',
    'nf_conntrack_ipv4',
    'nf_conntrack_netlink',
    'nf_nat',
    'nf_defrag_ipv4',
    'nf_log_syslog',
  ],
  ...[
    'xt_conntrack',
    'xt_state',
    'xt_addrtype',
    'xt_comment',
    'xt_mark',
    'xt_multiport',
    'xt_physdev',
    'xt_limit',
  ],
  ...[
    'xt_set',
    'xt_nat',
    'xt_MASQUERADE',
    'xt_REDIRECT',
    'xt_LOG',
    'xt_TRACE',
    'xt_CT',
    'xt_tcpudp',
    'ipt_REJECT',
  ],
  ...[
    'ipt_rpfilter',
    'ip_set',
    'ip_set_hash_ip',
    'ip_set_hash_net',
    'ip_set_hash_ipport',
    'ip_set_hash_netport',
  ],
];

export const modprobe: Program = {
  name: 'modprobe',
  group: 'shell',
  about: 'load a kernel module: br_netfilter, nf_conntrack, … (all of the model are loaded)',
  slots: () => ({ words: ['br_netfilter', 'nf_conntrack', 'vxlan', 'ip_tables'] }),
  run(ctx, args) {
    const names = args.filter((word) => !word.startsWith('-'));
    const option = args.find(
      (word) => /^-./.test(word) && !/^(?:-[avq]|--(?:all|verbose|quiet))$/.test(word),
    );
    if (option !== undefined) throw new Exit(1, `modprobe: ${option} is not modelled here.\n`);
    if (names.length === 0) throw new Exit(1, 'modprobe: ERROR: missing parameters. See -h.\n');
    const all = args.includes('-a') || args.includes('--all');
    const quiet = args.includes('-q') || args.includes('--quiet');
    let code = 0;
    // Without -a the first name is the module, the others its parameters.
    for (const name of all ? names : names.slice(0, 1)) {
      if (MODULES.includes(name.replaceAll('-', '_'))) continue;
      code = 1;
      const severity = all ? 'WARNING' : 'FATAL';
      if (!quiet)
        ctx.printError(
          `modprobe: ${severity}: Module ${name} not found in directory /lib/modules/${RELEASE}\n`,
        );
    }
    return code;
  },
};
