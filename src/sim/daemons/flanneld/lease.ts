/** A subnet lease as flanneld keeps it in etcd (flannel pkg/subnet/subnet.go, pkg/lease/lease.go). */
import {
  formatIp4,
  formatMac,
  networkOf,
  parseIp4,
  parseMac,
  prefixContains,
  type Ip4,
  type Mac,
  type Prefix,
} from '../../wire/index';
import type { NetConf } from './config';

export const CONFIG_KEY = '/coreos.com/network/config';
export const SUBNETS_KEY = '/coreos.com/network/subnets/';
/** 24 h, and the margin `--subnet-lease-renew-margin`, 60 min. */
export const SUBNET_TTL_SEC = 86_400;
export const RENEW_MARGIN_SEC = 3_600;

export interface LeaseAttrs {
  readonly publicIp: Ip4;
  /** Empty: written by the udp backend, which leaves it out. */
  readonly backendType: string;
  /** Written by a flanneld before 0.15, which knew no IPv6. */
  readonly ipv4Only?: boolean;
  readonly vni?: number;
  readonly vtepMac?: Mac;
}

/** `10.244.1.0-24` */
export function subnetKey(subnet: Prefix): string {
  return `${SUBNETS_KEY}${formatIp4(subnet.addr)}-${subnet.len}`;
}

export function parseSubnetKey(key: string): Prefix | undefined {
  const match = /^\/coreos\.com\/network\/subnets\/(\d+\.\d+\.\d+\.\d+)-(\d{1,2})$/.exec(key);
  const addr = parseIp4(match?.[1] ?? '');
  const len = Number(match?.[2]);
  return addr.ok && len <= 32 ? { addr: addr.value, len } : undefined;
}

/** As Go's encoding/json writes the struct. */
export function encodeAttrs(attrs: LeaseAttrs): string {
  const data =
    attrs.vtepMac === undefined
      ? ''
      : `,"BackendData":{"VNI":${attrs.vni ?? 1},"VtepMAC":"${formatMac(attrs.vtepMac)}"}`;
  const type = attrs.backendType === '' ? '' : `,"BackendType":"${attrs.backendType}"`;
  const ipv6 = attrs.ipv4Only ? '' : ',"PublicIPv6":null';
  return `{"PublicIP":"${formatIp4(attrs.publicIp)}"${ipv6}${type}${data}}`;
}

export function decodeAttrs(text: string): LeaseAttrs | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { PublicIP, BackendType, BackendData } = (json ?? {}) as Record<string, unknown>;
  const publicIp = parseIp4(typeof PublicIP === 'string' ? PublicIP : '');
  if (!publicIp.ok) return undefined;
  const { VNI, VtepMAC } = (BackendData ?? {}) as Record<string, unknown>;
  const mac = parseMac(typeof VtepMAC === 'string' ? VtepMAC : '');
  return {
    publicIp: publicIp.value,
    backendType: typeof BackendType === 'string' ? BackendType : '',
    ...(typeof VNI === 'number' ? { vni: VNI } : {}),
    ...(mac.ok ? { vtepMac: mac.value } : {}),
  };
}

/** isSubnetConfigCompat */
export function fitsConfig(config: NetConf, subnet: Prefix): boolean {
  return (
    subnet.addr >= config.subnetMin && subnet.addr <= config.subnetMax && subnet.len === config.subnetLen
  );
}

/** The first 100 subnets that overlap no lease; flanneld takes one of them at random. */
export function freeSubnets(config: NetConf, taken: readonly Prefix[]): Prefix[] {
  const size = 2 ** (32 - config.subnetLen);
  const free: Prefix[] = [];
  for (let addr = config.subnetMin; addr <= config.subnetMax && free.length < 100; addr += size) {
    const len = config.subnetLen;
    const clash = taken.some(
      (other) => prefixContains(other.addr, other.len, addr) || networkOf(other.addr, len) === addr,
    );
    if (!clash) free.push({ addr, len });
  }
  return free;
}
