/** Which lanes there are and in which order; where on the axis a step is. */
import type { NetnsRow, Step, TraceEvent } from '../../state';

/**
 * As the rooms stand on the stage, read from left to right: of two machines the pods of the first, the first, the
 * switches and routers, the second, its pods; of any other number each machine before its pods, switches last.
 */
export function laneOrder(rows: readonly NetnsRow[]): string[] {
  const known = new Set(rows.map(({ id }) => id));
  const isPod = ({ id, parent, role }: NetnsRow) =>
    parent !== undefined && parent !== id && known.has(parent) && (role === 'container' || role === 'pod');
  const isBetween = ({ role }: NetnsRow) => role === 'switch' || role === 'router';
  const podsOf = (machine: NetnsRow) => rows.filter((row) => isPod(row) && row.parent === machine.id);
  const machines = rows.filter((row) => !isPod(row) && !isBetween(row));
  const between = rows.filter((row) => !isPod(row) && isBetween(row));
  const [first, second, ...others] = machines;
  const ordered =
    first !== undefined && second !== undefined && others.length === 0
      ? [...podsOf(first), first, ...between, second, ...podsOf(second)]
      : [...machines.flatMap((machine) => [machine, ...podsOf(machine)]), ...between];
  return ordered.map(({ id }) => id);
}

/** Remembers every namespace that ever was, in order of appearance; reads on as the trace grows. */
export class NamespaceReader {
  private readonly rows = new Map<string, NetnsRow>();
  private read = 0;
  private last: TraceEvent | undefined;

  update(events: readonly TraceEvent[]): readonly NetnsRow[] {
    if (this.read > events.length || (this.read > 0 && events[this.read - 1] !== this.last)) {
      this.rows.clear();
      this.read = 0;
    }
    for (; this.read < events.length; this.read++) {
      const event = events[this.read] as TraceEvent;
      if (event.kind !== 'change' || event.table !== 'netns' || event.after === undefined) continue;
      this.rows.set(event.netns, event.after as NetnsRow);
    }
    this.last = events[this.read - 1];
    return [...this.rows.values()];
  }
}

/** Namespaces in which something happens; reads on as steps are added. The last step may still be made anew. */
export class BusyReader {
  private readonly busy = new Set<string>();
  private settled = 0;
  private last: Step | undefined;

  update(steps: readonly Step[]): ReadonlySet<string> {
    if (this.settled > steps.length || (this.settled > 0 && steps[this.settled - 1] !== this.last)) {
      this.busy.clear();
      this.settled = 0;
    }
    for (let i = this.settled; i < steps.length; i++) this.busy.add((steps[i] as Step).netns);
    this.settled = Math.max(0, steps.length - 1);
    this.last = steps[this.settled - 1];
    return this.busy;
  }
}

/** Lanes in which something happens, in the order of the stage. */
export function lanesFor(names: ReadonlySet<string>, rows: readonly NetnsRow[]): string[] {
  const busy = new Set(names);
  const ordered = laneOrder(rows).filter((id) => busy.delete(id));
  return [...ordered, ...busy];
}

/** Letters at the end of a long name that are never cut off: what its likes differ in. */
const TAIL = 7;
/** Shorter than this a name has room. */
const LONG = 12;

/** Where a name is cut when it is too long: in the middle, `infra-con` … `ainer-1`. The second part is always seen. */
export function cutInTheMiddle(name: string): readonly [start: string, end: string] {
  const letters = [...name];
  const cut = letters.length <= LONG ? letters.length : letters.length - TAIL;
  return [letters.slice(0, cut).join(''), letters.slice(cut).join('')];
}

/** Room at both ends of the axis, px. */
export const AXIS_PAD = 10;

/** Steps stand evenly; index -1 (before the first) is the left end. */
export function xOf(index: number, count: number, width: number): number {
  if (index < 0 || count === 0) return AXIS_PAD / 2;
  return AXIS_PAD + ((index + 0.5) * (width - 2 * AXIS_PAD)) / count;
}

/** The step under `x`; -1 left of the first. */
export function stepAtX(x: number, count: number, width: number): number {
  if (count === 0 || x < AXIS_PAD) return -1;
  const index = Math.floor(((x - AXIS_PAD) * count) / Math.max(1, width - 2 * AXIS_PAD));
  return Math.min(count - 1, Math.max(-1, index));
}

const UNITS = [
  [1_000_000_000, 's', 3],
  [1_000_000, 'ms', 2],
  [1_000, 'µs', 1],
] as const;

/** `41.2 µs`, `-3.07 s`, `0 s`. */
export function timeText(ns: number): string {
  for (const [unit, name, digits] of UNITS) {
    if (Math.abs(ns) >= unit) return `${(ns / unit).toFixed(digits)} ${name}`;
  }
  return ns === 0 ? '0 s' : `${Math.round(ns)} ns`;
}
