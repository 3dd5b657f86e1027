/**
 * The sysctls that the model reads, with Linux's defaults (Documentation/networking/ip-sysctl.rst), and those that
 * scripts set and that make no difference here (IPv6, arptables). Values are kept as the text that `sysctl` prints.
 */
import { err, ok, type Result } from '../../base/result';
import type { Errno } from './netlink';

/** net.ipv4.conf.DEV.* */
const CONF = {
  forwarding: '0',
  rp_filter: '0',
  proxy_arp: '0',
  send_redirects: '1',
  accept_redirects: '1',
  secure_redirects: '1',
  shared_media: '1',
  arp_ignore: '0',
  arp_announce: '0',
  arp_filter: '0',
  arp_notify: '0',
  arp_accept: '0',
  accept_local: '0',
  route_localnet: '0',
  log_martians: '0',
  ignore_routes_with_linkdown: '0',
  accept_source_route: '0',
} as const;
type ConfName = keyof typeof CONF;

/** net.ipv4.neigh.DEV.* */
const NEIGH = {
  base_reachable_time_ms: '30000',
  retrans_time_ms: '1000',
  delay_first_probe_time: '5',
  mcast_solicit: '3',
  ucast_solicit: '3',
  app_solicit: '0',
  unres_qlen: '101',
  unres_qlen_bytes: '212992',
  /** In 1/100 s. */
  proxy_delay: '80',
  gc_stale_time: '60',
  locktime: '100',
} as const;
type NeighParameter = keyof typeof NEIGH;

const GLOBAL: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '0',
  'net.ipv4.ip_default_ttl': '64',
  'net.ipv4.icmp_echo_ignore_all': '0',
  'net.ipv4.icmp_echo_ignore_broadcasts': '1',
  'net.ipv4.icmp_errors_use_inbound_ifaddr': '0',
  'net.ipv4.icmp_ratelimit': '1000',
  'net.ipv4.icmp_ratemask': '6168',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_no_pmtu_disc': '0',
  'net.ipv4.ip_forward_use_pmtu': '0',
  'net.ipv4.ip_nonlocal_bind': '0',
  'net.ipv4.ping_group_range': '1\t0',
  'net.ipv4.fib_multipath_hash_policy': '0',
  'net.ipv4.route.min_pmtu': '552',
  'net.ipv4.route.mtu_expires': '600',
  'net.bridge.bridge-nf-call-arptables': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.netfilter.nf_conntrack_max': '262144',
  'net.netfilter.nf_log_all_netns': '0',
};
const IPV6_CONF = {
  disable_ipv6: '0',
  accept_ra: '1',
  autoconf: '1',
  addr_gen_mode: '0',
  forwarding: '0',
} as const;

type Values = ReadonlyMap<string, string>;
const GLOBAL_VALUES: Values = new Map(Object.entries(GLOBAL));
const CONF_VALUES: Values = new Map(Object.entries(CONF));
const NEIGH_VALUES: Values = new Map(Object.entries(NEIGH));
const CONF6_VALUES: Values = new Map(Object.entries(IPV6_CONF));

interface Place {
  readonly values: Values;
  readonly key: string;
  /** Dotted. */
  readonly name: string;
  store(values: Values): void;
}
const FORWARD = 'net.ipv4.ip_forward';

export class Sysctls {
  // Values are shared until somebody writes: most devices keep what they started with.
  #global = GLOBAL_VALUES;
  readonly #conf = new Map<string, Values>();
  readonly #neigh = new Map<string, Values>();
  readonly #conf6 = new Map<string, Values>();

  constructor(
    /** A value changed; both dotted. */
    private readonly onChange: (name: string, before: string, after: string) => void,
  ) {
    for (const scope of ['all', 'default']) this.deviceAdded(scope);
    this.#neigh.delete('all');
  }

  /** A new device starts from the `default` values. */
  deviceAdded(dev: string): void {
    this.#conf.set(dev, this.#conf.get('default') ?? CONF_VALUES);
    this.#neigh.set(dev, this.#neigh.get('default') ?? NEIGH_VALUES);
    this.#conf6.set(dev, this.#conf6.get('default') ?? CONF6_VALUES);
  }
  deviceRemoved(dev: string): void {
    for (const map of [this.#conf, this.#neigh, this.#conf6]) map.delete(dev);
  }
  deviceRenamed(from: string, to: string): void {
    for (const map of [this.#conf, this.#neigh, this.#conf6]) {
      const values = map.get(from);
      if (values) map.set(to, values);
      map.delete(from);
    }
  }

  // --- what the model asks -------------------------------------------------------------------------------------------

  /** The device's own value as a number; that of `default` for a device not known. */
  conf(dev: string, name: ConfName): number {
    return Number((this.#conf.get(dev) ?? this.#conf.get('default'))?.get(name));
  }
  /** IN_DEV_MAXCONF: the larger of `all` and the device's. */
  confMax(dev: string, name: ConfName): number {
    return Math.max(this.conf('all', name), this.conf(dev, name));
  }
  neigh(dev: string, name: NeighParameter): number {
    return Number((this.#neigh.get(dev) ?? this.#neigh.get('default'))?.get(name));
  }
  global(name: string): number {
    return Number(this.#global.get(name));
  }
  defaultTtl(): number {
    return this.global('net.ipv4.ip_default_ttl');
  }
  portRange(): [number, number] {
    const [low, high] = (this.#global.get('net.ipv4.ip_local_port_range') ?? '').split('\t');
    return [Number(low), Number(high)];
  }

  // --- sysctl(8) -----------------------------------------------------------------------------------------------------

  get(name: string): Result<string, Errno> {
    const place = this.#find(name);
    const value = place?.values.get(place.key);
    return value === undefined ? err('ENOENT') : ok(value);
  }

  set(name: string, value: string): Result<void, Errno> {
    const place = this.#find(name);
    const old = place?.values.get(place.key);
    if (!place || old === undefined) return err('ENOENT');
    const text = value.trim().split(/\s+/).join('\t');
    if (!/^-?\d+(\t-?\d+)*$/.test(text)) return err('EINVAL');
    if (text.split('\t').length > old.split('\t').length || !this.#inRange(place.name, text))
      return err('EINVAL');
    if (old !== text) {
      place.store(new Map(place.values).set(place.key, text));
      this.onChange(place.name, old, text);
    }
    this.#spread(place.name, text);
    return ok(undefined);
  }

  list(): { name: string; value: string }[] {
    const rows = [...this.#global].map(([name, value]) => ({ name, value }));
    const groups: [string, Map<string, Values>][] = [
      ['net.ipv4.conf', this.#conf],
      ['net.ipv4.neigh', this.#neigh],
      ['net.ipv6.conf', this.#conf6],
    ];
    for (const [prefix, map] of groups) {
      for (const [dev, values] of map) {
        for (const [key, value] of values)
          rows.push({ name: `${prefix}.${dev.replaceAll('.', '/')}.${key}`, value });
      }
    }
    return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Dotted and slashed forms; a dot inside a device name is a slash in the dotted form (`conf.eth0/10.forwarding`). */
  #find(text: string): Place | undefined {
    const slashed = /^[^.]*\//.test(text);
    const parts = slashed ? text.split('/') : text.split('.').map((part) => part.replaceAll('/', '.'));
    const name = parts.map((part) => part.replaceAll('.', '/')).join('.');
    if (this.#global.has(name)) {
      const store = (values: Values): void => {
        this.#global = values;
      };
      return { values: this.#global, key: name, name, store };
    }
    const group = this.#group(parts.slice(0, 3).join('.'));
    const key = parts.at(-1) ?? '';
    // `flannel.1` is often typed as it is, unescaped: take the middle as the device's name.
    const dev = parts.slice(3, -1).join('.');
    const values = group?.get(dev);
    return values && { values, key, name, store: (changed) => group?.set(dev, changed) };
  }
  #group(tree: string): Map<string, Values> | undefined {
    if (tree === 'net.ipv4.conf') return this.#conf;
    if (tree === 'net.ipv4.neigh') return this.#neigh;
    return tree === 'net.ipv6.conf' ? this.#conf6 : undefined;
  }

  #inRange(name: string, text: string): boolean {
    if (name.endsWith('ip_default_ttl')) return Number(text) >= 1 && Number(text) <= 255;
    if (name.endsWith('ip_local_port_range')) {
      const [low, high] = text.split('\t').map(Number);
      return low !== undefined && high !== undefined && low >= 1 && high <= 65_535 && low <= high;
    }
    return text.split('\t').every((part) => Math.abs(Number(part)) <= 0x7fffffff);
  }

  /** devinet_sysctl_forward: ip_forward and conf.all.forwarding are one, and setting it sets every device. */
  #spread(name: string, value: string): void {
    if (name !== 'net.ipv4.ip_forward' && name !== 'net.ipv4.conf.all.forwarding') return;
    const on = Number(value) === 0 ? '0' : '1';
    const changed = new Map<Values, Values>();
    for (const [dev, values] of this.#conf) {
      if (values.get('forwarding') === on) continue;
      const now = changed.get(values) ?? new Map(values).set('forwarding', on);
      changed.set(values, now);
      this.#conf.set(dev, now);
    }
    const before = this.#global.get(FORWARD) ?? '';
    if (before === on) return;
    this.#global = new Map(this.#global).set(FORWARD, on);
    this.onChange(FORWARD, before, on);
  }
}
