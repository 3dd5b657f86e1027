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
    what: 'UDP checksum on lo',
    instead: 'nothing',
    why: 'left to a device that has none to fill in (CHECKSUM_PARTIAL); offload cannot be turned off on lo',
  },
  {
    what: 'times printed by commands',
    instead: 'that there is a time in that place',
    why: 'they are measured',
  },
  {
    what: 'order in which neighbours and learnt addresses are listed',
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
    what: 'identifications printed by `tcpdump -v`',
    instead: 'that one is printed',
    why: 'random, as in the frames',
  },
];
