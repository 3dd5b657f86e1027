/** A flanneld with a machine and an etcd that answer at once. */
import type { Errno, LinkRow, NetlinkError, Reply } from '../../../kernel/netlink';
import {
  formatIp4,
  formatMac,
  formatPrefix,
  parseIp4,
  parseMac,
  parsePrefix,
  type Ip4,
  type Mac,
  type Prefix,
} from '../../../wire/index';
import type { Effect, Input } from '../../daemon';
import { apply, EMPTY_STORE, type EtcdRequest, type Store } from '../../etcd/store';
import { flanneld } from '../flanneld';
import { encodeAttrs, subnetKey } from '../lease';
import type { FlanneldOptions } from '../state';

export const ip = (text: string): Ip4 => {
  const parsed = parseIp4(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
export const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
export const mac = (text: string): Mac => {
  const parsed = parseMac(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

const LINK: LinkRow = {
  ifindex: 2,
  ifname: 'eth0',
  flags: ['UP'],
  mtu: 1500,
  qdisc: 'noqueue',
  operstate: 'UP',
  group: 'default',
  txqlen: 1000,
  link_type: 'ether',
  address: '52:54:0a:a8:00:02',
  broadcast: 'ff:ff:ff:ff:ff:ff',
  kind: 'nic',
};

/** A machine that accepts what it is told and answers at once, and an etcd behind it. */
export class Bench {
  store: Store;
  now = 0;
  readonly done: Effect[] = [];
  readonly logs: string[] = [];
  /** True: ENETUNREACH. */
  refuse: (effect: Extract<Effect, { do: 'request' }>) => boolean | Errno = () => false;
  refuseOpen: (effect: Extract<Effect, { do: 'tun-open' | 'udp-open' }>) => Errno | undefined = () =>
    undefined;
  routes: { dst: string; gateway?: string; dev?: string; flags: string[] }[] = [];
  defaultRoute = false;
  readonly #daemon;
  #state;

  constructor(options: Partial<FlanneldOptions>, netConf: string, store: Store = EMPTY_STORE) {
    this.store = apply(store, { op: 'put', key: '/coreos.com/network/config', value: netConf }, 0).store;
    this.#daemon = flanneld({ seed: 'test', iface: 'eth0', ...options });
    this.#state = this.#daemon.initial;
  }

  take(input: Input): this {
    const inbox: Input[] = [input];
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      const { state, effects } = this.#daemon.transition(this.#state, next, this.now);
      this.#state = state;
      for (const effect of effects) {
        this.done.push(effect);
        inbox.push(...this.#answer(effect));
      }
    }
    return this;
  }

  #answer(effect: Effect): Input[] {
    switch (effect.do) {
      case 'log':
        this.logs.push(`${effect.level} ${effect.text}`);
        return [];
      case 'request': {
        if (effect.to === undefined) return [];
        const no = this.refuse(effect);
        const error: NetlinkError =
          typeof no === 'string'
            ? { errno: no }
            : { errno: 'ENETUNREACH', extack: 'Nexthop has invalid gateway' };
        const reply: Reply = no === false ? { ok: true, value: undefined } : { ok: false, error };
        return [{ on: 'done', to: effect.to, reply }];
      }
      case 'tun-open':
      case 'udp-open': {
        const errno = this.refuseOpen(effect);
        const reply = errno
          ? ({ ok: false, error: { errno } } as const)
          : ({ ok: true, value: undefined } as const);
        return [{ on: 'done', to: effect.to, reply }];
      }
      case 'survey': {
        const addrs = [
          {
            dev: 'eth0',
            family: 'inet' as const,
            local: '10.168.0.2',
            prefixlen: 24,
            scope: 'global' as const,
            label: 'eth0',
          },
        ];
        const routes = [
          ...(this.defaultRoute ? [{ dst: 'default', gateway: '10.168.0.1', dev: 'eth0', flags: [] }] : []),
          ...this.routes,
        ];
        return [{ on: 'survey', to: effect.to, links: [LINK], addrs, routes }];
      }
      case 'etcd': {
        if (effect.request.op === 'watch') return [];
        return [{ on: 'etcd', to: effect.to, answer: this.etcd(effect.request) }];
      }
      default:
        return [];
    }
  }

  etcd(request: EtcdRequest) {
    const { store, answer } = apply(this.store, request, this.now);
    this.store = store;
    return answer;
  }

  /** What was asked of the kernel since the last look, in iproute2's spirit. */
  requests(): string[] {
    const found = this.done.flatMap((effect) =>
      effect.do === 'request' ? [requestText(effect.request)] : [],
    );
    this.done.length = 0;
    return found;
  }
  peer(subnet: string, publicIp: string, vtepMac?: string): Input {
    const attrs = {
      publicIp: ip(publicIp),
      backendType: vtepMac === undefined ? 'host-gw' : 'vxlan',
      ...(vtepMac === undefined ? {} : { vni: 1, vtepMac: mac(vtepMac) }),
    };
    const kv = {
      key: subnetKey(prefix(subnet)),
      value: encodeAttrs(attrs),
      createRevision: 9,
      modRevision: 9,
      version: 1,
    };
    return { on: 'watch', to: 'subnets', events: [{ type: 'PUT', kv }] };
  }
  gone(subnet: string): Input {
    const kv = { key: subnetKey(prefix(subnet)), value: '', createRevision: 0, modRevision: 10, version: 0 };
    return { on: 'watch', to: 'subnets', events: [{ type: 'DELETE', kv }] };
  }
}

function requestText(request: Extract<Effect, { do: 'request' }>['request']): string {
  switch (request.op) {
    case 'newLink':
      return `link add ${request.spec.name} mtu ${request.spec.mtu ?? ''} ${formatMac(request.spec.mac ?? 0)}`;
    case 'newAddr':
      return `addr ${formatIp4(request.spec.local)}/${request.spec.prefixlen} dev ${request.spec.dev}`;
    case 'setLink':
      if (request.change.mtu !== undefined) return `link set ${request.name} mtu ${request.change.mtu}`;
      return `link set ${request.name} ${request.change.up ? 'up' : ''}`;
    case 'newNeigh':
      return `neigh ${request.mode} ${formatIp4(request.spec.dst)} ${formatMac(request.spec.lladdr ?? 0)} ${request.spec.state}`;
    case 'newFdb':
      return `fdb ${request.mode} ${formatMac(request.spec.mac)} dst ${formatIp4(request.spec.dst ?? 0)} ${request.spec.self ? 'self' : ''}`;
    case 'newRoute': {
      const { dst, gateway, dev, onlink } = request.spec;
      if (gateway === undefined)
        return `route ${request.mode ?? 'add'} ${formatPrefix(dst)} dev ${dev ?? '-'}`;
      return `route ${request.mode} ${formatPrefix(dst)} via ${formatIp4(gateway)} dev ${dev ?? '-'}${onlink ? ' onlink' : ''}`;
    }
    case 'delNeigh':
      return `neigh del ${formatIp4(request.spec.dst)}`;
    case 'delFdb':
      return `fdb del ${formatMac(request.spec.mac)} dst ${formatIp4(request.spec.dst ?? 0)}`;
    case 'delRoute':
      return `route del ${formatPrefix(request.match.dst ?? { addr: 0, len: 0 })}`;
    default:
      return request.op;
  }
}
