import { describe, expect, it } from 'vitest';
import { hangOf } from './hanging';

describe('a wrapped line of the transcript', () => {
  it.each([
    ['    0.000001  node1        docker0 passes the ARP request up', 27],
    ['   -1.000000  node1  etcd starts', 21],
    ['                           A broadcast goes out of every port', 27],
    ['                           ✓ 10.1.15.0/24 dev eth0 — matches', 29],
    ['3 more steps', 0],
    ['', 0],
  ])('%j hangs by %i', (line, hang) => {
    expect(hangOf(line)).toBe(hang);
  });
});
