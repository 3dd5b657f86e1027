/** The kernel model against captures of the real one: same topology, same action, same frames on every interface. */
import { describe, expect, test } from 'vitest';
import { build, capturesOf, framesOf } from './testing/capture-net';
import { loadGolden } from './testing/golden';

const PINGS = [
  'docker0',
  'docker0-three',
  'docker0-host',
  'flannel-vxlan',
  'hostgw',
  'calico-ping',
  'calico-samenode',
  'seed001',
];

describe('frames and tables equal the captures', () => {
  test.each(PINGS)('%s', (name) => {
    const golden = loadGolden(name);
    const net = build(golden);
    const action = golden.actions[0];
    const dst = action?.cmd.split(' ').at(-1) ?? '';
    const from = net.tracer.events.length;
    net.ping(action?.ns ?? '', dst, { icmpId: 1, seconds: 0.005 });
    expect(Object.fromEntries(framesOf(net, golden, from))).toEqual(Object.fromEntries(capturesOf(golden)));
    for (const [id, after] of Object.entries(golden.tables.after)) {
      const netlink = net.netlink(id);
      const before = golden.tables.before[id];
      const neigh = after.neigh === 'same as before' ? before?.neigh : after.neigh;
      const own = netlink.getNeighs().map(({ dst, dev, lladdr, state }) => ({ dst, dev, lladdr, state }));
      const byDst = (a: { dst: string }, b: { dst: string }): number => (a.dst < b.dst ? -1 : 1);
      expect(own.sort(byDst), `neighbours of ${id}`).toEqual([...(neigh as { dst: string }[])].sort(byDst));
    }
  });
});
