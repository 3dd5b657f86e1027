/** For determinism.spec.ts, run in Node: a scenario's trace, an event or frame a line; `list` prints the scenarios' ids. */
import { catalogue, loadItem } from '../src/scenarios/index';
import { run } from '../src/sim/index';

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function lines(id: string): string[] {
  const item = catalogue.find((each) => each.id === id);
  const loaded = item === undefined ? undefined : loadItem(item);
  if (loaded?.ok !== true) throw new Error(`there is no scenario ${id}`);
  const { events, frames, upSeq, end } = run(loaded.value.scenario, loaded.value.journal);
  return [
    ...events.map((event) => JSON.stringify(event)),
    ...frames.map(({ link, from, bytes }) => `${link === 'ip' ? 1 : 0} ${from ?? -1} ${hex(bytes)}`),
    `up ${upSeq} end ${end}`,
  ];
}

const id = process.argv[2] ?? 'list';
console.log((id === 'list' ? catalogue.map((item) => item.id) : lines(id)).join('\n'));
