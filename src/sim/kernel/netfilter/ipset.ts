/**
 * Sets of addresses, networks and ports (net/netfilter/ipset/ip_set_hash_*.c), for rules to ask.
 *
 * Leaves out: other types, IPv6, timeouts, counters, comments, growing hash tables.
 */
import { err, ok, type Result } from '../../../base/result';
import type { Random } from '../../../base/random';
import { formatIp4 } from '../../wire/index';
import type { IpsetRow } from '../rows';
import type { Ipset, SetEntry, SetErrno, SetMember, SetSpec, SetType } from './ipset-door';
import { jhashWords, swap32 } from './jhash';
import { PROTOCOL_NAMES } from './text';

/** Revision of the type, and bytes without members and of one member (measured of Linux 6.18, x86-64). */
const TYPES: Readonly<
  Record<SetType, { readonly revision: number; readonly base: number; readonly size: number }>
> = {
  'hash:ip': { revision: 6, base: 216, size: 4 },
  'hash:net': { revision: 7, base: 456, size: 8 },
  'hash:ip,port': { revision: 7, base: 216, size: 8 },
  'hash:net,port': { revision: 8, base: 456, size: 8 },
};
const BUCKET_BYTES = 32;
const DEFAULT_HASHSIZE = 1024;
const DEFAULT_MAXELEM = 65_536;
const MAX_SETS = 65_536;
const IPPROTO_ICMP = 1;
const ICMP_NAMES: Readonly<Record<number, string>> = {
  0x000: 'echo-reply',
  0x300: 'network-unreachable',
  0x301: 'host-unreachable',
  0x302: 'protocol-unreachable',
  0x303: 'port-unreachable',
  0x304: 'fragmentation-needed',
  0x500: 'network-redirect',
  0x501: 'host-redirect',
  0x800: 'echo-request',
  0xb00: 'ttl-zero-during-transit',
  0xb01: 'ttl-zero-during-reassembly',
};

interface Stored {
  member: SetMember;
  readonly bucket: number;
  /** Order of arrival inside its bucket. */
  readonly order: number;
  row: { readonly key: string; readonly row: IpsetRow } | undefined;
}
export function maskOf(len: number): number {
  return len === 0 ? 0 : (0xffffffff << (32 - len)) >>> 0;
}
const withPorts = (type: SetType): boolean => type.endsWith(',port');
const withNets = (type: SetType): boolean => type.startsWith('hash:net');
function keyOf({ ip, len, protocol, port }: SetMember): number | string {
  return protocol === 0 && port === 0 ? ip * 64 + len : `${ip}/${len},${protocol}:${port}`;
}
/** The words that the kernel hashes: struct hash_ip4_elem, hash_net4_elem, hash_ipport4_elem, hash_netport4_elem. */
function hashWords(type: SetType, { ip, len, protocol, port }: SetMember): number[] {
  const words = [swap32(ip)];
  const bePort = ((port & 0xff) << 8) | (port >>> 8);
  if (type === 'hash:net') words.push((len << 24) >>> 0);
  else if (type === 'hash:ip,port') words.push((bePort | (protocol << 16)) >>> 0);
  else if (type === 'hash:net,port')
    words.push((bePort | (protocol << 16) | (((len - 1) & 0x7f) << 24)) >>> 0);
  return words;
}

export class HashSet {
  references = 0;
  readonly members = new Map<number | string, Stored>();
  /** Members of each prefix length in use: they are tried from the longest. */
  readonly #lengths = new Map<number, number>();
  #sorted: number[] = [];
  #order = 0;
  row: { readonly key: string; readonly row: IpsetRow } | undefined;

  constructor(
    public name: string,
    readonly type: SetType,
    readonly hashsize: number,
    readonly maxelem: number,
    readonly initval: number,
  ) {}

  add(member: SetMember): Stored {
    const bucket = jhashWords(hashWords(this.type, member), this.initval) & (this.hashsize - 1);
    const stored: Stored = { member, bucket, order: this.#order++, row: undefined };
    this.members.set(keyOf(member), stored);
    this.#count(member.len, 1);
    return stored;
  }
  get(member: SetMember): Stored | undefined {
    return this.members.get(keyOf(member));
  }
  remove(stored: Stored): void {
    this.members.delete(keyOf(stored.member));
    this.#count(stored.member.len, -1);
  }
  #count(len: number, by: 1 | -1): void {
    const count = (this.#lengths.get(len) ?? 0) + by;
    if (count > 0) this.#lengths.set(len, count);
    else this.#lengths.delete(len);
    this.#sorted = [...this.#lengths.keys()].sort((a, b) => b - a);
  }

  /** What a packet is asked with: the longest network around the address decides, and may be an exception. */
  has(ip: number, protocol: number, port: number): boolean {
    for (const len of this.#sorted) {
      const masked = (ip & maskOf(len)) >>> 0;
      const key = protocol === 0 && port === 0 ? masked * 64 + len : `${masked}/${len},${protocol}:${port}`;
      const found = this.members.get(key);
      if (found) return !found.member.nomatch;
    }
    return false;
  }
  inOrder(): Stored[] {
    return [...this.members.values()].sort((a, b) => a.bucket - b.bucket || a.order - b.order);
  }
  /** Buckets grow two places at a time, and each time the bucket itself is counted anew. */
  get memory(): number {
    const { base, size } = TYPES[this.type];
    const filled = new Map<number, number>();
    for (const { bucket } of this.members.values()) filled.set(bucket, (filled.get(bucket) ?? 0) + 1);
    let bytes = base;
    for (const count of filled.values()) bytes += Math.ceil(count / 2) * (BUCKET_BYTES + 2 * size);
    return bytes;
  }
}

export function memberText(type: SetType, { ip, len, protocol, port, nomatch }: SetMember): string {
  let text = formatIp4(ip);
  if (len < 32) text += `/${len}`;
  if (withPorts(type)) {
    const name = PROTOCOL_NAMES.get(protocol) ?? String(protocol);
    const icmp = ICMP_NAMES[port] ?? `${port >>> 8}/${port & 0xff}`;
    text += `,${name}:${protocol === IPPROTO_ICMP ? icmp : port}`;
  }
  return nomatch ? `${text} nomatch` : text;
}

export interface SetListener {
  row(key: string, before: IpsetRow | undefined, after: IpsetRow | undefined): void;
}

export class Ipsets implements Ipset {
  /** Holes are free places; a new set takes the first. */
  readonly #sets: (HashSet | undefined)[] = [];
  readonly #byName = new Map<string, HashSet>();
  readonly #random: Random;

  constructor(
    random: Random,
    private readonly listener: SetListener,
  ) {
    this.#random = random.fork('ipset');
  }

  get(name: string): HashSet | undefined {
    return this.#byName.get(name);
  }
  type(name: string): SetType | undefined {
    return this.#byName.get(name)?.type;
  }
  text(type: SetType, member: SetMember): string {
    return memberText(type, member);
  }

  create(spec: SetSpec, exist = false): Result<void, SetErrno> {
    const { name, type, maxelem = DEFAULT_MAXELEM } = spec;
    const known = this.#byName.get(name);
    // The size of the hash does not make a set another one (mtype_same_set).
    if (known)
      return exist && known.type === type && known.maxelem === maxelem ? ok(undefined) : err('EEXIST');
    const free = this.#sets.findIndex((each) => each === undefined);
    const at = free < 0 ? this.#sets.length : free;
    if (at >= MAX_SETS) return err('EMAXSETS');
    const wanted = Math.max(64, spec.hashsize ?? DEFAULT_HASHSIZE);
    const hashsize = 2 ** Math.ceil(Math.log2(wanted));
    const set = new HashSet(name, type, hashsize, maxelem, spec.initval ?? this.#random.u32());
    this.#sets[at] = set;
    this.#byName.set(name, set);
    this.#show(set, at);
    return ok(undefined);
  }

  destroy(name?: string): Result<void, SetErrno> {
    const sets = this.#named(name);
    if (!sets.ok) return sets;
    if (sets.value.some((set) => set.references > 0)) return err('EBUSY');
    for (const set of sets.value) {
      this.#empty(set);
      this.#sets[this.#sets.indexOf(set)] = undefined;
      this.#byName.delete(set.name);
      if (set.row) this.listener.row(set.row.key, set.row.row, undefined);
    }
    return ok(undefined);
  }
  flush(name?: string): Result<void, SetErrno> {
    const sets = this.#named(name);
    if (!sets.ok) return sets;
    for (const set of sets.value) this.#empty(set);
    return ok(undefined);
  }
  rename(from: string, to: string): Result<void, SetErrno> {
    const set = this.#byName.get(from);
    if (!set) return err('ENOENT');
    if (set.references > 0) return err('EREFERENCED');
    if (this.#byName.has(to)) return err('EEXIST_NEW');
    this.#byName.delete(from);
    set.name = to;
    this.#byName.set(to, set);
    this.#show(set, this.#sets.indexOf(set));
    return ok(undefined);
  }
  /** Names and references stay where they are; what is in the sets changes places. */
  swap(from: string, to: string): Result<void, SetErrno> {
    const a = this.#byName.get(from);
    const b = this.#byName.get(to);
    if (!a) return err('ENOENT');
    if (!b) return err('ENOENT_SECOND');
    if (a.type !== b.type) return err('ETYPE');
    const [atA, atB] = [this.#sets.indexOf(a), this.#sets.indexOf(b)];
    this.#hide(a);
    this.#hide(b);
    [a.name, b.name] = [b.name, a.name];
    [a.references, b.references] = [b.references, a.references];
    this.#sets[atA] = b;
    this.#sets[atB] = a;
    this.#byName.set(from, b).set(to, a);
    this.#show(b, atA);
    this.#show(a, atB);
    return ok(undefined);
  }

  add(name: string, members: readonly SetMember[], exist = false): Result<void, SetErrno> {
    const set = this.#byName.get(name);
    if (!set) return err('ENOENT');
    const at = this.#sets.indexOf(set);
    for (const given of members) {
      if (given.len === 0) return err('ECIDR');
      const member = { ...given, ip: (given.ip & maskOf(given.len)) >>> 0 };
      const known = set.get(member);
      if (known) {
        if (!exist) return err('EEXIST');
        if (known.member.nomatch === member.nomatch) continue;
        this.#remove(set, known);
      } else if (set.members.size >= set.maxelem) return err('EFULL');
      this.#showMember(set, at, set.add(member));
    }
    return ok(undefined);
  }
  del(name: string, members: readonly SetMember[], exist = false): Result<void, SetErrno> {
    const set = this.#byName.get(name);
    if (!set) return err('ENOENT');
    for (const member of members) {
      const known = set.get({ ...member, ip: (member.ip & maskOf(member.len)) >>> 0 });
      if (known) this.#remove(set, known);
      else if (!exist) return err('EEXIST');
    }
    return ok(undefined);
  }
  /** A network is asked for as it stands in the set, an address by the networks around it. */
  test(name: string, member: SetMember): Result<boolean, SetErrno> {
    const set = this.#byName.get(name);
    if (!set) return err('ENOENT');
    if (member.len === 32) return ok(set.has(member.ip, member.protocol, member.port));
    const found = withNets(set.type)
      ? set.get({ ...member, ip: (member.ip & maskOf(member.len)) >>> 0 })
      : undefined;
    return ok(found !== undefined && found.member.nomatch === member.nomatch);
  }
  list(name?: string): Result<readonly SetEntry[], SetErrno> {
    const sets = this.#named(name);
    return sets.ok ? ok(sets.value.map(entryOf)) : sets;
  }

  #named(name: string | undefined): Result<HashSet[], SetErrno> {
    if (name === undefined) return ok(this.#sets.filter((each) => each !== undefined));
    const set = this.#byName.get(name);
    return set ? ok([set]) : err('ENOENT');
  }
  #empty(set: HashSet): void {
    for (const stored of [...set.members.values()]) this.#remove(set, stored);
  }
  #remove(set: HashSet, stored: Stored): void {
    set.remove(stored);
    if (stored.row) this.listener.row(stored.row.key, stored.row.row, undefined);
  }

  /** Keys sort by the place of the set, then as the hash table is walked. */
  #show(set: HashSet, at: number): void {
    const key = `${String(at).padStart(5, '0')} `;
    const row: IpsetRow = { set: set.name, type: set.type };
    this.#change(set.row, key, row);
    set.row = { key, row };
    for (const stored of set.inOrder()) this.#showMember(set, at, stored);
  }
  #hide(set: HashSet): void {
    for (const each of [set, ...set.members.values()]) {
      if (each.row) this.listener.row(each.row.key, each.row.row, undefined);
      each.row = undefined;
    }
  }
  #showMember(set: HashSet, at: number, stored: Stored): void {
    const place = `${String(stored.bucket).padStart(8, '0')}.${String(stored.order).padStart(8, '0')}`;
    const key = `${String(at).padStart(5, '0')} ${place}`;
    const row: IpsetRow = { set: set.name, type: set.type, member: memberText(set.type, stored.member) };
    this.#change(stored.row, key, row);
    stored.row = { key, row };
  }
  #change(
    before: { readonly key: string; readonly row: IpsetRow } | undefined,
    key: string,
    row: IpsetRow,
  ): void {
    if (before && before.key !== key) this.listener.row(before.key, before.row, undefined);
    this.listener.row(key, before?.key === key ? before.row : undefined, row);
  }
}

function entryOf(set: HashSet): SetEntry {
  const { name, type, hashsize, maxelem, initval, references, memory } = set;
  const members = set.inOrder().map(({ member }) => memberText(type, member));
  return {
    name,
    type,
    revision: TYPES[type].revision,
    hashsize,
    maxelem,
    initval,
    references,
    memory,
    members,
  };
}
