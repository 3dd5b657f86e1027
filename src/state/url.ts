/**
 * The link: a moment of a run as the fragment of a URL.
 *
 *     #v=1&s=flannel-vxlan&j=container-1:ping+-c+1+10.1.16.3;@1.5+node1:ip+neigh+show&c=1.35&n=node1&p=tables&l=zh
 *
 * v version · s scenario of the catalogue · d scenario of one's own, compressed · j journal, absent for the scenario's
 * own · c cursor · w followed command · n namespace · i device · f frame · p panel · l language. Journal entries and the cursor count
 * from where a command begins, so that links survive a change in how a network is built.
 *
 * Every field is decoded by itself: what cannot be used is left out with a word, and never costs the rest.
 */
import { linkProblem, type LinkProblemId } from './link-problems';
import { ladder, type Fields, type Upgrader } from './url-ladder';
import type { JournalEntry, Lang, LinkProblem, Panel } from './types';

export const LIMITS = {
  /** Characters of a whole fragment. */
  link: 65_536,
  journal: 200,
  command: 1000,
  seconds: 3600,
  /** Fields looked at; a link has eleven. */
  fields: 40,
  problems: 20,
  name: 64,
} as const;

/** Event `offset` after the start of journal entry `entry` (from 1; 0: after the network is up), or of the whole trace. */
export type LinkCursor = { readonly entry: number; readonly offset: number } | { readonly boot: number };

export interface Link {
  readonly scenario?: string;
  /** As packed by pack.ts. */
  readonly packed?: string;
  readonly journal?: readonly JournalEntry[];
  readonly cursor?: LinkCursor;
  /** Number of the journal entry (from 1) that is followed. */
  readonly follow?: number;
  readonly netns?: string;
  readonly dev?: string;
  readonly frame?: number;
  readonly panel?: Panel;
  readonly lang?: Lang;
}
interface DecodedLink {
  readonly link: Link;
  readonly problems: readonly LinkProblem[];
}

/** Version 1 is the first. An upgrader for each version that is not the newest: `UPGRADERS[n - 1]` makes n into n + 1. */
export const CURRENT_VERSION = 1;
const UPGRADERS: readonly Upgrader[] = [];
const upgrade = ladder(CURRENT_VERSION, UPGRADERS);

// ---- Writing ---------------------------------------------------------------------------------------------------

/** Characters that a fragment may hold as they are, and that mean nothing to this codec. */
const READABLE: Readonly<Record<string, string>> = {
  '%20': '+',
  '%3A': ':',
  '%2F': '/',
  '%2C': ',',
  '%40': '@',
  '%3D': '=',
};

/** A lone half of a surrogate pair cannot be written in UTF-8. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\uFFFD');

function escape(text: string, except = ''): string {
  return encodeURIComponent(wellFormed(text)).replace(/%[0-9A-F]{2}/g, (code) => {
    const plain = READABLE[code];
    return plain === undefined || except.includes(plain) ? code : plain;
  });
}

/** Seconds without trailing zeros: 1500000001 → `1.500000001`. */
export function writeSeconds(ns: number): string {
  const whole = Math.floor(ns / 1e9);
  const rest = String(ns - whole * 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}

function writeEntry({ netns, command, at }: JournalEntry): string {
  const time = at === undefined ? '' : `@${writeSeconds(at)}+`;
  return `${time}${escape(netns, ':@')}:${escape(command)}`;
}

function writeCursor(cursor: LinkCursor): string {
  return 'boot' in cursor ? `b.${cursor.boot}` : `${cursor.entry}.${cursor.offset}`;
}

/** The fragment without its `#`. */
export function encodeLink(link: Link): string {
  const fields: string[] = [`v=${CURRENT_VERSION}`];
  const write = (name: string, value: string | number | undefined) => {
    if (value !== undefined) fields.push(`${name}=${value}`);
  };
  write('s', link.scenario === undefined ? undefined : escape(link.scenario));
  write('j', link.journal?.map(writeEntry).join(';'));
  write('c', link.cursor && writeCursor(link.cursor));
  write('w', link.follow);
  write('n', link.netns === undefined ? undefined : escape(link.netns));
  write('i', link.dev === undefined ? undefined : escape(link.dev));
  write('f', link.frame);
  write('p', link.panel);
  write('l', link.lang);
  // Last, as it is long and unreadable.
  write('d', link.packed);
  return fields.join('&');
}

// ---- Reading ---------------------------------------------------------------------------------------------------

type Say = (id: LinkProblemId, values?: Readonly<Record<string, string | number>>) => undefined;

const PANELS: readonly Panel[] = ['tables', 'packet', 'terminal', 'lesson'];
const LANGS: readonly Lang[] = ['en', 'zh'];

function unescapeText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** ns; undefined for anything but a decimal number of seconds within the limit. */
export function readSeconds(text: string): number | undefined {
  const match = /^(\d{1,4})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const ns = Number(match[1]) * 1e9 + Number((match[2] ?? '').padEnd(9, '0'));
  return ns <= LIMITS.seconds * 1e9 ? ns : undefined;
}

const isName = (text: string) => /^[^\s\p{C}]+$/u.test(text) && text.length <= LIMITS.name;

function readEntry(raw: string, entry: number, say: Say): JournalEntry | undefined {
  const timed = /^@([^+:]*)(?:\+|%20)/.exec(raw);
  const rest = timed === null ? raw : raw.slice(timed[0].length);
  const colon = rest.indexOf(':');
  const netns = unescapeText(rest.slice(0, Math.max(colon, 0)))?.trim();
  const command = unescapeText(rest.slice(colon + 1))?.trim();
  if (colon < 0 || netns === undefined || !isName(netns) || !command || /\p{Cc}/u.test(command)) {
    return say('bad-entry', { entry });
  }
  if (command.length > LIMITS.command) {
    return say('command-too-long', { entry, length: command.length, most: LIMITS.command });
  }
  if (timed === null) return { netns, command };
  const at = readSeconds(timed[1] ?? '');
  return at === undefined ? say('bad-time', { entry, most: LIMITS.seconds }) : { netns, command, at };
}

function readJournal(raw: string, say: Say): readonly JournalEntry[] {
  const entries = raw === '' ? [] : raw.split(';');
  // A full stop or semicolon that a sentence put behind the link is no entry.
  if (entries.at(-1) === '') entries.pop();
  if (entries.length > LIMITS.journal) {
    say('journal-too-long', { count: entries.length, most: LIMITS.journal });
  }
  return entries.slice(0, LIMITS.journal).flatMap((text, i) => readEntry(text, i + 1, say) ?? []);
}

function readCursor(text: string, say: Say): LinkCursor | undefined {
  const match = /^(b|\d{1,4})\.(\d{1,9})$/.exec(text);
  if (match === null) return say('bad-cursor', { text });
  const offset = Number(match[2]);
  return match[1] === 'b' ? { boot: offset } : { entry: Number(match[1]), offset };
}

function readNumber(text: string, least: number, most: number, say: Say): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : say('bad-number', { text, least, most });
}

function readName(raw: string, say: Say): string | undefined {
  const text = unescapeText(raw);
  if (text === undefined) return say('bad-escape');
  return isName(text) ? text : say('bad-name', { text });
}

/** One reader for each field; it answers what it adds to the link. */
const READERS: Readonly<Record<string, (raw: string, say: Say) => Link | undefined>> = {
  s(raw, say) {
    return /^[a-z0-9][a-z0-9-]{0,63}$/i.test(raw) ? { scenario: raw } : say('not-a-scenario', { text: raw });
  },
  d: (raw, say) => (/^[A-Za-z0-9_-]+$/.test(raw) ? { packed: raw } : say('damaged-data')),
  j: (raw, say) => ({ journal: readJournal(raw, say) }),
  c: (raw, say) => optional('cursor', readCursor(raw, say)),
  w: (raw, say) => optional('follow', readNumber(raw, 1, LIMITS.journal, say)),
  n: (raw, say) => optional('netns', readName(raw, say)),
  i: (raw, say) => optional('dev', readName(raw, say)),
  f: (raw, say) => optional('frame', readNumber(raw, 0, 999_999_999, say)),
  p(raw, say) {
    const panel = PANELS.find((known) => known === raw);
    return panel === undefined ? say('unknown-panel', { text: raw }) : { panel };
  },
  l(raw, say) {
    const lang = LANGS.find((known) => known === raw);
    return lang === undefined ? say('unknown-language', { text: raw }) : { lang };
  },
};

function optional<K extends keyof Link>(name: K, value: Link[K] | undefined): Link | undefined {
  return value === undefined ? undefined : { [name]: value };
}

/** The first of each field; a Map, so that a field called `__proto__` is just a field nobody knows. */
function splitFields(text: string, say: (field: string, id: LinkProblemId) => void): Fields {
  const fields = new Map<string, string>();
  for (const part of text.split('&', LIMITS.fields)) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    if (fields.has(name)) say(name, 'repeated-field');
    else fields.set(name, value);
  }
  return fields;
}

function versionOf(fields: Fields, say: Say): number {
  const text = fields.get('v');
  if (text === undefined) return CURRENT_VERSION;
  const version = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(version)) say('version-unreadable', { text, current: CURRENT_VERSION });
  if (version > CURRENT_VERSION) say('version-newer', { version, current: CURRENT_VERSION });
  return version <= CURRENT_VERSION ? version : CURRENT_VERSION;
}

/** Never throws; takes time in proportion to the length of the text, which is bounded. */
export function decodeLink(fragment: string): DecodedLink {
  const problems: LinkProblem[] = [];
  const sayOf =
    (field: string): Say =>
    (id, values) => {
      if (problems.length < LIMITS.problems) problems.push(linkProblem(field, id, values));
      return undefined;
    };
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment;
  if (text.length > LIMITS.link) {
    sayOf('link')('too-long', { length: text.length, most: LIMITS.link });
    return { link: {}, problems };
  }
  const written = splitFields(text, (field, id) => sayOf(field)(id));
  const fields = upgrade(written, versionOf(written, sayOf('v')));
  let link: Link = {};
  for (const [name, raw] of fields) {
    if (name === 'v') continue;
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (read === undefined) sayOf(name)('unknown-field', { text: name });
    else link = { ...link, ...read(raw, sayOf(name)) };
  }
  if (link.scenario !== undefined && link.packed !== undefined) {
    sayOf('s')('two-scenarios');
    const { scenario: _unused, ...rest } = link;
    link = rest;
  }
  return { link, problems };
}
