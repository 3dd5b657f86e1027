/** The match owner (extensions/libxt_owner.c): its options, its words, and how a list shows it. */
import type { IdRange, RuleMatch } from './door';
import type { MatchExtension } from './extension';
import { usageError } from './fail';

const MAX_ID = 0xffff_fffe;
/** What Debian's base-passwd gives the same number as user and as group. */
const BOTH: Readonly<Record<string, number>> = {
  root: 0,
  daemon: 1,
  bin: 2,
  sys: 3,
  lp: 7,
  mail: 8,
  news: 9,
  uucp: 10,
  proxy: 13,
  'www-data': 33,
  backup: 34,
};
const USERS: Readonly<Record<string, number>> = { ...BOTH, sync: 4, games: 5, man: 6, nobody: 65_534 };
const GROUPS: Readonly<Record<string, number>> = {
  ...BOTH,
  adm: 4,
  tty: 5,
  disk: 6,
  man: 12,
  games: 60,
  nogroup: 65_534,
};

/** strtoul of base 0. */
function id(word: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|\d+)$/.test(word)) return undefined;
  const octal = /^0\d/.test(word);
  if (octal && /[89]/.test(word)) return undefined;
  const value = octal ? parseInt(word, 8) : Number(word);
  return value <= MAX_ID ? value : undefined;
}
/** A name, a number, or a range of numbers. */
function ids(
  word: string,
  names: Readonly<Record<string, number>>,
  option: string,
): { low: number; high: number } {
  const named = Object.hasOwn(names, word) ? names[word] : undefined;
  if (named !== undefined) return { low: named, high: named };
  const [from = '', to, more] = word.split(/[-:]/);
  const low = id(from);
  const high = to === undefined ? low : id(to);
  return low === undefined || high === undefined || more !== undefined
    ? usageError(`owner: Bad value for "--${option}" option: "${word}"`)
    : { low, high };
}

const range = (option: string, names: Readonly<Record<string, number>>) =>
  ({
    takes: 1,
    invert: true,
    check: ([word = '']: readonly string[]) => void ids(word, names, option),
  }) as const;

export const ownerMatch: MatchExtension = {
  name: 'owner',
  options: {
    'uid-owner': range('uid-owner', USERS),
    'gid-owner': range('gid-owner', GROUPS),
    'socket-exists': { takes: 0, invert: true },
    'suppl-groups': { takes: 0 },
  },
  make(seen) {
    const order = [...seen.keys()];
    const supplementary = seen.has('suppl-groups');
    if (supplementary && !order.slice(0, order.indexOf('suppl-groups')).includes('gid-owner'))
      usageError('owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"');
    if (order.length === 0)
      usageError('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required');
    const uid = seen.get('uid-owner');
    const gid = seen.get('gid-owner');
    const socket = seen.get('socket-exists');
    return {
      kind: 'owner',
      ...(uid ? { uid: { ...ids(uid.words[0] ?? '', USERS, 'uid-owner'), invert: uid.invert } } : {}),
      ...(gid
        ? {
            gid: {
              ...ids(gid.words[0] ?? '', GROUPS, 'gid-owner'),
              invert: gid.invert,
              ...(supplementary ? { supplementary } : {}),
            },
          }
        : {}),
      ...(socket ? { socketExists: !socket.invert } : {}),
    };
  },
};

/** As `iptables -L` shows it. */
export function ownerText(match: Extract<RuleMatch, { kind: 'owner' }>, numeric: boolean): string {
  const { uid, gid, socketExists } = match;
  const item = (what: string, of: IdRange | undefined, names: Readonly<Record<string, number>>): string => {
    if (!of) return '';
    const { low, high, invert } = of;
    const name = numeric || low !== high ? undefined : Object.keys(names).find((each) => names[each] === low);
    return ` ${invert ? '! ' : ''}owner ${what} match ${name ?? (low === high ? low : `${low}-${high}`)}`;
  };
  const exists = socketExists === undefined ? '' : ` ${socketExists ? '' : '! '}owner socket exists`;
  const groups = gid?.supplementary ? ' incl. suppl. groups' : '';
  return `${exists}${item('UID', uid, USERS)}${item('GID', gid, GROUPS)}${groups}`;
}
