/** Walking chains without recursion comes to the same as a plain recursive reading of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TestNet, ip } from '../testing/net';
import type { TableEdit } from './door';
import { plug } from './testing/plug';

describe('a walk equals the naive one', () => {
  /** Chains with jumps to later ones only, so that there are no loops. */
  const target = fc.oneof(
    fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'none'),
    fc.record({ kind: fc.constantFrom('jump', 'goto'), chain: fc.integer({ min: 1, max: 3 }) }),
  );
  const chains = fc.array(
    fc.array(fc.record({ octet: fc.integer({ min: 0, max: 3 }), target }), { maxLength: 5 }),
    { minLength: 4, maxLength: 4 },
  );
  type Spec = { octet: number; target: string | { kind: string; chain: number } };

  /** Straight recursion. undefined: the chain ended. */
  function naive(
    all: readonly (readonly Spec[])[],
    chain: number,
    octet: number,
  ): 'ACCEPT' | 'DROP' | undefined {
    for (const each of all[chain] ?? []) {
      if (each.octet !== 0 && each.octet !== octet) continue;
      if (each.target === 'ACCEPT' || each.target === 'DROP') return each.target;
      if (each.target === 'RETURN') return undefined;
      if (typeof each.target === 'string' || each.target.chain <= chain) continue;
      const inner = naive(all, each.target.chain, octet);
      if (inner !== undefined || each.target.kind === 'goto') return inner;
    }
    return undefined;
  }

  test('for random chains', () => {
    fc.assert(
      fc.property(chains, fc.integer({ min: 1, max: 3 }), (all, octet) => {
        const net = new TestNet();
        const host = plug(net.netns('host'));
        const commit = (edits: readonly TableEdit[]): void =>
          expect(host.commit('filter', edits).ok).toBe(true);
        commit([1, 2, 3].map((at) => ({ op: 'new-chain', chain: `c${at}` }) as const));
        all.forEach((specs, chain) => {
          for (const spec of specs) {
            const dst =
              spec.octet === 0
                ? {}
                : { dst: { addr: ip(`127.0.0.${spec.octet}`), mask: 0xffffffff, invert: false } };
            const word = spec.target;
            const own =
              typeof word !== 'string'
                ? word.chain > chain
                  ? ({ kind: word.kind as 'jump', chain: `c${word.chain}` } as const)
                  : ({ kind: 'none' } as const)
                : word === 'none'
                  ? ({ kind: 'none' } as const)
                  : ({ kind: 'verdict', verdict: word as 'ACCEPT' } as const);
            const name = chain === 0 ? 'OUTPUT' : `c${chain}`;
            commit([{ op: 'append', chain: name, rule: { protocol: 0, matches: [], ...dst, target: own } }]);
          }
        });
        net.ping('host', `127.0.0.${octet}`, { seconds: 0.01 });
        expect(net.events('hook').find(({ hook }) => hook === 'OUTPUT')?.verdict).toBe(
          naive(all, 0, octet) ?? 'ACCEPT',
        );
      }),
      { numRuns: 150 },
    );
  });
});
