// Both languages say the same things, and no component says anything that is in neither.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { format, placesOf } from './format';
import { zh } from './zh';

const UI = fileURLToPath(new URL('..', import.meta.url));
/** Their texts are their own folders' business. */
const OTHERS = /^(canvas|timeline)\//;

const files = readdirSync(UI, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !OTHERS.test(name));
const sources = files.map((name) => ({ name, text: readFileSync(`${UI}/${name}`, 'utf8') }));

describe('the dictionaries', () => {
  const keys = Object.keys(en) as (keyof typeof en)[];
  it('have the same keys', () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
  });
  it('take the same values', () => {
    // A plural is English grammar: Chinese may leave its place out where the number stands elsewhere.
    const wrong = keys.filter((key) => placesOf(en[key]).join() !== placesOf(zh[key]).join());
    expect(wrong).toEqual([]);
  });
  it('leave nothing empty, and nothing in English by mistake', () => {
    const same = [
      'scenario.group.flannel',
      'table.etcd',
      'table.iptables',
      'table.kube',
      'column.ip',
      'column.mtu',
      'column.mac',
      'column.pid',
      'pcap.device',
    ];
    expect(keys.filter((key) => en[key].trim() === '' || zh[key].trim() === '')).toEqual([]);
    expect(keys.filter((key) => en[key] === zh[key])).toEqual(same);
  });
  it('have no text that nobody shows', () => {
    const all = sources
      .filter(({ name }) => !name.startsWith('i18n/'))
      .map(({ text }) => text)
      .join('\n');
    expect(
      keys.filter(
        (key) => !key.startsWith('role.') && !all.includes(`'${key}'`) && !all.includes(`"${key}"`),
      ),
    ).toEqual([]);
  });
});

describe('placeholders', () => {
  it('take values and plurals', () => {
    expect(format('{n} {n|row|rows} of {name}', { n: 1, name: 'x' })).toBe('1 row of x');
    expect(format('{n} {n|row|rows}', { n: 3 })).toBe('3 rows');
    expect(placesOf('{b} {a|x|y} {b}')).toEqual(['a', 'b']);
  });
  it('stay where there is no value', () => {
    expect(format('{what}?')).toBe('{what}?');
  });
});

/** Attributes whose value a person reads or hears, given as a plain string. */
const SPOKEN = /\s(title|label|aria-label|placeholder|alt|lead|detail)="([^"]*)"/g;
/** Text between tags. Code between two angle brackets has signs in it that sentences are not written with here. */
const BETWEEN_TAGS = /(?<![=-])(?<!\S )>([^<>{}()[\];=&|'"`]*)(?=<\/?[A-Za-z]|\{)/g;
const LETTERS = /\p{L}{2,}/u;
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm;

function rawTexts(name: string, text: string): string[] {
  const code = text.replace(COMMENTS, '');
  const between = [...code.matchAll(BETWEEN_TAGS)].map((match) => (match[1] ?? '').trim());
  const spoken = [...code.matchAll(SPOKEN)].map((match) => match[2] ?? '').filter((value) => !(value in en));
  return [...between, ...spoken].filter((found) => LETTERS.test(found)).map((found) => `${name}: ${found}`);
}

describe('components', () => {
  it('show no text of their own', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(sources.flatMap(({ name, text }) => (name.endsWith('.tsx') ? rawTexts(name, text) : []))).toEqual(
      [],
    );
  });
  it('would be caught if they did', () => {
    expect(rawTexts('x.tsx', 'const a = <p title="Hello">World {1} → <b label="close" /></p>;')).toHaveLength(
      2,
    );
  });
});
