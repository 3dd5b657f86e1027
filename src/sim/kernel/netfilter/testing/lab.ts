/** Captures of networks with rules. */
import { readFileSync } from 'node:fs';
import type { Golden } from '../../testing/golden';

export type Lab = Golden & {
  readonly topology: {
    readonly namespaces: Readonly<Record<string, { readonly iptables: readonly string[] }>>;
  };
};
export function loadLab(name: string): Lab {
  return JSON.parse(readFileSync(new URL(`../testdata/${name}.json`, import.meta.url), 'utf8')) as Lab;
}
