/** What ipset may ask of a namespace (net/netfilter/ipset over nfnetlink), as plain data. */
import type { Result } from '../../../base/result';
import type { Ip4 } from '../../wire/index';

export type SetType = 'hash:ip' | 'hash:net' | 'hash:ip,port' | 'hash:net,port';
/** What a set holds. Sets of addresses have `len` 32, sets without ports protocol and port 0. */
export interface SetMember {
  readonly ip: Ip4;
  readonly len: number;
  readonly protocol: number;
  /** Port, or ICMP type * 256 + code. */
  readonly port: number;
  /** An exception inside a larger network. */
  readonly nomatch: boolean;
}
export interface SetSpec {
  readonly name: string;
  readonly type: SetType;
  readonly hashsize?: number;
  readonly maxelem?: number;
  /** Seed of the hash, which decides the order of the list; drawn when absent. */
  readonly initval?: number;
}
export interface SetEntry {
  readonly name: string;
  readonly type: SetType;
  readonly revision: number;
  readonly hashsize: number;
  readonly maxelem: number;
  readonly initval: number;
  /** Bytes. */
  readonly memory: number;
  /** Rules of iptables that ask it. */
  readonly references: number;
  /** In the order of the hash table, as `ipset save` writes them behind `add NAME `. */
  readonly members: readonly string[];
}
/**
 * ENOENT: no such set (…_SECOND: the other one of a swap). EEXIST: a set or a member is there already, or the member to be
 * deleted is not; …_NEW: the new name is taken. EBUSY, EREFERENCED: rules ask it. ETYPE: of another type. EFULL: it holds
 * as much as it may. ECIDR: a network of every address.
 */
export type SetErrno =
  | 'ENOENT'
  | 'ENOENT_SECOND'
  | 'EEXIST'
  | 'EEXIST_NEW'
  | 'EBUSY'
  | 'EREFERENCED'
  | 'ETYPE'
  | 'EFULL'
  | 'ECIDR'
  | 'EMAXSETS';

/** `exist`: what is there already, or already gone, is no mistake. */
export interface Ipset {
  create(spec: SetSpec, exist?: boolean): Result<void, SetErrno>;
  /** Without a name: every set. */
  destroy(name?: string): Result<void, SetErrno>;
  flush(name?: string): Result<void, SetErrno>;
  rename(from: string, to: string): Result<void, SetErrno>;
  swap(from: string, to: string): Result<void, SetErrno>;
  add(name: string, members: readonly SetMember[], exist?: boolean): Result<void, SetErrno>;
  del(name: string, members: readonly SetMember[], exist?: boolean): Result<void, SetErrno>;
  test(name: string, member: SetMember): Result<boolean, SetErrno>;
  list(name?: string): Result<readonly SetEntry[], SetErrno>;
  type(name: string): SetType | undefined;
  /** A member as it is listed. */
  text(type: SetType, member: SetMember): string;
}
