/** xt_owner: whose socket sent a packet. Every process here is root's, so users and groups are 0. */
import type { IpPacket } from '../ip/packet';
import type { IdRange, RuleMatch } from './rules';

type OwnerMatch = Extract<RuleMatch, { kind: 'owner' }>;

/** uid and gid of every process. */
const ROOT = 0;

/** What nobody's socket sent agrees when all that is asked is asked with `!`; the kernel's own sockets have no user. */
export function ownerAgrees(match: OwnerMatch, packet: IpPacket): boolean {
  const { uid, gid, socketExists } = match;
  const nobody = (range: IdRange | undefined): boolean => range === undefined || range.invert;
  if (packet.owner === undefined) return nobody(uid) && nobody(gid) && socketExists !== true;
  if (socketExists === false) return false;
  if (packet.owner === 'kernel') return nobody(uid) && nobody(gid);
  return holds(uid) && holds(gid);
}

function holds(range: IdRange | undefined): boolean {
  return range === undefined || (ROOT >= range.low && ROOT <= range.high) !== range.invert;
}

/** As `iptables -S` prints it. */
export function ownerWords({ uid, gid, socketExists }: OwnerMatch): string[] {
  const option = (name: string, range: IdRange | undefined): string[] =>
    range ? [`${range.invert ? '! ' : ''}--${name} ${idText(range)}`] : [];
  return [
    ...(socketExists === undefined ? [] : [`${socketExists ? '' : '! '}--socket-exists`]),
    ...option('uid-owner', uid),
    ...option('gid-owner', gid),
    ...(gid?.supplementary ? ['--suppl-groups'] : []),
  ];
}

export function idText({ low, high }: IdRange): string {
  return low === high ? String(low) : `${low}-${high}`;
}
