/** What holds of every layout. */
import { expect } from 'vitest';
import { contains, overlaps, type Box } from '../geometry';
import type { PlacedRoom, StageLayout } from '../layout';

const outer = (box: PlacedRoom): Box => ({ ...box, y: box.y - 23, h: box.h + 46 });

function everyPair<T>(items: readonly T[], check: (a: T, b: T) => void): void {
  items.forEach((a, i) => items.slice(i + 1).forEach((b) => check(a, b)));
}

/** Standing rooms apart, pods inside their home and apart, chips of one room apart. */
export function expectTidy(stage: StageLayout): void {
  const standing = stage.rooms.filter(({ home }) => home === null);
  const clashes: string[] = [];
  everyPair(standing, (a, b) => {
    if (overlaps(outer(a), outer(b))) clashes.push(`${a.id} on ${b.id}`);
  });
  for (const home of standing) {
    const pods = stage.rooms.filter((it) => it.home === home.id);
    for (const pod of pods) if (!contains(home, pod)) clashes.push(`${pod.id} leaves ${home.id}`);
    everyPair(pods, (a, b) => {
      if (overlaps(a, b)) clashes.push(`${a.id} on ${b.id}`);
    });
    const user = home.bands.find(({ kind }) => kind === 'user');
    const kernel = home.bands.find(({ kind }) => kind === 'kernel');
    for (const pod of pods) if (user && overlaps(user, pod)) clashes.push(`${pod.id} on user space`);
    for (const pod of pods) if (kernel && overlaps(kernel, pod)) clashes.push(`${pod.id} on the kernel`);
    const inside = new Set([home.id, ...pods.map(({ id }) => id)]);
    const chips = stage.chips.filter((it) => inside.has(it.room));
    everyPair(chips, (a, b) => {
      const isPort = a.kind === 'port' || b.kind === 'port' || a.kind === 'socket' || b.kind === 'socket';
      const isHolder = [a, b].some(({ kind }) => kind === 'bridge' || kind === 'switch');
      if (!(isPort && isHolder) && overlaps(a, b)) clashes.push(`${a.key} on ${b.key}`);
    });
    for (const it of chips) {
      if (it.x < home.x || it.x + it.w > home.x + home.w) clashes.push(`${it.key} leaves ${home.id}`);
    }
    for (const pill of chips.filter(({ kind }) => kind === 'process')) {
      const pod = pods.find(({ id }) => id === pill.room);
      // In a pod above the line under which its kernel begins.
      const space = pod === undefined ? user : { ...pod, h: pod.boundary ?? 0 };
      if (space && !contains(space, pill)) clashes.push(`${pill.key} outside user space`);
    }
  }
  expect(clashes).toEqual([]);
}
