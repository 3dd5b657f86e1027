/**
 * The part of a rule that every rule has (struct ipt_ip), laid out for ip_packet_match: a chain of thousands of rules is
 * walked for every packet.
 */
import type { Ipv4Header } from '../../wire/index';
import type { FilterRule, InterfaceMatch } from './rules';

export type HeadPart = 'src' | 'dst' | 'iif' | 'oif' | 'protocol' | 'fragment';

class NameTest {
  readonly wild: boolean;
  readonly name: string;
  readonly invert: boolean;

  constructor(match: InterfaceMatch) {
    this.wild = match.name.endsWith('+');
    this.name = this.wild ? match.name.slice(0, -1) : match.name;
    this.invert = match.invert;
  }
  refuses(name: string): boolean {
    return (this.wild ? name.startsWith(this.name) : name === this.name) === this.invert;
  }
}

export class Head {
  // Without an address the mask is 0, so that everything agrees and nothing need be asked first.
  readonly srcAddr: number;
  readonly srcMask: number;
  readonly srcInvert: boolean;
  readonly dstAddr: number;
  readonly dstMask: number;
  readonly dstInvert: boolean;
  readonly iif: NameTest | undefined;
  readonly oif: NameTest | undefined;
  readonly protocol: number;
  readonly protocolInvert: boolean;
  readonly fragment: FilterRule['fragment'];

  constructor({ src, dst, iif, oif, protocol, protocolInvert, fragment }: FilterRule) {
    this.srcAddr = src?.addr ?? 0;
    this.srcMask = src?.mask ?? 0;
    this.srcInvert = src?.invert ?? false;
    this.dstAddr = dst?.addr ?? 0;
    this.dstMask = dst?.mask ?? 0;
    this.dstInvert = dst?.invert ?? false;
    this.iif = iif && new NameTest(iif);
    this.oif = oif && new NameTest(oif);
    this.protocol = protocol;
    this.protocolInvert = protocolInvert ?? false;
    this.fragment = fragment;
  }

  /** Without a device the name compared is empty, as in Linux. */
  refusal(header: Ipv4Header, iif: string, oif: string): HeadPart | undefined {
    if (((header.src & this.srcMask) >>> 0 === this.srcAddr) === this.srcInvert) return 'src';
    if (((header.dst & this.dstMask) >>> 0 === this.dstAddr) === this.dstInvert) return 'dst';
    if (this.iif !== undefined && this.iif.refuses(iif)) return 'iif';
    if (this.oif !== undefined && this.oif.refuses(oif)) return 'oif';
    if (this.protocol !== 0 && (header.protocol === this.protocol) === this.protocolInvert) return 'protocol';
    if (this.fragment !== undefined && header.fragmentOffset > 0 !== (this.fragment === 'later'))
      return 'fragment';
    return undefined;
  }
}
