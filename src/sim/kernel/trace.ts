/**
 * The trace: one ordered list of events, and the frames they speak of. It is the only thing that leaves the simulation;
 * canvas, tables, story, pcap and transcript are all views of it.
 *
 * Everything here is plain data (structured-clone and JSON safe, except `Frame.bytes`). Addresses, MACs and table rows
 * are written as iproute2's JSON writes them, so that a row can be shown, compared and exported as it stands.
 */
import type { HookName, RuleTried } from './netfilter/tried';
import type {
  AddrRow,
  ConntrackRow,
  EtcdRow,
  FdbRow,
  IpsetRow,
  IptablesRow,
  KubeRow,
  LinkRow,
  NeighRow,
  NeighState,
  NetnsRow,
  ProcessRow,
  QdiscRow,
  RouteRow,
  RuleRow,
  SocketRow,
  SysctlRow,
} from './rows';

export type * from './rows';

/** Integer nanoseconds of virtual time. 0 is the moment the network is up; building it happens before, at negative times. */
export type SimTime = number;
/** Index into {@link Trace.frames}. Bytes never change under an id: whoever changes a frame makes a new one. */
export type FrameId = number;
/** Index into {@link Trace.events}. */
export type EventSeq = number;

export interface Frame {
  readonly id: FrameId;
  readonly bytes: Uint8Array;
  /** 'ethernet' when the bytes begin with an Ethernet header, 'ip' when with an IP header (TUN, IPIP, inside the IP layer). */
  readonly link: 'ethernet' | 'ip';
  /** The frame these bytes were made from (TTL decremented, header put on or taken off, answered, fragmented). */
  readonly from?: FrameId;
}

interface EventBase {
  readonly seq: EventSeq;
  readonly at: SimTime;
  readonly machine: string;
  /** Network namespace id, unique in the world: `node1`, `container-1`, `lan`. */
  readonly netns: string;
  /** The event that led to this one, -1 for a root (a scenario's or a person's command, a daemon's start). */
  readonly cause: EventSeq;
}
interface OnDevice extends EventBase {
  readonly dev: string;
}

/** A device hands a frame to its wire, its peer or its tunnel (dev_hard_start_xmit). A tap on `dev` sees it now. */
export interface TxEvent extends OnDevice {
  readonly kind: 'tx';
  readonly frame: FrameId;
}
/** `pkt` as AF_PACKET's sll_pkttype. */
export type PacketType = 'host' | 'broadcast' | 'multicast' | 'otherhost';
/** A frame arrives on a device (__netif_receive_skb). A tap on `dev` sees it now. `cause` is the tx at the other end where there is one. */
export interface RxEvent extends OnDevice {
  readonly kind: 'rx';
  readonly frame: FrameId;
  readonly pkt: PacketType;
}

export type RouteReason =
  | { readonly why: 'longest-prefix'; readonly bits: number }
  | { readonly why: 'lowest-metric'; readonly bits: number; readonly metric: number }
  | { readonly why: 'first-listed'; readonly bits: number }
  | { readonly why: 'not-in-prefix'; readonly first: string; readonly last: string }
  | { readonly why: 'shorter-prefix'; readonly bits: number; readonly winnerBits: number }
  | { readonly why: 'higher-metric'; readonly metric: number; readonly winnerMetric: number }
  | { readonly why: 'listed-later' }
  | { readonly why: 'nexthop-dead' }
  | { readonly why: 'wrong-device'; readonly wanted: string }
  | { readonly why: 'scope-too-wide' }
  | { readonly why: 'throw' };
export interface RouteCandidate {
  readonly route: RouteRow;
  readonly won: boolean;
  readonly reason: RouteReason;
}
/** One table that a rule sent the lookup to. `winner` indexes `candidates`; absent when nothing in the table matched. */
export interface FibTableWalk {
  readonly rule: RuleRow;
  readonly table: string;
  readonly candidates: readonly RouteCandidate[];
  /** Rows not listed in `candidates` because the table is large; none of them matches. */
  readonly omitted: number;
  readonly winner?: number;
}
export type FibResultType =
  'unicast' | 'local' | 'broadcast' | 'multicast' | 'unreachable' | 'prohibit' | 'blackhole' | 'none';
export interface FibDecision {
  readonly tables: readonly FibTableWalk[];
  readonly result: FibResultType;
  readonly route?: RouteRow;
  readonly gateway?: string;
  /** Output device; `lo` for local delivery of own traffic. */
  readonly dev?: string;
  readonly prefsrc?: string;
  /** A cached path-MTU exception decided the MTU. */
  readonly pmtu?: number;
}
/** Route lookup (ip_route_input_slow, ip_route_output_key_hash). */
export interface FibEvent extends EventBase {
  readonly kind: 'fib';
  readonly frame?: FrameId;
  readonly direction: 'input' | 'output' | 'proxy-arp' | 'icmp-reply' | 'rp-filter';
  readonly flow: {
    readonly dst: string;
    readonly src?: string;
    readonly iif?: string;
    readonly oif?: string;
    readonly tos?: number;
  };
  readonly decision: FibDecision;
}

/** Neighbour lookup before transmit (neigh_resolve_output, arp_bind_neighbour). */
export interface NeighEvent extends OnDevice {
  readonly kind: 'neigh';
  readonly frame?: FrameId;
  readonly dst: string;
  /** State found; 'NONE' when the entry had to be created. */
  readonly state: NeighState;
  /** resolved: MAC known. queued: waits for the answer (`queue` long now). noarp: device needs none. failed: given up. overflow: an older packet left the queue. */
  readonly verdict: 'resolved' | 'queued' | 'noarp' | 'failed' | 'overflow' | 'broadcast' | 'multicast';
  readonly lladdr?: string;
  readonly queue?: number;
}

/** Who an ARP packet concerned and what was done (arp_process). */
export interface ArpEvent extends OnDevice {
  readonly kind: 'arp';
  readonly frame: FrameId;
  readonly op: 'request' | 'reply';
  readonly target: string;
  readonly sender: string;
  /** answered: it is ours. proxied: proxy_arp. taken: a reply for an entry we have. refreshed: bystander with an entry. ignored: see reason. */
  readonly verdict: 'answered' | 'proxied' | 'taken' | 'refreshed' | 'ignored';
  readonly reason?: string;
}

export type BridgeVerdict =
  | { readonly to: 'port'; readonly port: string }
  | { readonly to: 'local' }
  | {
      readonly to: 'flood';
      readonly ports: readonly string[];
      readonly local: boolean;
      readonly why: 'broadcast' | 'multicast' | 'unknown-unicast';
    }
  | {
      readonly to: 'nowhere';
      readonly why: 'same-port' | 'isolated' | 'link-local' | 'port-not-forwarding' | 'no-port';
    };
/** Bridge forwarding decision (br_handle_frame_finish, br_dev_xmit). `port` is the port it came in on, absent when the host sent it. */
export interface BridgeEvent extends OnDevice {
  readonly kind: 'fdb';
  readonly frame: FrameId;
  readonly port?: string;
  readonly mac: string;
  readonly row?: FdbRow;
  readonly verdict: BridgeVerdict;
}

/** VTEP lookup (vxlan_xmit): inner destination MAC to remote addresses. */
export interface VtepEvent extends OnDevice {
  readonly kind: 'vtep';
  readonly frame: FrameId;
  readonly mac: string;
  readonly rows: readonly FdbRow[];
  readonly verdict: 'remote' | 'default' | 'miss' | 'local';
  readonly remotes: readonly string[];
}

export type { HookName, RuleTried };
/** Netfilter hook that had something registered on it (nf_hook_slow). */
export interface HookEvent extends EventBase {
  readonly kind: 'hook';
  readonly hook: HookName;
  readonly frame: FrameId;
  readonly iif?: string;
  readonly oif?: string;
  /** Ports of the bridge that brought the packet, and that it is about to leave by. */
  readonly physIn?: string;
  readonly physOut?: string;
  readonly tried: readonly RuleTried[];
  /** What conntrack said of the packet here: `NEW orig`, `ESTABLISHED reply`, `INVALID`. */
  readonly conntrack?: string;
  /** Why it was dropped when no rule did it: `table-full`, `tuple-taken`, `no-address`, `redirect-translated`. */
  readonly why?: string;
  readonly verdict: 'ACCEPT' | 'DROP' | 'STOLEN' | 'QUEUE';
}

/** A packet for somebody else is passed on (ip_forward): `frame` is the packet with its TTL decremented, `before` as received. */
export interface ForwardEvent extends EventBase {
  readonly kind: 'forward';
  readonly frame: FrameId;
  readonly before: FrameId;
  readonly iif: string;
  readonly oif: string;
  readonly ttl: number;
  readonly mtu: number;
}
/** A tunnel puts outer headers on. `frame` is the new outer packet (from its IP header), `inner` what it carries. */
export interface EncapEvent extends OnDevice {
  readonly kind: 'encap';
  readonly frame: FrameId;
  readonly inner: FrameId;
  readonly header: 'vxlan' | 'ipip' | 'udp';
  readonly local: string;
  readonly remote: string;
  readonly vni?: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly added: number;
}
export interface DecapEvent extends OnDevice {
  readonly kind: 'decap';
  readonly frame: FrameId;
  readonly outer: FrameId;
  readonly header: 'vxlan' | 'ipip' | 'udp';
  readonly vni?: number;
  readonly removed: number;
}
export interface FragmentEvent extends EventBase {
  readonly kind: 'fragment';
  readonly frame: FrameId;
  readonly pieces: readonly FrameId[];
  readonly mtu: number;
}
export interface ReassembleEvent extends EventBase {
  readonly kind: 'reassemble';
  readonly frame: FrameId;
  readonly pieces: readonly FrameId[];
}
/** A packet reaches a protocol handler or a socket (ip_local_deliver_finish). `to` e.g. `icmp_echo`, `ping_rcv`, `udp 8472 (vxlan)`. */
export interface DeliverEvent extends EventBase {
  readonly kind: 'deliver';
  readonly frame: FrameId;
  readonly protocol: string;
  readonly to: string;
}
/** A local process or the kernel itself makes a packet (ip_push_pending_frames). `by` e.g. `ping`, `icmp_reply`, `arp_solicit`. */
export interface OriginEvent extends EventBase {
  readonly kind: 'origin';
  readonly frame: FrameId;
  readonly by: string;
}
/** An ICMP error was due (__icmp_send). `frame` is the offending packet. */
export interface IcmpErrorEvent extends EventBase {
  readonly kind: 'icmp-error';
  readonly frame: FrameId;
  readonly type: number;
  readonly code: number;
  readonly info: number;
  readonly to: string;
  readonly verdict: 'sent' | 'suppressed';
  /** Why suppressed: `about-icmp-error`, `broadcast`, `fragment`, `no-route-back`, `rate-limited`. */
  readonly reason?: string;
}
/**
 * Bytes cross between user space and kernel (read/write on a TUN, sendto, recvmsg): one copy. `via` is the system call,
 * with the device for a TUN. `frame` is the packet read, or the one that became of what was sent.
 */
export interface CopyEvent extends EventBase {
  readonly kind: 'copy';
  readonly frame: FrameId;
  readonly direction: 'to-user' | 'to-kernel';
  readonly process: string;
  readonly via: string;
  /** Bytes copied: headers that the kernel puts on or has taken off do not count. */
  readonly bytes: number;
  /** Context switches it took: 1 when the process slept and had to be woken for it (try_to_wake_up), 0 when it was running. */
  readonly switches: number;
}
/** The end of a frame. `reason` is the kernel's enum skb_drop_reason without its prefix (`NEIGH_FAILED`, `IP_INHDR`, `VXLAN_VNI_NOT_FOUND`) . */
export interface DropEvent extends EventBase {
  readonly kind: 'drop';
  readonly dev?: string;
  readonly frame: FrameId;
  readonly reason: DropReason;
  /** Kernel function that gives up. */
  readonly where: string;
  /** Values for the sentence (`dst`, `mtu`, `state`, `vni`…). */
  readonly detail?: Readonly<Record<string, string | number>>;
}
export type DropReason =
  | 'OTHERHOST'
  | 'IP_CSUM'
  | 'IP_INHDR'
  | 'IP_NOPROTO'
  | 'TTL_EXCEEDED'
  | 'PKT_TOO_BIG'
  | 'IP_INNOROUTES'
  | 'IP_OUTNOROUTES'
  | 'IP_ROUTE_BLACKHOLE'
  | 'IP_ROUTE_UNREACHABLE'
  | 'IP_ROUTE_PROHIBIT'
  | 'IP_FORWARDING_OFF'
  | 'IP_RPFILTER'
  | 'IP_INVALID_SOURCE'
  | 'IP_INVALID_DEST'
  | 'IP_LOCAL_SOURCE'
  | 'NEIGH_FAILED'
  | 'NEIGH_QUEUEFULL'
  | 'NO_SOCKET'
  | 'UDP_CSUM'
  | 'TCP_CSUM'
  | 'TCP_FLAGS'
  | 'TCP_RESET'
  | 'TCP_CLOSE'
  | 'TCP_INVALID_SYN'
  | 'TCP_INVALID_SEQUENCE'
  | 'TCP_INVALID_ACK_SEQUENCE'
  | 'TCP_OLD_SEQUENCE'
  | 'TCP_OLD_DATA'
  | 'TCP_OLD_ACK'
  | 'TCP_ACK_UNSENT_DATA'
  | 'TCP_OVERWINDOW'
  | 'TCP_RFC7323_PAWS'
  | 'TCP_ABORT_ON_DATA'
  | 'TCP_LISTEN_OVERFLOW'
  | 'ICMP_CSUM'
  | 'NETFILTER_DROP'
  | 'VXLAN_NO_REMOTE'
  | 'VXLAN_VNI_NOT_FOUND'
  | 'VXLAN_INVALID_HDR'
  | 'VXLAN_INVALID_SMAC'
  | 'TUNNEL_TXINFO'
  | 'DEV_READY'
  | 'DEV_NOT_UP'
  | 'NO_CARRIER'
  | 'MTU_EXCEEDED'
  | 'BRIDGE_NO_EGRESS_PORT'
  | 'BRIDGE_INGRESS_STP_STATE'
  | 'MAC_INVALID_SOURCE'
  | 'MAC_IEEE_MAC_CONTROL'
  | 'UNHANDLED_PROTO'
  | 'FRAG_REASM_TIMEOUT'
  | 'DUP_FRAG'
  | 'FULL_RING'
  | 'QDISC_DROP'
  | 'SOCKET_RCVBUFF'
  | 'CABLE_CUT'
  | 'CABLE_LOSS'
  | 'HOP_LIMIT'
  | 'NOT_SPECIFIED';

/** Tables a moment is made of. Their rows are what the screen shows and what the command prints. */
export interface TableRows {
  netns: NetnsRow;
  link: LinkRow;
  addr: AddrRow;
  route: RouteRow;
  rule: RuleRow;
  neigh: NeighRow;
  fdb: FdbRow;
  sysctl: SysctlRow;
  process: ProcessRow;
  etcd: EtcdRow;
  iptables: IptablesRow;
  conntrack: ConntrackRow;
  ipset: IpsetRow;
  qdisc: QdiscRow;
  socket: SocketRow;
  kube: KubeRow;
}
export type TableName = keyof TableRows;
/**
 * One row of one table of one namespace appears (no `before`), changes, or goes (no `after`). `key` is the row's identity
 * inside (netns, table); keys compared as strings (code units) sort rows in the order of the kernel's dump.
 */
export interface ChangeEvent<T extends TableName = TableName> extends EventBase {
  readonly kind: 'change';
  readonly table: T;
  readonly key: string;
  readonly before?: TableRows[T];
  readonly after?: TableRows[T];
}

/** A netlink request that changes something, by a command or a daemon (rtnetlink_rcv_msg). `text` in iproute2's words. */
export interface NetlinkEvent extends EventBase {
  readonly kind: 'netlink';
  readonly by: string;
  readonly request: string;
  readonly text: string;
  /** As iproute2 prints it: `Error: Nexthop has invalid gateway.` */
  readonly error?: string;
}
/** Control-plane message: etcd put/watch/lease, a daemon's log line, a BGP message. */
export interface ControlEvent extends EventBase {
  readonly kind: 'control';
  readonly by: string;
  readonly to?: string;
  readonly protocol: 'etcd' | 'log' | 'cni' | 'docker' | 'kube' | 'bgp';
  /** `put`, `watch`, `lease-grant`, `start`, `stop`, `ADD`… */
  readonly action: string;
  readonly text: string;
}
export interface CommandStartEvent extends EventBase {
  readonly kind: 'command';
  readonly command: number;
  readonly text: string;
  /** boot: part of the scenario's own set-up. journal: typed, clicked, or the scenario's opening journal. */
  readonly origin: 'boot' | 'journal';
}
export interface CommandOutputEvent extends EventBase {
  readonly kind: 'output';
  readonly command: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
export interface CommandEndEvent extends EventBase {
  readonly kind: 'exit';
  readonly command: number;
  readonly exit: number;
}
/** A bound of the simulation was reached; the run ends or the thing is not done. */
export interface BoundEvent extends EventBase {
  readonly kind: 'bound';
  readonly what: 'events' | 'time' | 'frames' | 'queue';
  readonly limit: number;
}

export type TraceEvent =
  | TxEvent
  | RxEvent
  | FibEvent
  | NeighEvent
  | ArpEvent
  | BridgeEvent
  | VtepEvent
  | HookEvent
  | ForwardEvent
  | EncapEvent
  | DecapEvent
  | FragmentEvent
  | ReassembleEvent
  | DeliverEvent
  | OriginEvent
  | IcmpErrorEvent
  | CopyEvent
  | DropEvent
  | ChangeEvent
  | NetlinkEvent
  | ControlEvent
  | CommandStartEvent
  | CommandOutputEvent
  | CommandEndEvent
  | BoundEvent;
export type TraceEventKind = TraceEvent['kind'];

/** The result of a run. `events[i].seq === i`, `frames[i].id === i`; times never decrease. */
export interface Trace {
  readonly events: readonly TraceEvent[];
  readonly frames: readonly Frame[];
  /** First event at or after time 0: the network is up, the journal begins. */
  readonly upSeq: EventSeq;
  /** Virtual time at which the run stopped. */
  readonly end: SimTime;
}
