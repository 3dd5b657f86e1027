/**
 * Rows of the kernel's tables as iproute2 6.1's JSON prints them (`ip -j`, `bridge -j`), which is also what the trace
 * carries. Keys that iproute2 leaves out are left out here.
 */
export type NeighState =
  'NONE' | 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'PERMANENT' | 'NOARP';
export type RouteType =
  'unicast' | 'local' | 'broadcast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw';
export type RouteScope = 'global' | 'link' | 'host' | 'nowhere' | 'site';
export type LinkKind = 'loopback' | 'nic' | 'veth' | 'bridge' | 'vxlan' | 'tun' | 'ipip' | 'dummy';

/** `ip -j -d link`, plus `kind` and `peer` for the screen (left out of what commands print). */
export interface LinkRow {
  readonly ifindex: number;
  readonly ifname: string;
  /** Where the other end or the lower device is: veth peer ifindex (printed as `@ifN`), or the lower device's name. */
  readonly link_index?: number;
  readonly link?: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly qdisc: string;
  readonly master?: string;
  readonly operstate: 'UP' | 'DOWN' | 'UNKNOWN' | 'LOWERLAYERDOWN';
  readonly group: string;
  readonly txqlen: number;
  readonly link_type: 'ether' | 'loopback' | 'none' | 'ipip';
  readonly address: string;
  readonly broadcast: string;
  readonly link_netnsid?: number;
  /** Name of the peer's namespace when it has one made by `ip netns add`. */
  readonly link_netns?: string;
  readonly kind: LinkKind;
  /** Other end of a veth or cable, for the stage. */
  readonly peer?: { readonly netns: string; readonly dev: string };
  readonly bridge?: {
    readonly ageing: number;
    readonly stp: boolean;
    readonly bridgeId: string;
    /** The MAC was asked for; otherwise it follows the ports'. */
    readonly macSet: boolean;
    readonly mcastSnooping: boolean;
  };
  readonly port?: {
    readonly no: number;
    readonly learning: boolean;
    readonly flood: boolean;
    readonly hairpin: boolean;
    readonly isolated: boolean;
    readonly neighSuppress: boolean;
    readonly priority: number;
    readonly cost: number;
  };
  readonly vxlan?: {
    readonly id: number;
    readonly local?: string;
    readonly remote?: string;
    readonly dev?: string;
    readonly port: number;
    readonly learning: boolean;
    readonly ttl: number;
    readonly ageing: number;
    readonly udpCsum: boolean;
  };
  /** `process`: who holds the file. */
  readonly tun?: { readonly persist: boolean; readonly process?: string };
}
/** One address (`addr_info` element of `ip -j addr`). */
export interface AddrRow {
  readonly dev: string;
  readonly family: 'inet';
  readonly local: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  /** Point-to-point peer. */
  readonly address?: string;
  readonly scope: RouteScope;
  readonly label: string;
  readonly secondary?: boolean;
}
/** `ip -j route`. `table` is left out for main when printed. */
export interface RouteRow {
  readonly type?: RouteType;
  /** `default`, `10.1.16.0/24`, or a bare address for a /32. */
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: RouteScope;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly flags: readonly string[];
  readonly mtu?: number;
  readonly nexthops?: readonly {
    readonly gateway?: string;
    readonly dev: string;
    readonly weight: number;
    readonly flags: readonly string[];
  }[];
}
/** `ip -j rule`. */
export interface RuleRow {
  readonly priority: number;
  /** `all` or a prefix's address. */
  readonly src: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: string;
  readonly table: string;
}
/** `ip -j neigh`. */
export interface NeighRow {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly NeighState[];
  readonly proxy?: boolean;
}
/** `bridge -j fdb`. */
export interface FdbRow {
  readonly mac: string;
  readonly ifname: string;
  readonly dst?: string;
  readonly vni?: number;
  readonly port?: number;
  readonly viaIf?: string;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly state: '' | 'permanent' | 'static';
}
/**
 * A chain of iptables (no `text`) or one of its rules. `packets` and `bytes` are what the counters were set to with this
 * row (0, `iptables-restore -c`, `-Z`); what has been counted since are the rules tried in hook events with this row's key.
 */
export interface IptablesRow {
  readonly table: string;
  readonly chain: string;
  /** Only of built-in chains. */
  readonly policy?: string;
  /** As `iptables -S` prints it behind `-A CHAIN `. */
  readonly text?: string;
  readonly packets: number;
  readonly bytes: number;
}
/** A line of `conntrack -L` without its timeout, which changes with every packet. */
export interface ConntrackRow {
  readonly protocol: string;
  readonly state?: string;
  /** `src=… dst=… sport=… dport=…` */
  readonly orig: string;
  readonly reply: string;
  readonly flags: readonly string[];
}
/** A set (no `member`) or one of its members, as `ipset save` prints them. */
export interface IpsetRow {
  readonly set: string;
  /** `hash:ip`, `hash:net`. */
  readonly type: string;
  readonly member?: string;
}
/** A queueing discipline that somebody put on a device (`tc qdisc`); default ones are left out. */
export interface QdiscRow {
  readonly dev: string;
  readonly kind: string;
  /** `8001:` */
  readonly handle: string;
  /** As `tc qdisc show` prints them: `limit 1000 delay 10ms loss 5%`. */
  readonly options: string;
}
/** A line of `ss -tuan`; `peer` absent: `0.0.0.0:*`. */
export interface SocketRow {
  readonly protocol: 'tcp' | 'udp';
  /** As `ss` prints it: LISTEN, ESTAB, TIME-WAIT, UNCONN, … */
  readonly state: string;
  readonly local: string;
  readonly peer?: string;
  /** Program that opened it. */
  readonly process: string;
}
/** A line of `kubectl get nodes|pods -o wide`, with what the network needs to know. */
export interface KubeRow {
  readonly kind: 'Node' | 'Pod';
  readonly name: string;
  /** `Ready`, `NotReady`, `Running`, `Pending`, `ContainerCreating`, `Terminating`. */
  readonly status: string;
  /** InternalIP of a node, address of a pod. */
  readonly ip?: string;
  /** Of a pod. */
  readonly node?: string;
  /** Of a node: `spec.podCIDR`. */
  readonly podCidr?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
/** A namespace is drawn as a room; `parent` is the namespace of the machine it lives on. */
export interface NetnsRow {
  readonly id: string;
  readonly machine: string;
  readonly role: 'host' | 'container' | 'pod' | 'switch' | 'router' | 'netns';
  readonly parent?: string;
}
export interface SysctlRow {
  /** Dotted, as `sysctl` prints: `net.ipv4.ip_forward`. */
  readonly name: string;
  readonly value: string;
}
export interface ProcessRow {
  readonly name: string;
  readonly pid: number;
  readonly state: 'running' | 'stopped' | 'failed';
  readonly note?: string;
}
export interface EtcdRow {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Lease id in hex; absent without one. */
  readonly lease?: string;
}
