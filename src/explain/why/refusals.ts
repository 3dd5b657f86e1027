import { protocolName, type Endpoints } from '../endpoints';
import { msg } from '../messages';
import type { Message } from '../types';

/** What a rule's match is compared with. */
export interface Asked {
  readonly ends: Endpoints | undefined;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  /** What conntrack says, without the direction. */
  readonly state: string | undefined;
}

function address(side: 'src' | 'dst', not: boolean, want: string, is: string): Message {
  if (not) return msg(`no.${side}LeftOut`, { is, want: `! ${want}` });
  return want.endsWith('/32')
    ? msg(`no.${side}`, { is, want: want.slice(0, -3) })
    : msg(`no.${side}Net`, { is, want });
}

function device(side: 'iif' | 'oif', not: boolean, want: string, is: string | undefined): Message {
  if (is === undefined) return msg(`no.${side}None`);
  return not ? msg(`no.${side}LeftOut`, { is }) : msg(`no.${side}`, { is, want });
}

/** The value behind an option: `22` of `-m tcp --dport 22`. */
const option = (text: string, name: string): string | undefined =>
  new RegExp(`(?:^| )--${name} (\\S+)`).exec(text)?.[1];

function ports(text: string, { ends }: Asked): Message | undefined {
  // With several conditions or a negation it is not known which of them said no.
  if (text.includes('!') || text.includes('--tcp-flags')) return undefined;
  const [sport, dport] = [option(text, 'sport'), option(text, 'dport')];
  if (dport !== undefined && sport === undefined && ends?.dstPort !== undefined)
    return msg('no.dport', { is: ends.dstPort, want: dport });
  if (sport !== undefined && dport === undefined && ends?.srcPort !== undefined)
    return msg('no.sport', { is: ends.srcPort, want: sport });
  return undefined;
}

function ofMatch(text: string, asked: Asked): Message | undefined {
  const { ends, state } = asked;
  const not = text.includes(' ! ');
  switch (/^-m (\S+)/.exec(text)?.[1]) {
    case 'tcp':
    case 'udp':
      return ports(text, asked);
    case 'multiport': {
      const want = /--\S+ (\S+)$/.exec(text)?.[1];
      return not || want === undefined ? undefined : msg('no.ports', { want });
    }
    case 'icmp': {
      const want = option(text, 'icmp-type');
      return not || want === undefined || ends?.type === undefined
        ? undefined
        : msg('no.icmp', { is: ends.type, want });
    }
    case 'conntrack':
    case 'state': {
      const want = option(text, 'ctstate') ?? option(text, 'state');
      return not || want === undefined || state === undefined
        ? undefined
        : msg('no.state', { is: state, want });
    }
    case 'mark': {
      const want = option(text, 'mark');
      return not || want === undefined ? undefined : msg('no.mark', { want });
    }
    case 'addrtype': {
      const want = option(text, 'dst-type');
      return not || want === undefined || ends === undefined || text.includes('--src-type')
        ? undefined
        : msg('no.dstType', { is: ends.dst, want });
    }
    case 'set': {
      const [, want, side] = /--match-set (\S+) (\S+)/.exec(text) ?? [];
      if (not || want === undefined || ends === undefined) return undefined;
      return msg('no.set', { is: side === 'dst' ? ends.dst : ends.src, want });
    }
    case 'physdev':
      return msg('no.physdev', { want: text.replace(/^-m physdev /, '') });
    default:
      return undefined;
  }
}

/**
 * Why a rule did not match, in words, from the match that said no (`-p tcp`, `! -o docker0`, `-m tcp --dport 80`) and
 * what the packet has. What has no words of its own is quoted.
 */
export function refusalMessage(failed: string, asked: Asked): Message {
  const [, not, flag, want = ''] = /^(! )?(-[psdio]) (\S+)$/.exec(failed) ?? [];
  const { ends, iif, oif } = asked;
  if (flag === '-i') return device('iif', not !== undefined, want, iif);
  if (flag === '-o') return device('oif', not !== undefined, want, oif);
  if (ends !== undefined) {
    if (flag === '-s') return address('src', not !== undefined, want, ends.src);
    if (flag === '-d') return address('dst', not !== undefined, want, ends.dst);
    if (flag === '-p' && not === undefined)
      return msg('no.protocol', { is: protocolName(ends.protocol), want });
  }
  return ofMatch(failed, asked) ?? msg('row.failed', { failed });
}
