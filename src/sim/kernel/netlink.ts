/**
 * The one door into the kernel model: what commands and daemons may ask of it, in rtnetlink's, sysctl's and the socket
 * API's terms and with their errors. Commands and daemons import nothing else of the kernel.
 */
import type { Result } from '../../base/result';
import type { Ip4, Mac, Prefix } from '../wire/index';
import type {
  AddrRow,
  FdbRow,
  LinkKind,
  LinkRow,
  NeighRow,
  NeighState,
  RouteRow,
  RouteScope,
  RouteType,
  RuleRow,
} from './rows';
import type { EventSeq, FibDecision, SimTime } from './trace';

import type { KubeClient } from './kube-api';
import type { Netfilter } from './netfilter/door';
import type { SocketApi } from './socket/door';
import type { QdiscDumpRow, QdiscMode, QdiscSpec } from './qdisc/door';

export type * from './netfilter/door';
export { setErrorText, type SetCommand } from './netfilter/ipset-words';
export type * from './docker-api';
export type * from './qdisc/door';
export { netemText, shareNumber } from './qdisc/text';
export * from './kube-api';
export type * from './rows';
export type * from './socket/door';
export type { EventSeq, FibDecision, SimTime } from './trace';

/** errno names of Linux; `strerror` gives glibc's words for them. */
export type Errno =
  | 'EPERM'
  | 'ENOENT'
  | 'ESRCH'
  | 'ENXIO'
  | 'EACCES'
  | 'EIO'
  | 'EBUSY'
  | 'EEXIST'
  | 'ENODEV'
  | 'EINVAL'
  | 'ENOSPC'
  | 'EMSGSIZE'
  | 'EOPNOTSUPP'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'ENETDOWN'
  | 'ENETUNREACH'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'ETIMEDOUT'
  | 'EPIPE'
  | 'EHOSTUNREACH'
  | 'EAFNOSUPPORT'
  | 'ELOOP'
  | 'ENOBUFS'
  | 'ENOTCONN'
  | 'EPROTO'
  | 'EBADFD'
  | 'ERANGE';

export const strerror: Readonly<Record<Errno, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  ESRCH: 'No such process',
  ENXIO: 'No such device or address',
  EACCES: 'Permission denied',
  EIO: 'Input/output error',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  EINVAL: 'Invalid argument',
  ENOSPC: 'No space left on device',
  EMSGSIZE: 'Message too long',
  EOPNOTSUPP: 'Operation not supported',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EPIPE: 'Broken pipe',
  EHOSTUNREACH: 'No route to host',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  ELOOP: 'Too many levels of symbolic links',
  ENOBUFS: 'No buffer space available',
  ENOTCONN: 'Transport endpoint is not connected',
  EPROTO: 'Protocol error',
  EBADFD: 'File descriptor in bad state',
  ERANGE: 'Numerical result out of range',
};

/**
 * What the kernel answers to a refused request. With `extack` iproute2 prints `Error: <extack>.`, without it
 * `RTNETLINK answers: <strerror>`; either way it exits 2. `extack` carries no final full stop.
 */
export interface NetlinkError {
  readonly errno: Errno;
  readonly extack?: string;
}
export type Reply<T = void> = Result<T, NetlinkError>;

/** RTM_NEWLINK with NLM_F_CREATE. `peer` is for veth; the peer may be born in another namespace. */
export interface LinkSpec {
  readonly name: string;
  readonly kind: LinkKind;
  readonly mac?: Mac;
  readonly mtu?: number;
  readonly txqlen?: number;
  readonly up?: boolean;
  readonly master?: string;
  /** Wanted ifindex (`ip link add index N`). */
  readonly ifindex?: number;
  readonly peer?: {
    readonly name?: string;
    readonly netns?: NetnsHandle;
    readonly mac?: Mac;
    readonly mtu?: number;
  };
  readonly bridge?: {
    readonly ageingCs?: number;
    readonly stp?: boolean;
    readonly mcastSnooping?: boolean;
    readonly vlanFiltering?: boolean;
  };
  readonly vxlan?: {
    readonly id: number;
    readonly local?: Ip4;
    readonly remote?: Ip4;
    /** Lower device's name. */
    readonly dev?: string;
    readonly port?: number;
    readonly learning?: boolean;
    readonly ttl?: number;
    readonly ageing?: number;
    readonly udpCsum?: boolean;
  };
}
/** RTM_SETLINK / RTM_NEWLINK on an existing link; only what is given changes. */
export interface LinkChange {
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: Mac;
  readonly name?: string;
  readonly txqlen?: number;
  /** A bridge's name, or null for `nomaster`. */
  readonly master?: string | null;
  readonly netns?: NetnsHandle;
  readonly promisc?: boolean;
  readonly arp?: boolean;
  readonly bridge?: { readonly ageingCs?: number; readonly stp?: boolean; readonly mcastSnooping?: boolean };
  readonly port?: {
    readonly learning?: boolean;
    readonly flood?: boolean;
    readonly hairpin?: boolean;
    readonly isolated?: boolean;
    readonly neighSuppress?: boolean;
    readonly priority?: number;
    readonly cost?: number;
  };
}
/** RTM_NEWADDR. Broadcast is derived for prefixes up to /30 only when `broadcast` is '+' (as `brd +`) or given by a daemon. */
export interface AddrSpec {
  readonly dev: string;
  readonly local: Ip4;
  readonly prefixlen: number;
  readonly peer?: Ip4;
  readonly broadcast?: Ip4;
  readonly scope?: RouteScope;
  readonly label?: string;
}
export interface NexthopSpec {
  readonly gateway?: Ip4;
  readonly dev?: string;
  readonly onlink?: boolean;
  readonly weight?: number;
}
/** RTM_NEWROUTE. `protocol` defaults to boot, `table` to main (local for local/broadcast types), `scope` as iproute2 derives it. */
export interface RouteSpec extends NexthopSpec {
  readonly dst: Prefix;
  readonly type?: RouteType;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: RouteScope;
  readonly prefsrc?: Ip4;
  readonly metric?: number;
  readonly mtu?: number;
  readonly nexthops?: readonly NexthopSpec[];
}
/** NLM_F_CREATE|EXCL, CREATE|REPLACE, CREATE|APPEND, CREATE, REPLACE. */
export type RouteMode = 'add' | 'replace' | 'append' | 'prepend' | 'change';
/** RTM_DELROUTE / a dump filter: only what is given must agree. */
export interface RouteMatch {
  readonly dst?: Prefix;
  readonly type?: RouteType;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: RouteScope;
  readonly gateway?: Ip4;
  readonly dev?: string;
  readonly prefsrc?: Ip4;
  readonly metric?: number;
}
export interface NeighSpec {
  readonly dev: string;
  readonly dst: Ip4;
  readonly lladdr?: Mac;
  /** Default PERMANENT. */
  readonly state?: NeighState;
  readonly proxy?: boolean;
}
/** RTM_NEWNEIGH family AF_BRIDGE: `self` = the device's own table (VXLAN), `master` = its bridge's. */
export interface FdbSpec {
  readonly mac: Mac;
  readonly dev: string;
  readonly self?: boolean;
  readonly master?: boolean;
  readonly dst?: Ip4;
  readonly port?: number;
  readonly vni?: number;
  /** permanent = local entry; static = never ages; dynamic = ages. */
  readonly state?: 'permanent' | 'static' | 'dynamic';
}
export interface RuleSpec {
  readonly priority?: number;
  readonly src?: Prefix;
  readonly dst?: Prefix;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: number;
  readonly table: string;
}
/** RTM_GETROUTE for one destination (`ip route get`). */
export interface RouteQuery {
  readonly dst: Ip4;
  readonly src?: Ip4;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
}
export interface RouteAnswer {
  readonly decision: FibDecision;
  /** Row as `ip -j route get` prints it (dst is the address asked for). */
  readonly type: RouteType;
  readonly dst: string;
  readonly from?: string;
  readonly gateway?: string;
  readonly dev: string;
  readonly prefsrc?: string;
  readonly iif?: string;
  readonly cache: readonly string[];
  /** Of a cached path MTU. */
  readonly expiresSec?: number;
  readonly mtu?: number;
}
/** A bridge FDB row with the two ages `bridge -s fdb` and `brctl showmacs` print, in ns before now. */
export interface FdbDumpRow extends FdbRow {
  readonly portNo?: number;
  readonly usedAgo: number;
  readonly updatedAgo: number;
}
export interface NeighDumpRow extends NeighRow {
  /** ns since last used / confirmed / updated (`ip -s neigh`). */
  readonly usedAgo: number;
  readonly confirmedAgo: number;
  readonly updatedAgo: number;
  readonly probes: number;
}
/** Counters as `ip -s link` prints them. */
export interface LinkStats {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txDropped: number;
  readonly txErrors: number;
}

/** All requests are carried out at once; each that changes something leaves a netlink event and the changes it caused in the trace. */
export interface Netlink {
  /** iptables' tables and the connection table. */
  readonly netfilter: Netfilter;
  getLinks(): LinkRow[];
  getLink(name: string): LinkRow | undefined;
  getStats(name: string): LinkStats | undefined;
  newLink(spec: LinkSpec): Reply;
  setLink(name: string, change: LinkChange): Reply;
  delLink(name: string): Reply;
  getAddrs(): AddrRow[];
  newAddr(spec: AddrSpec, mode?: 'add' | 'replace'): Reply;
  delAddr(spec: Pick<AddrSpec, 'dev' | 'local'> & { readonly prefixlen?: number }): Reply;
  /** Rows in dump order; without a filter table main, `table: 'all'` for every table. */
  getRoutes(filter?: RouteMatch): RouteRow[];
  /** A table comes to be with its first row; a dump of one that is not there is refused. */
  hasTable(name: string): boolean;
  newRoute(spec: RouteSpec, mode?: RouteMode): Reply;
  delRoute(match: RouteMatch): Reply;
  lookupRoute(query: RouteQuery): Reply<RouteAnswer>;
  getRules(): RuleRow[];
  newRule(spec: RuleSpec): Reply;
  delRule(spec: Partial<RuleSpec>): Reply;
  getNeighs(filter?: { readonly dev?: string; readonly proxy?: boolean }): NeighDumpRow[];
  newNeigh(spec: NeighSpec, mode?: 'add' | 'replace' | 'change'): Reply;
  delNeigh(spec: Pick<NeighSpec, 'dev' | 'dst' | 'proxy'>): Reply;
  /** Device multicast filters (`self permanent`), bridge entries and VXLAN entries, in `bridge fdb show`'s order. */
  getFdb(filter?: { readonly br?: string; readonly dev?: string }): FdbDumpRow[];
  newFdb(spec: FdbSpec, mode?: 'add' | 'append' | 'replace'): Reply;
  delFdb(spec: FdbSpec): Reply;
  /** Root queueing disciplines, default ones too, by device. */
  getQdiscs(): QdiscDumpRow[];
  newQdisc(spec: QdiscSpec, mode: QdiscMode): Reply;
  delQdisc(spec: QdiscSpec): Reply;
  /** Dotted or slashed names. ENOENT for a name that is not modelled, EINVAL for a bad value. */
  getSysctl(name: string): Result<string, Errno>;
  setSysctl(name: string, value: string): Result<void, Errno>;
  /** Every modelled sysctl, dotted, sorted. */
  listSysctls(): { readonly name: string; readonly value: string }[];
}

/** Opaque reference to a namespace of the same machine (or, in a script, of the world). */
export interface NetnsHandle {
  readonly id: string;
  readonly machine: string;
}
export interface Timer {
  cancel(): void;
}

/** What one running process sees of its machine: its namespace's kernel, a clock, timers, and an output. */
export interface ProcessContext {
  readonly netns: NetnsHandle;
  readonly netlink: Netlink;
  readonly sockets: SocketApi;
  /** Seeded, own to this process. */
  readonly random: { u32(): number; below(n: number): number };
  now(): SimTime;
  after(delayNs: number, action: () => void): Timer;
  print(text: string): void;
  printError(text: string): void;
  /** Ends the process; later calls are ignored. */
  exit(code: number): void;
  /** Called on Ctrl-C or when the run's time bound ends the command. Default: exit 130. */
  onInterrupt(action: () => void): void;
  readonly host: HostApi;
}
/** What reaches beyond one namespace: `ip netns`, `docker exec`, `etcdctl`, daemons of this machine. */
export interface HostApi {
  /** Names made by `ip netns add`, newest first as `ip netns list` prints, with nsid when assigned. */
  netnsList(): { readonly name: string; readonly id?: number }[];
  netnsAdd(name: string): Result<void, Errno>;
  netnsDelete(name: string): Result<void, Errno>;
  /** By name (`ip -n`, `ip netns exec`), for `link set … netns NAME` too. */
  netnsByName(name: string): NetnsHandle | undefined;
  /** A container or pod of this machine by its name (`docker exec`). */
  container(name: string): NetnsHandle | undefined;
  containers(): {
    readonly name: string;
    readonly id: string;
    readonly image: string;
    readonly running: boolean;
  }[];
  /** Runs a command line's words in another namespace as part of this process: output and exit code are this process's. */
  /** `onEnd` is called just before the process is over. */
  exec(netns: NetnsHandle, words: readonly string[], onEnd?: (exit: number) => void): void;
  /** Same machine-wide view in another namespace (`ip -n X …`). */
  enter(netns: NetnsHandle): Netlink;
  etcd(): EtcdClient | undefined;
  /** Absent: the world has no API server. */
  kube(): KubeClient | undefined;
  /** What a daemon of this machine has written to a file, by its path. Absent: no daemon writes any. */
  file?(path: string): string | undefined;
  /** Daemons of this machine, as systemd units. */
  services(): readonly Service[];
  service(name: string): Service | undefined;
}
/** A daemon of this machine from outside: what `systemctl` and clients of its socket reach. */
export interface Service {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'failed';
  /** Of the last process. */
  readonly pid: number;
  /** When it came into this state; absent: it has never run. */
  readonly since?: SimTime;
  /** Why it failed. */
  readonly note: string;
  start(): void;
  stop(): void;
  /** Over the daemon's own socket; answered later, or at once with an error when nobody listens. */
  ask(request: unknown, onAnswer: (reply: Result<unknown, string>) => void): void;
  /** What it logged, oldest first. */
  log(): readonly { readonly at: SimTime; readonly text: string }[];
}
export interface EtcdKeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0 without a lease. */
  readonly lease: bigint | number;
}
/** What `etcdctl` needs of the store; watches deliver in order of revision. */
export interface EtcdClient {
  revision(): number;
  range(key: string, prefix: boolean): readonly EtcdKeyValue[];
  watch(
    key: string,
    prefix: boolean,
    onEvent: (event: { readonly type: 'PUT' | 'DELETE'; readonly kv: EtcdKeyValue }) => void,
  ): { cancel(): void };
  /** `lease` in hex. */
  put(key: string, value: string, lease?: string): Result<{ readonly revision: number }, string>;
  delete(key: string, prefix: boolean): Result<{ readonly deleted: number }, string>;
  leases(): readonly EtcdLease[];
  grant(ttlSec: number): Result<EtcdLease, string>;
  revoke(lease: string): Result<void, string>;
  /** Starts the lease's time again. */
  keepAlive(lease: string): Result<EtcdLease, string>;
}
/** A lease of etcd; ids are 16 hex digits. */
export interface EtcdLease {
  readonly id: string;
  readonly ttlSec: number;
  /** Whole seconds left. */
  readonly remainingSec: number;
  readonly keys: readonly string[];
}
/** Who asks, for the trace. */
export interface Requester {
  readonly by: string;
  readonly cause: EventSeq;
}
