// Contrast of every ink on every surface it is used on, in both themes (WCAG 2.2, AA: 4.5 for text, 3 for marks).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`\n${selector} {`);
  const block = css.slice(start, css.indexOf('\n}', start));
  return Object.fromEntries([...block.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]));
}
const light = tokens(':root');
const themes = { light, dark: { ...light, ...tokens("[data-theme='dark']") } };

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const SURFACES = ['--bg', '--panel', '--room', '--user', '--kernel', '--chip'];
const PROTOCOLS = ['--eth', '--arp', '--ip', '--icmp', '--udp', '--tcp', '--vxlan', '--ipip', '--bgp'];
const pairs: [ink: string, surface: string, least: number][] = [
  ...['--ink', '--ink-2', '--ink-3'].flatMap((ink) =>
    SURFACES.map((surface): [string, string, number] => [ink, surface, 4.5]),
  ),
  ...['--ink', '--ink-2'].flatMap((ink) =>
    ['--hit', '--change', '--drop-soft'].map((s): [string, string, number] => [ink, s, 4.5]),
  ),
  ...['--drop', '--focus', '--ok', '--warn'].map((ink): [string, string, number] => [ink, '--panel', 4.5]),
  ...[...PROTOCOLS, '--drop'].map((hue): [string, string, number] => ['--on-proto', hue, 4.5]),
  ...PROTOCOLS.flatMap((hue) =>
    ['--bg', '--panel', '--kernel'].map((s): [string, string, number] => [hue, s, 3]),
  ),
  ['--drop', '--drop-soft', 4.5],
  ['--ok', '--hit', 4.5],
  ['--ok', '--change', 4.5],
  ['--on-focus', '--focus', 4.5],
];

describe.each(Object.entries(themes))('%s theme', (_, theme) => {
  it('has all the tokens the pairs speak of', () => {
    expect([...new Set(pairs.flatMap(([a, b]) => [a, b]))].filter((name) => !(name in theme))).toEqual([]);
  });
  it('keeps ink readable on every surface', () => {
    const poor = pairs
      .map(([ink, on, least]) => ({ ink, on, least, is: contrast(theme[ink] ?? '', theme[on] ?? '') }))
      .filter(({ is, least }) => !(is >= least));
    expect(poor).toEqual([]);
  });
});
