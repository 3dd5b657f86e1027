/**
 * flannel's network configuration, `net-conf.json` (flannel pkg/subnet/config.go, v0.28): read and checked as flanneld
 * does, with its words. Field names are matched without regard to case, unknown ones are passed over, as Go's JSON does.
 */
import { err, ok, type Result } from '../../../base/result';
import {
  formatIp4,
  maskOf,
  networkOf,
  parseIp4,
  parsePrefix,
  prefixContains,
  type Ip4,
  type Prefix,
} from '../../wire/index';

export interface NetConf {
  readonly network: Prefix;
  readonly subnetLen: number;
  readonly subnetMin: Ip4;
  readonly subnetMax: Ip4;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly enableNFTables: boolean;
  /** `udp` when there is no Backend at all. */
  readonly backendType: string;
  readonly vxlan: VxlanConf;
  readonly udp: UdpConf;
}
export interface UdpConf {
  readonly port: number;
}
export interface VxlanConf {
  readonly vni: number;
  /** 0: the kernel's default, 8472. */
  readonly port: number;
  readonly gbp: boolean;
  readonly learning: boolean;
  readonly directRouting: boolean;
  /** 0: that of the external interface. */
  readonly mtu: number;
}

/** `field` is the JSON path inside net-conf.json. */
export interface NetConfError {
  readonly field: string;
  readonly text: string;
}

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
}

class Reader {
  error: NetConfError | undefined;
  constructor(
    private readonly fields: Fields,
    private readonly path: string,
  ) {}

  #take<T>(name: string, fallback: T, read: (value: unknown) => T | undefined, wanted: string): T {
    const value = this.fields.get(name.toLowerCase());
    if (value === undefined || value === null) return fallback;
    const got = read(value);
    if (got !== undefined) return got;
    this.error ??= { field: `${this.path}${name}`, text: `${JSON.stringify(value)} is not ${wanted}` };
    return fallback;
  }

  bool(name: string, fallback: boolean): boolean {
    return this.#take(
      name,
      fallback,
      (value) => (typeof value === 'boolean' ? value : undefined),
      'true or false',
    );
  }
  int(name: string, fallback: number, max: number): number {
    const read = (value: unknown) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
    return this.#take(name, fallback, read, `a whole number from 0 to ${max}`);
  }
  text(name: string, fallback: string): string {
    return this.#take(name, fallback, (value) => (typeof value === 'string' ? value : undefined), 'a string');
  }
  ip(name: string): Ip4 {
    const read = (value: unknown) => {
      const ip = typeof value === 'string' ? parseIp4(value) : undefined;
      return ip?.ok ? ip.value : undefined;
    };
    return this.#take(name, 0, read, 'an IPv4 address');
  }
  prefix(name: string): Prefix | undefined {
    const read = (value: unknown) => {
      const prefix = typeof value === 'string' && value.includes('/') ? parsePrefix(value) : undefined;
      return prefix?.ok ? prefix.value : undefined;
    };
    return this.#take<Prefix | undefined>(name, undefined, read, 'a network such as 10.244.0.0/16');
  }
  object(name: string): Fields | undefined {
    return this.#take<Fields | undefined>(name, undefined, fieldsOf, 'an object');
  }
}

function readVxlan(reader: Reader): VxlanConf {
  return {
    vni: reader.int('VNI', 1, 0xffffff),
    port: reader.int('Port', 0, 65535),
    gbp: reader.bool('GBP', false),
    learning: reader.bool('Learning', false),
    directRouting: reader.bool('DirectRouting', false),
    mtu: reader.int('MTU', 0, 65535),
  };
}

const UDP_PORT = 8285;

function readUdp(reader: Reader): UdpConf {
  return { port: reader.int('Port', UDP_PORT, 65535) };
}

/** SubnetLen, SubnetMin and SubnetMax as CheckNetworkConfig fills them in. */
function subnets(
  network: Prefix,
  wanted: { len: number; min: Ip4; max: Ip4 },
): Result<{ len: number; min: Ip4; max: Ip4 }, NetConfError> {
  const fail = (field: string, text: string) => err({ field, text });
  let len = wanted.len;
  if (len > 30) return fail('SubnetLen', 'SubnetLen must be less than /31');
  if (len > 0 && len < network.len + 2)
    return fail('SubnetLen', 'network must be able to accommodate at least four subnets');
  if (len === 0) {
    if (network.len > 28)
      return fail('Network', 'network is too small. Minimum useful network prefix is /28');
    len = network.len <= 22 ? 24 : network.len + 2;
  }
  const size = 2 ** (32 - len);
  // The first subnet is skipped: an interface with the network's own address causes trouble.
  const min = wanted.min === 0 ? network.addr + size : wanted.min;
  const max = wanted.max === 0 ? network.addr + 2 ** (32 - network.len) - size : wanted.max;
  for (const [field, ip] of [
    ['SubnetMin', min],
    ['SubnetMax', max],
  ] as const) {
    if (!prefixContains(network.addr, network.len, ip))
      return fail(field, `${field} is not in the range of the Network`);
    if ((ip & maskOf(len)) >>> 0 !== ip)
      return fail(field, `${field} is not on a SubnetLen boundary: ${formatIp4(ip)}`);
  }
  return ok({ len, min, max });
}

export function parseNetConf(text: string): Result<NetConf, NetConfError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ field: '', text: 'is not valid JSON' });
  }
  const fields = fieldsOf(json);
  if (!fields) return err({ field: '', text: 'must be a JSON object' });
  const reader = new Reader(fields, '');
  const network = reader.prefix('Network');
  const flags = {
    enableIPv4: reader.bool('EnableIPv4', true),
    enableIPv6: reader.bool('EnableIPv6', false),
    enableNFTables: reader.bool('EnableNFTables', false),
  };
  const wanted = {
    len: reader.int('SubnetLen', 0, 128),
    min: reader.ip('SubnetMin'),
    max: reader.ip('SubnetMax'),
  };
  const backend = reader.object('Backend');
  const inner = new Reader(backend ?? new Map(), 'Backend.');
  const backendType = backend ? inner.text('Type', '') : 'udp';
  const typed = inner.error;
  // Each backend reads its own fields, and looks at no others.
  const vxlan = readVxlan(backendType === 'vxlan' ? inner : new Reader(new Map(), ''));
  const udp = readUdp(backendType === 'udp' ? inner : new Reader(new Map(), ''));
  const error = reader.error ?? typed ?? inner.error;
  if (error) return err(error);
  if (!network)
    return err({ field: 'Network', text: 'please define a correct Network parameter in the flannel config' });
  const base: Prefix = { addr: networkOf(network.addr, network.len), len: network.len };
  const checked = subnets(base, wanted);
  if (!checked.ok) return checked;
  const { len, min, max } = checked.value;
  return ok({
    network: base,
    subnetLen: len,
    subnetMin: min,
    subnetMax: max,
    ...flags,
    backendType,
    vxlan,
    udp,
  });
}
