/**
 * The one list of what the kernel leaves open and is therefore not compared as it stands. `canonical.ts` and `tables.ts`
 * do what is written here, and nothing else is forgiven.
 */
interface Exception {
  readonly what: string;
  /** What is still compared in its place. */
  readonly instead: string;
  readonly why: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    what: 'IPv4 identification (also of quoted packets)',
    instead: 'whether it is 0, and which packets of an interface share it (fragments, quotes)',
    why: 'random in Linux (ip_select_ident)',
  },
  {
    what: 'IPv4 header checksum',
    instead: 'whether it is right',
    why: 'covers the identification',
  },
  {
    what: 'source ports and echo ids that were drawn (from 1024 on, named by no command and no rule)',
    instead: 'which packets of an interface share one; where they stand in tables, outputs and the log',
    why: 'random (ip_local_port_range; also `--random-fully` of MASQUERADE)',
  },
  {
    what: 'TCP sequence and acknowledgement numbers',
    instead: 'as counted from the first of each direction',
    why: 'the initial ones are a keyed hash and the time (secure_tcp_seq)',
  },
  {
    what: 'TCP time stamps',
    instead: 'that they are there, and whether they are 0',
    why: 'the time, from a random start',
  },
  {
    what: 'TCP and UDP checksums where a drawn number is covered',
    instead: 'whether they are right',
    why: 'they cover it',
  },
  {
    what: 'UDP source port of VXLAN',
    instead: 'whether it lies in 32768–60999',
    why: 'a hash of the inner flow with a secret drawn at boot (udp_flow_src_port)',
  },
  {
    what: 'UDP checksum of VXLAN',
    instead: 'whether it is right, wrong or 0; free where only a part of the packet is there',
    why: 'covers the source port and the inner identification',
  },
  {
    what: 'first 16 bytes of an echo payload',
    instead: 'nothing',
    why: 'ping puts the time there (struct timeval); the simulated ping goes on with its pattern, byte[i] = i',
  },
  {
    what: 'ICMP checksum',
    instead: 'whether it is right; free where only a part of the packet is there',
    why: 'covers the time stamp, or quoted identifications',
  },
  {
    what: 'UDP and TCP checksums on lo',
    instead: 'nothing',
    why: 'left to a device that has none to fill in (CHECKSUM_PARTIAL); offload cannot be turned off on lo',
  },
  {
    what: 'order of ARP requests that follow each other directly',
    instead: 'that they are all there',
    why: 'timers of two hosts run beside each other, microseconds apart',
  },
  {
    what: 'times printed by commands',
    instead: 'that there is a time in that place',
    why: 'they are measured',
  },
  {
    what: 'order in which neighbours, learnt addresses, connections and members of sets are listed',
    instead: 'the set of them',
    why: 'hash tables with a secret drawn at boot',
  },
  {
    what: "kind of a machine's NIC",
    instead: 'everything else about it',
    why: 'the lab has no NICs: a veth stands for it, and the cable is its other end',
  },
  {
    what: '`ifindex`, `link_index`, `link_netnsid`, lifetimes and timers in tables',
    instead: 'nothing in the tables; as text where a script made the devices (cases `printed-…`)',
    why: 'counted per namespace from what else is there, or measured',
  },
  {
    what: 'keys of `ip -d link` beside those in `tables.ts`',
    instead: 'the text of `ip -d link` (cases `printed-…`)',
    why: 'queues and limits of the driver: nothing the model has',
  },
  {
    what: 'identifications printed by `tcpdump -v` and in the kernel log',
    instead: 'that one is printed; in the log, whether it is 0',
    why: 'random, as in the frames',
  },
  {
    what: 'timeouts of connections',
    instead: 'that there is one',
    why: 'they run',
  },
  {
    what: "comments of `iptables-save`, a set's `initval`, process and file numbers of `ss -p` with the widths they make",
    instead: 'that they are there',
    why: 'the date; a random number; numbers of the machine',
  },
  {
    what: 'times of kernel log lines, and lines that neither LOG nor TRACE wrote',
    instead: 'the lines of all namespaces in one order',
    why: 'measured; other people use the kernel, too',
  },
];
