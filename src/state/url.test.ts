import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflateRawSync } from 'node:zlib';
import { cursorFromLink, cursorToLink } from './link-cursor';
import { MOST_UNPACKED, packSource, unpackSource } from './pack';
import type { JournalEntry } from './types';
import { CURRENT_VERSION, LIMITS, decodeLink, encodeLink, readSeconds, writeSeconds, type Link } from './url';
import { ladder } from './url-ladder';

const named = (problems: readonly { field: string; id: string }[]) =>
  problems.map(({ field, id }) => `${field} ${id}`);

/** ms of the best of a few tries: other programs on the machine do not count. */
function quickest(task: () => unknown): number {
  let best = Infinity;
  for (let i = 0; i < 5 && best >= 50; i++) {
    const start = performance.now();
    task();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** A link of each version there has been, and what it must mean for ever. */
const LINKS: Readonly<Record<number, { readonly fragment: string; readonly link: Link }>> = {
  1: {
    fragment:
      '#v=1&s=flannel-vxlan&j=container-1:ping+-c+1+10.1.16.3;@1.5+node1:ip+neigh+del+10.0.0.2+dev+eth0' +
      '&c=1.35&w=1&n=node1&i=flannel.1&f=12&p=packet&l=zh',
    link: {
      scenario: 'flannel-vxlan',
      journal: [
        { netns: 'container-1', command: 'ping -c 1 10.1.16.3' },
        { netns: 'node1', command: 'ip neigh del 10.0.0.2 dev eth0', at: 1_500_000_000 },
      ],
      cursor: { entry: 1, offset: 35 },
      follow: 1,
      netns: 'node1',
      dev: 'flannel.1',
      frame: 12,
      panel: 'packet',
      lang: 'zh',
    },
  },
};

describe('a link', () => {
  it.each(Object.entries(LINKS))('of version %s keeps its meaning', (_version, { fragment, link }) => {
    expect(decodeLink(fragment)).toEqual({ link, problems: [] });
  });

  it('has a test for every version', () => {
    expect(Object.keys(LINKS).map(Number)).toEqual(Array.from({ length: CURRENT_VERSION }, (_, i) => i + 1));
  });

  it('is written short enough for a slide', () => {
    const { fragment, link } = LINKS[1] as (typeof LINKS)[1] & object;
    expect(`#${encodeLink(link)}`).toBe(fragment);
    expect(encodeLink({ scenario: 'docker-bridge', cursor: { entry: 1, offset: 4 }, lang: 'en' })).toBe(
      'v=1&s=docker-bridge&c=1.4&l=en',
    );
  });

  it('carries any journal there and back', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const trimmed = text
      .map((value) => value.replace(/[\p{Cc}\p{Cs}]/gu, '').trim())
      .filter((value) => value !== '');
    const name = fc.stringMatching(/^[^\s\p{C}]{1,20}$/u);
    const entry = fc.record(
      { netns: name, command: trimmed, at: fc.integer({ min: 0, max: 3600 * 1e9 }) },
      { requiredKeys: ['netns', 'command'] },
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), name, (journal: JournalEntry[], netns) => {
        const link: Link = { scenario: 'x', journal, netns };
        expect(decodeLink(encodeLink(link))).toEqual({ link, problems: [] });
      }),
      { seed: 1 },
    );
  });

  it('needs no version and no order, and survives an escaped colon and a trailing semicolon', () => {
    expect(decodeLink('#p=lesson&j=node1:ip%20neigh;&s=docker-bridge')).toEqual({
      link: {
        scenario: 'docker-bridge',
        journal: [{ netns: 'node1', command: 'ip neigh' }],
        panel: 'lesson',
      },
      problems: [],
    });
    expect(decodeLink('s=x&j=').link.journal).toEqual([]);
  });
});

describe('a bad link', () => {
  it.each([
    ['v=1&s=ok&p=cooking&l=en', ['p unknown-panel'], { scenario: 'ok', lang: 'en' }],
    ['v=one&s=ok', ['v version-unreadable'], { scenario: 'ok' }],
    ['v=99&s=ok', ['v version-newer'], { scenario: 'ok' }],
    ['s=../../etc/passwd&p=packet', ['s not-a-scenario'], { panel: 'packet' }],
    ['s=ok&c=soon&n=node1', ['c bad-cursor'], { scenario: 'ok', netns: 'node1' }],
    ['s=ok&n=%E0%A4%A&l=zh', ['n bad-escape'], { scenario: 'ok', lang: 'zh' }],
    ['s=ok&n=two+words', ['n bad-name'], { scenario: 'ok' }],
    ['s=ok&colour=red', ['colour unknown-field'], { scenario: 'ok' }],
    [
      's=ok&__proto__=1&constructor=2',
      ['__proto__ unknown-field', 'constructor unknown-field'],
      { scenario: 'ok' },
    ],
    ['s=ok&s=other', ['s repeated-field'], { scenario: 'ok' }],
    ['s=ok&d=AAAA', ['s two-scenarios'], { packed: 'AAAA' }],
    ['s=ok&w=0&f=-1', ['w bad-number', 'f bad-number'], { scenario: 'ok' }],
    ['s=ok&l=fr', ['l unknown-language'], { scenario: 'ok' }],
    [
      's=ok&j=node1:ip+link;nonsense;@9999+node1:x;@1e3+node1:x;node2:ip+addr',
      ['j bad-entry', 'j bad-time', 'j bad-time'],
      {
        scenario: 'ok',
        journal: [
          { netns: 'node1', command: 'ip link' },
          { netns: 'node2', command: 'ip addr' },
        ],
      },
    ],
    ['s=ok&j=node1:a%0Ab', ['j bad-entry'], { scenario: 'ok', journal: [] }],
  ])('%s: says %j and uses the rest', (text, said, link) => {
    const decoded = decodeLink(text);
    expect(named(decoded.problems)).toEqual(said);
    expect(decoded.link).toEqual(link);
    for (const { message } of decoded.problems) {
      expect(message.en).not.toMatch(/[{}]/);
      expect(message.zh).not.toMatch(/[{}]/);
    }
  });

  it('is bounded in every direction', () => {
    const long = decodeLink(`#s=ok&j=${'x'.repeat(LIMITS.link)}`);
    expect(long.link).toEqual({});
    expect(named(long.problems)).toEqual(['link too-long']);
    const entries = decodeLink(`s=ok&j=${Array.from({ length: 300 }, () => 'a:b').join(';')}`);
    expect(entries.link.journal).toHaveLength(LIMITS.journal);
    expect(named(entries.problems)).toEqual(['j journal-too-long']);
    const command = decodeLink(`s=ok&j=a:${'b'.repeat(1001)};a:${'b'.repeat(1000)}`);
    expect(command.link.journal).toHaveLength(1);
    expect(named(command.problems)).toEqual(['j command-too-long']);
    expect(decodeLink(`s=ok&j=${'x;'.repeat(190)}`).problems).toHaveLength(LIMITS.problems);
  });

  it('shows back no more than a piece of what it holds, without control characters', () => {
    const [problem] = decodeLink(`s=ok&p=${'A\u202E'.repeat(100)}`).problems;
    expect(problem?.message.en.length).toBeLessThan(120);
    expect(problem?.message.en).not.toContain('\u202E');
  });

  it('never throws and never takes long', () => {
    const pieces = fc.constantFrom(
      'v=', 's=', 'd=', 'j=', 'c=', 'w=', 'n=', 'i=', 'f=', 'p=', 'l=', '&', '=', ';', ':', '@', '+', '%', '%20', '%FF',
      '1.5', 'node1', '\uD800', '\u0000', '__proto__', 'toString', '99999999999999999999', '#', '((((((((', '1e9',
    ); // prettier-ignore
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
      fc
        .tuple(pieces, fc.integer({ min: 0, max: 20_000 }))
        .map(([piece, times]) => `s=a&j=${piece.repeat(times)}`.slice(0, LIMITS.link)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const { link, problems } = decodeLink(text);
        expect(quickest(() => decodeLink(text))).toBeLessThan(50);
        expect(problems.length).toBeLessThanOrEqual(LIMITS.problems);
        // What was read can be written, and means the same when read again.
        expect(decodeLink(encodeLink(link)).link).toEqual(link);
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});

describe('seconds', () => {
  it.each([
    [0, '0'],
    [1_500_000_000, '1.5'],
    [1_500_000_001, '1.500000001'],
    [3600 * 1e9, '3600'],
  ])('%s ns is %s', (ns, text) => {
    expect(writeSeconds(ns)).toBe(text);
    expect(readSeconds(text)).toBe(ns);
  });
  it.each(['', '-1', '1e3', '3600.000000001', '.5', '1.', ' 1', '1.0000000001'])('refuses %j', (text) => {
    expect(readSeconds(text)).toBeUndefined();
  });
});

describe('the cursor of a link', () => {
  const starts = [100, 150];
  it.each([
    [99, undefined],
    [98, { boot: 99 }],
    [-1, { boot: 0 }],
    [100, { entry: 1, offset: 0 }],
    [149, { entry: 1, offset: 49 }],
    [170, { entry: 2, offset: 20 }],
  ])('event %s', (cursor, expected) => {
    const written = cursorToLink(cursor, starts, 100);
    expect(written).toEqual(expected);
    if (written !== undefined) {
      expect(cursorFromLink(written, starts, 100, 200)).toEqual({ seq: cursor, clamped: false });
    }
  });
  it('counts from the network being up where no command has begun', () => {
    expect(cursorToLink(105, [110], 100)).toEqual({ entry: 0, offset: 6 });
    expect(cursorFromLink({ entry: 0, offset: 6 }, [110], 100, 200)).toEqual({ seq: 105, clamped: false });
  });
  it('is clamped to the run', () => {
    expect(cursorFromLink({ entry: 2, offset: 999 }, starts, 100, 200)).toEqual({ seq: 200, clamped: true });
    expect(cursorFromLink({ entry: 9, offset: 0 }, starts, 100, 200)).toEqual({ seq: 200, clamped: true });
  });
});

describe('the version ladder', () => {
  it('refuses to load with a rung missing', () => {
    expect(() => ladder(3, [(fields) => fields])).toThrow('needs 2 upgraders');
  });
  it('climbs every rung from where a link stands', () => {
    const climb = ladder(3, [
      (fields) => new Map([...fields, ['a', '2']]),
      (fields) => new Map([...fields, ['b', `${fields.get('a') ?? 'none'}3`]]),
    ]);
    expect(Object.fromEntries(climb(new Map(), 1))).toEqual({ a: '2', b: '23' });
    expect(Object.fromEntries(climb(new Map(), 2))).toEqual({ b: 'none3' });
    expect(Object.fromEntries(climb(new Map([['x', 'y']]), 3))).toEqual({ x: 'y' });
  });
});

describe('a scenario inside a link', () => {
  const script = {
    kind: 'text',
    name: '实验 1.sh',
    text: 'ip netns add a\nip netns add b\n'.repeat(50),
  } as const;

  it('comes out as it went in', async () => {
    const packed = await packSource(script);
    expect(packed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(packed.length).toBeLessThan(200);
    expect(await unpackSource(packed)).toEqual({ ok: true, value: script });
  });

  it('is not unpacked beyond its bound', async () => {
    const bomb = deflateRawSync(Buffer.from(`bomb.sh\n${'0'.repeat(200_000_000)}`)).toString('base64url');
    expect(bomb.length).toBeGreaterThan(LIMITS.link);
    const smaller = deflateRawSync(Buffer.from(`bomb.sh\n${'0'.repeat(MOST_UNPACKED)}`)).toString(
      'base64url',
    );
    expect(smaller.length).toBeLessThan(LIMITS.link);
    const before = process.memoryUsage().arrayBuffers;
    for (const packed of [bomb, smaller]) {
      const unpacked = await unpackSource(packed);
      expect(unpacked.ok).toBe(false);
      if (!unpacked.ok) expect(unpacked.error.id).toBe('data-too-large');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  it('damaged in any way is an error, never an exception', async () => {
    const packed = await packSource(script);
    const damaged = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.nat({ max: packed.length }).map((cut) => packed.slice(0, cut)),
      fc.nat({ max: packed.length - 1 }).map((at) => `${packed.slice(0, at)}_${packed.slice(at + 1)}`),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const unpacked = await unpackSource(text);
        if (!unpacked.ok) expect(unpacked.error.field).toBe('d');
      }),
      { numRuns: 300, seed: 3 },
    );
    const wrong = deflateRawSync(Buffer.from('one line')).toString('base64url');
    expect((await unpackSource(wrong)).ok).toBe(false);
  });
});
