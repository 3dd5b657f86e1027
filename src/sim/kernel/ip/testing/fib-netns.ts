/**
 * Just enough of a namespace around a Fib to carry out `ip` commands against it: devices (veth pairs, loopback),
 * addresses in the kernel's order, carrier. Answers as iproute2 prints them, so they can be compared with a recording.
 */
import {
  formatIp4,
  maskOf,
  networkOf,
  parseIp4,
  parsePrefix,
  type Ip4,
  type Prefix,
} from '../../../wire/ip4';
import {
  strerror,
  type NexthopSpec,
  type Reply,
  type RouteMatch,
  type RouteMode,
  type RouteSpec,
} from '../../netlink';
import type { RouteRow, RouteScope, RouteType, RuleRow } from '../../trace';
import { Fib, type FibChange, type FibDevice, type FibFlow, type FibHost, type FibNewAddress } from '../fib';

interface Device {
  name: string;
  ifindex: number;
  up: boolean;
  peer: Device | undefined;
  loopback: boolean;
  mtu: number;
  addresses: FibNewAddress[];
}

interface Answer {
  readonly output: string;
  readonly exit: number;
}

const OK: Answer = { output: '', exit: 0 };
const TYPES = ['unicast', 'local', 'broadcast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw'];

export class FibNetns {
  readonly fib: Fib;
  readonly changes: FibChange[] = [];
  /** Devices among which the last `ip route get` had to choose by hash. */
  choice: readonly string[] = [];
  private readonly devs: Device[] = [];
  private readonly ignoring = new Set<string>();
  private serial = 1;

  constructor() {
    const host: FibHost = {
      device: (name) => this.view(this.devs.find((dev) => dev.name === name)),
      devices: () => this.devs.map((dev) => this.view(dev)).filter((dev) => dev !== undefined),
      isLocal: (ip) => this.devs.some((dev) => dev.addresses.some((address) => address.local === ip)),
      ignoreLinkdown: (dev) => this.ignoring.has(dev),
    };
    this.fib = new Fib(host, (change) => this.changes.push(change));
    this.link('lo', true);
  }

  private view(dev: Device | undefined): FibDevice | undefined {
    return dev && { ...dev, carrier: carrier(dev) };
  }

  private link(name: string, loopback = false): Device {
    const dev: Device = {
      name,
      ifindex: this.serial++,
      up: false,
      peer: undefined,
      loopback,
      mtu: loopback ? 65536 : 1500,
      addresses: [],
    };
    this.devs.push(dev);
    return dev;
  }

  /** A device whose carrier is there as soon as it is up: the other end is elsewhere. */
  addWire(name: string): void {
    this.link(name).peer = { ...this.link('elsewhere'), up: true };
    this.devs.pop();
  }

  private dev(name: string): Device {
    const found = this.devs.find((dev) => dev.name === name);
    if (!found) throw new NoDevice(name);
    return found;
  }

  run(command: string): Answer {
    const words = command.split(' ');
    const json = words[1] === '-j';
    if (json) words.splice(1, 1);
    try {
      return this.dispatch(words, json);
    } catch (error) {
      if (error instanceof NoDevice) return { output: `Cannot find device "${error.message}"`, exit: 1 };
      throw error;
    }
  }

  private dispatch([program, object = '', ...rest]: string[], json: boolean): Answer {
    if (program === 'sysctl') return this.sysctl(rest[0] ?? '');
    if (object === 'link') return this.linkCommand(rest);
    if (object === 'addr') return this.addrCommand(rest);
    if (object === 'rule') return this.ruleCommand(rest);
    if (object === 'route') return this.routeCommand(rest, json);
    throw new Error(`not understood: ${program} ${object}`);
  }

  private sysctl(setting: string): Answer {
    const found = /^net\.ipv4\.conf\.(\w+)\.ignore_routes_with_linkdown=1$/.exec(setting);
    if (found?.[1]) this.ignoring.add(found[1]);
    this.fib.settingsChanged();
    return OK;
  }

  private linkCommand([verb, name = '', what = '', value = '', , , peerName = '']: string[]): Answer {
    if (verb === 'add') {
      // The peer is registered first.
      const peer = this.link(what === 'type' ? peerName || 'peer' : value);
      const dev = this.link(name);
      dev.peer = peer;
      peer.peer = dev;
      return OK;
    }
    const dev = this.dev(name);
    if (verb === 'del') {
      this.removeDevice(dev);
      if (dev.peer) this.removeDevice(dev.peer);
    } else if (what === 'name') {
      dev.name = value;
      this.fib.deviceRenamed(name, value);
    } else {
      this.setUp(dev, what === 'up');
    }
    return OK;
  }

  private removeDevice(dev: Device): void {
    if (dev.up) this.setUp(dev, false);
    this.devs.splice(this.devs.indexOf(dev), 1);
    this.fib.deviceRemoved(dev.name);
  }

  private setUp(dev: Device, up: boolean): void {
    if (dev.up === up) return;
    dev.up = up;
    if (dev.loopback && up && dev.addresses.length === 0) {
      this.insertAddress(dev, { local: 0x7f000001, prefixlen: 8, scope: 'host', secondary: false });
    }
    if (up) this.fib.deviceUp(dev.name);
    else this.fib.deviceDown(dev.name);
    if (dev.peer && this.devs.includes(dev.peer)) this.fib.carrierChanged(dev.peer.name);
  }

  private addrCommand([verb, text = '', ...rest]: string[]): Answer {
    const options = optionMap(rest);
    const own = prefix(text);
    const peer = options.has('peer') ? prefix(options.get('peer') ?? '') : undefined;
    const dev = this.dev(options.get('dev') ?? '');
    const prefixlen = (peer ?? own).len;
    if (verb === 'del') return this.deleteAddress(dev, own);
    const scope = (options.get('scope') ?? (own.addr >>> 24 === 127 ? 'host' : 'global')) as RouteScope;
    const directed = (own.addr | ~maskOf(prefixlen)) >>> 0;
    return this.insertAddress(dev, {
      local: own.addr,
      prefixlen,
      scope,
      secondary: false,
      ...(peer && { peer: peer.addr }),
      ...(options.get('brd') === '+' && prefixlen <= 30 && { broadcast: directed }),
    });
  }

  /** __inet_insert_ifa: primary addresses by scope, narrow first; a second one of a subnet is secondary. */
  private insertAddress(dev: Device, wanted: FibNewAddress): Answer {
    let at = 0;
    let secondary = false;
    for (const [i, other] of dev.addresses.entries()) {
      if (!other.secondary && SCOPES.indexOf(wanted.scope) <= SCOPES.indexOf(other.scope)) at = i + 1;
      if (other.prefixlen !== wanted.prefixlen || !sameSubnet(other, wanted)) continue;
      if (other.local === wanted.local) return { output: 'Error: ipv4: Address already assigned.', exit: 2 };
      secondary = true;
    }
    const address = { ...wanted, secondary };
    dev.addresses.splice(secondary ? dev.addresses.length : at, 0, address);
    this.fib.addressAdded(dev.name, address);
    return OK;
  }

  private deleteAddress(dev: Device, own: Prefix): Answer {
    const found = dev.addresses.find((each) => each.local === own.addr && each.prefixlen === own.len);
    if (!found) return { output: 'Error: ipv4: Address not found.', exit: 2 };
    const goners = found.secondary
      ? [found]
      : [...dev.addresses.filter((each) => each.secondary && samePrefix(each, found)), found];
    for (const address of goners) {
      dev.addresses.splice(dev.addresses.indexOf(address), 1);
      this.fib.addressRemoved(dev.name, address);
    }
    return OK;
  }

  private ruleCommand([verb, ...rest]: string[]): Answer {
    if (verb === undefined)
      return { output: JSON.stringify(this.fib.rules().map(detached(this.devs))), exit: 0 };
    const options = optionMap(rest);
    const spec = {
      ...(options.has('pref') && { priority: Number(options.get('pref')) }),
      ...(options.has('from') && { src: prefix(options.get('from') ?? '') }),
      ...(options.has('to') && { dst: prefix(options.get('to') ?? '') }),
      ...(options.has('iif') && { iif: options.get('iif') ?? '' }),
      ...(options.has('oif') && { oif: options.get('oif') ?? '' }),
      ...(options.has('fwmark') && { fwmark: Number(options.get('fwmark')) }),
    };
    const table = options.get('table');
    if (verb === 'add') return printed(this.fib.addRule({ ...spec, table: table ?? 'main' }));
    return printed(this.fib.deleteRule({ ...spec, ...(table !== undefined && { table }) }));
  }

  private routeCommand([verb = '', ...words]: string[], json: boolean): Answer {
    if (verb === 'get') return this.getRoute(words, json);
    if (verb === 'show') {
      const options = optionMap(words[0] === 'table' ? words : words.slice(1));
      const match: RouteMatch = {
        ...(words[0] !== 'table' && { dst: prefix(words[0] ?? '') }),
        ...(options.has('table') && { table: options.get('table') ?? '' }),
      };
      return { output: JSON.stringify(this.fib.dump(match).map(withMetrics)), exit: 0 };
    }
    const spec = this.routeSpec(words);
    if (verb === 'del') return printed(this.fib.deleteRoute(spec));
    return printed(this.fib.addRoute(spec, verb as RouteMode));
  }

  routeSpec(words: readonly string[]): RouteSpec {
    const list = [...words];
    const type = TYPES.includes(list[0] ?? '') ? (list.shift() as RouteType) : undefined;
    const dst = prefix(list.shift() ?? '');
    const at = list.indexOf('nexthop');
    const options = optionMap(at < 0 ? list : list.slice(0, at));
    const nexthops =
      at < 0 ? undefined : splitNexthops(list.slice(at)).map((each) => this.nexthop(optionMap(each)));
    return {
      dst,
      ...(type && { type }),
      ...this.nexthop(options),
      ...(options.has('table') && { table: options.get('table') ?? '' }),
      ...(options.has('proto') && { protocol: options.get('proto') ?? '' }),
      ...(options.has('scope') && { scope: options.get('scope') as RouteScope }),
      ...(options.has('src') && { prefsrc: address(options.get('src') ?? '') }),
      ...(options.has('metric') && { metric: Number(options.get('metric')) }),
      ...(options.has('mtu') && { mtu: Number(options.get('mtu')) }),
      ...(nexthops && { nexthops }),
    };
  }

  private nexthop(options: ReadonlyMap<string, string>): NexthopSpec {
    const dev = options.get('dev');
    return {
      ...(options.has('via') && { gateway: address(options.get('via') ?? '') }),
      ...(dev !== undefined && { dev: this.dev(dev).name }),
      ...(options.has('onlink') && { onlink: true }),
      ...(options.has('weight') && { weight: Number(options.get('weight')) }),
    };
  }

  /** `ip route get`, the part of rtm_getroute that shows what a lookup answered. */
  private getRoute([dst = '', ...rest]: string[], json: boolean): Answer {
    const options = optionMap(rest);
    const from = options.get('from');
    const iif = options.get('iif');
    const flow: FibFlow = {
      dst: address(dst),
      ...(from !== undefined && { src: address(from) }),
      ...(iif !== undefined && { iif }),
      ...(options.has('oif') && { oif: this.dev(options.get('oif') ?? '').name }),
      ...(options.has('mark') && { mark: Number(options.get('mark')) }),
    };
    const found = this.fib.lookup(flow);
    this.choice = found.route?.nexthops?.map((nexthop) => nexthop.dev) ?? [];
    const errno = REJECTED[found.type];
    if (errno) return { output: `RTNETLINK answers: ${errno}`, exit: 2 };
    const prefsrc = found.decision.prefsrc;
    const row = {
      ...(found.type !== 'unicast' && { type: found.type }),
      dst,
      ...(from !== undefined && { from }),
      ...(found.gateway !== 0 && { gateway: formatIp4(found.gateway) }),
      dev: found.dev,
      ...(prefsrc !== undefined && { prefsrc }),
    };
    return { output: json ? JSON.stringify([row]) : textOfGet(row), exit: 0 };
  }
}

class NoDevice extends Error {}

const SCOPES: readonly RouteScope[] = ['global', 'site', 'link', 'host', 'nowhere'];
const REJECTED: Readonly<Record<string, string>> = {
  none: strerror.ENETUNREACH,
  blackhole: strerror.EINVAL,
  unreachable: strerror.EHOSTUNREACH,
  prohibit: strerror.EACCES,
};

function carrier(dev: { up: boolean; loopback: boolean; peer: { up: boolean } | undefined }): boolean {
  return dev.loopback || (dev.up && dev.peer?.up === true);
}

function textOfGet(row: {
  type?: string;
  dst: string;
  gateway?: string;
  dev: string | undefined;
  prefsrc?: string;
}): string {
  const type = row.type ? `${row.type} ` : '';
  const via = row.gateway ? ` via ${row.gateway}` : '';
  return `${type}${row.dst}${via} dev ${row.dev ?? ''} src ${row.prefsrc ?? ''}`;
}

function printed(reply: Reply): Answer {
  if (reply.ok) return OK;
  const { errno, extack } = reply.error;
  const output = extack === undefined ? `RTNETLINK answers: ${strerror[errno]}` : `Error: ${extack}.`;
  return { output, exit: 2 };
}

function withMetrics({ mtu, nexthops, ...row }: RouteRow): object {
  return { ...row, ...(mtu !== undefined && { metrics: [{ mtu }] }), ...(nexthops && { nexthops }) };
}

function detached(devs: readonly Device[]): (row: RuleRow) => object {
  const missing = (name: string | undefined) => name !== undefined && !devs.some((dev) => dev.name === name);
  return ({ priority, src, srclen, dst, dstlen, fwmark, iif, oif, table }) => ({
    priority,
    src,
    ...(srclen !== undefined && { srclen }),
    ...(dst !== undefined && { dst }),
    ...(dstlen !== undefined && { dstlen }),
    ...(fwmark !== undefined && { fwmark }),
    ...(iif !== undefined && { iif }),
    ...(missing(iif) && { iif_detached: null }),
    ...(oif !== undefined && { oif }),
    ...(missing(oif) && { oif_detached: null }),
    table,
  });
}

function sameSubnet(a: FibNewAddress, b: FibNewAddress): boolean {
  return networkOf(a.peer ?? a.local, a.prefixlen) === networkOf(b.peer ?? b.local, a.prefixlen);
}

function samePrefix(a: FibNewAddress, b: FibNewAddress): boolean {
  return a.prefixlen === b.prefixlen && sameSubnet(a, b);
}

function splitNexthops(words: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const word of words) {
    if (word === 'nexthop') groups.push([]);
    else groups.at(-1)?.push(word);
  }
  return groups;
}

/** Words in pairs; `onlink` stands alone. */
function optionMap(words: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    options.set(word, word === 'onlink' ? '' : (words[++i] ?? ''));
  }
  return options;
}

export function prefix(text: string): Prefix {
  if (text === 'default') return { addr: 0, len: 0 };
  const read = parsePrefix(text);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

export function address(text: string): Ip4 {
  const read = parseIp4(text);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}
