/**
 * What a world is built from: decoded, checked, plain data. The file formats (JSON, script, manifest) live in
 * `scenarios/`; they all end here. What daemons create (bridges, veths, tunnels, routes) is not listed: daemons create it.
 */
import type { Ip4, Mac, Prefix } from '../wire/index';
import type { DockerContainerSpec } from '../daemons/index';
import type { DockerPort } from '../kernel/netlink';
import type { SimTime } from '../kernel/trace';

/** A command of the journal. Without `at` it starts when the previous entry has ended and nothing is in flight. */
export interface JournalEntry {
  /** Network namespace id: `node1`, `container-1`. */
  readonly netns: string;
  /** As typed. An entry that ends in ` &` runs in the background. */
  readonly command: string;
  /** Integer ns of virtual time; starts then whatever else is running. */
  readonly at?: SimTime;
}

export interface Scenario {
  /** Seeds chance; the same name gives the same random numbers. */
  readonly name: string;
  readonly switches: readonly SwitchSpec[];
  /** In the order in which they start. */
  readonly machines: readonly MachineSpec[];
  readonly cables: readonly CableSpec[];
  readonly etcd?: { readonly on: string };
  /** The machine kube-apiserver runs on. */
  readonly kubernetes?: { readonly on: string };
  readonly flannel?: FlannelSpec;
  /** Run one after another once the daemons are quiet. */
  readonly setup: readonly SetupCommand[];
}

export interface SetupCommand {
  readonly netns: string;
  readonly command: string;
  /** Where it stands in the input: `setup[3]`, `line 12`. */
  readonly place: string;
  /** A clean-up of what an earlier run left: allowed to fail. */
  readonly mayFail?: boolean;
}

/** A LAN switch: a namespace with one bridge. Its ports come from the cables. */
export interface SwitchSpec {
  readonly name: string;
  readonly bridge: string;
  readonly mac?: Mac;
  readonly mtu: number;
}

export interface MachineSpec {
  readonly name: string;
  readonly role: 'host' | 'router';
  readonly nics: readonly NicSpec[];
  /** `ip route add` words, as an administrator would type them: `default via 10.0.0.1 dev eth0`. */
  readonly routes: readonly string[];
  /** net.ipv4.ip_forward. */
  readonly forward: boolean;
  readonly sysctls: readonly { readonly name: string; readonly value: string }[];
  readonly docker?: DockerSpec;
  readonly cni?: CniSpec;
}

export interface NicSpec {
  readonly name: string;
  readonly mac?: Mac;
  readonly mtu: number;
  readonly up: boolean;
  /** With prefix length; broadcast is set by daemons only. */
  readonly addresses: readonly Prefix[];
}

/** An Ethernet cable. A `nic` end is a NIC of a machine, a `port` end is made on the switch by plugging in. */
export interface CableSpec {
  readonly a: CableEnd;
  readonly b: CableEnd;
}
export type CableEnd =
  | { readonly kind: 'nic'; readonly machine: string; readonly nic: string }
  | { readonly kind: 'port'; readonly switch: string; readonly port: string; readonly mac?: Mac };

export interface DockerSpec {
  /** Bridge name, `docker0`. */
  readonly bridge: string;
  readonly mac?: Mac;
  /** `--bip`; absent: FLANNEL_SUBNET where flanneld runs, else 172.17.0.1/16. */
  readonly bip?: Prefix;
  /** `--mtu`; absent: FLANNEL_MTU where flanneld runs, else 1500. */
  readonly mtu?: number;
  /** `--iptables`: dockerd writes its rules. */
  readonly iptables: boolean;
  /** `--ip-masq`; absent: true, but false where flanneld masquerades. */
  readonly ipMasq?: boolean;
  readonly containers: readonly ContainerSpec[];
}
/** A published port: `-p 8080:80`. */
export type PortSpec = DockerPort;
/** In the order of creation, which is the order in which their veths become bridge ports. */
export interface ContainerSpec extends DockerContainerSpec {
  readonly network: 'bridge' | 'host';
  readonly ports: readonly PortSpec[];
}

export interface CniSpec {
  /** Bridge name, `cni0`. */
  readonly bridge: string;
  readonly mac?: Mac;
  /** Absent: FLANNEL_MTU where flanneld runs, else 1500. */
  readonly mtu?: number;
  /** host-local's range; absent: FLANNEL_SUBNET. */
  readonly subnet?: Prefix;
  readonly hairpin: boolean;
  readonly isDefaultGateway: boolean;
  /** The flannel plugin's extra route to the whole network, besides the default route. */
  readonly networkRoute: boolean;
  /** The bridge plugin's sysctl arp_notify=1: a pod announces itself when its eth0 comes up. */
  readonly arpNotify: boolean;
  readonly pods: readonly PodSpec[];
}
export interface PodSpec {
  readonly name: string;
  readonly image: string;
  readonly ip?: Ip4;
  /** Default random. */
  readonly mac?: Mac;
  /** Host end; default `veth` and 8 hex digits. */
  readonly veth?: string;
  readonly vethMac?: Mac;
}

export interface FlannelSpec {
  /** net-conf.json as text, the value of `/coreos.com/network/config`. */
  readonly netConf: string;
  /** flanneld `--ip-masq`. */
  readonly ipMasq: boolean;
  /** flanneld `--iptables-forward-rules`. */
  readonly forwardRules: boolean;
  /** flanneld `--kube-subnet-mgr`: Node objects in place of etcd keys. */
  readonly kubeSubnetMgr: boolean;
  /** udp backend: flannel0's address is a /32, or has the network's length as up to flannel 0.10. */
  readonly udpAddress: 'host' | 'network';
  /** In the order in which they join. */
  readonly nodes: readonly FlannelNodeSpec[];
}
export interface FlannelNodeSpec {
  readonly machine: string;
  /** `--iface`; absent: the device of the default route. */
  readonly iface?: string;
  /** What an earlier `/run/flannel/subnet.env` holds; absent: none. */
  readonly subnet?: Prefix;
  /** MAC of flannel.1; absent: random. */
  readonly vtepMac?: Mac;
  /** False: flanneld is not started with the network but later, by `systemctl start flanneld`. */
  readonly join: boolean;
}
