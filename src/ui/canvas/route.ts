/** The way a frame takes between two places: along what is drawn. */
import { joined, polyline, reversed, type Box, type Path, type Point } from './geometry';
import type { StageLayout } from './layout';
import { netnsOf, type Link } from './plan';

interface Way {
  readonly path: Path;
  /** Ids of the links it goes along. */
  readonly links: readonly string[];
}

/** A hop further is worth avoiding: two lines are taken only where one does not lead there. */
const HOP = 400;
/** Frames do not travel along the dashed line of a tunnel: that is what the outer headers are for. */
const isRoad = ({ kind }: Link) => kind !== 'tunnel';

/** In a bridge between its ports and its name; elsewhere above the upper edge, so that the name stays readable. */
function restingPoint({ x, y, w, h }: Box, isBridge: boolean): Point {
  if (w === 0) return { x, y };
  return { x: x + w / 2, y: isBridge ? y + h - 54 : y - 12 };
}

export class Roads {
  private readonly from = new Map<string, Link[]>();
  private readonly known = new Map<string, Way>();
  private readonly bridges: ReadonlySet<string>;

  constructor(private readonly layout: StageLayout) {
    const holders = layout.chips.filter(({ kind }) => kind === 'bridge' || kind === 'switch');
    this.bridges = new Set(holders.map(({ key }) => key));
    for (const link of layout.links) {
      if (!isRoad(link)) continue;
      for (const end of [link.a, link.b]) {
        const list = this.from.get(end);
        if (list) list.push(link);
        else this.from.set(end, [link]);
      }
    }
  }

  restOf(key: string): Point | undefined {
    const box = this.layout.places.get(key);
    return box && restingPoint(box, this.bridges.has(key));
  }

  /** `isOuter`: the frame wears tunnel headers, and takes the tunnel's own line to and from the IP layer. */
  way(a: string, b: string, isOuter: boolean): Way {
    const id = `${a}>${b}${isOuter ? '>' : ''}`;
    let way = this.known.get(id);
    if (way === undefined) {
      way = this.find(a, b, isOuter);
      this.known.set(id, way);
    }
    return way;
  }

  private find(a: string, b: string, isOuter: boolean): Way {
    const [start, end] = [this.restOf(a), this.restOf(b)];
    if (start === undefined || end === undefined || a === b) {
      return { path: polyline([start ?? end ?? { x: 0, y: 0 }]), links: [] };
    }
    const links = this.shortest(a, b, isOuter);
    let here = a;
    const pieces = links.map((link) => {
      const forwards = link.a === here;
      here = forwards ? link.b : link.a;
      return forwards ? link.path : reversed(link.path);
    });
    return {
      path: joined([polyline([start]), ...pieces, polyline([end])]),
      links: links.map(({ id }) => id),
    };
  }

  /** Dijkstra over the links of the two rooms; empty where nothing leads there, and the frame goes straight. */
  private shortest(a: string, b: string, isOuter: boolean): Link[] {
    const rooms = new Set([netnsOf(a), netnsOf(b)]);
    const best = new Map<string, { cost: number; via?: Link; before?: string }>([[a, { cost: 0 }]]);
    const open = new Set([a]);
    while (open.size > 0) {
      let here = '';
      let cost = Infinity;
      for (const key of open) {
        const reached = best.get(key)?.cost ?? Infinity;
        if (reached < cost) [here, cost] = [key, reached];
      }
      if (here === b) break;
      open.delete(here);
      for (const link of this.from.get(here) ?? []) {
        const next = link.a === here ? link.b : link.a;
        if (!rooms.has(netnsOf(next))) continue;
        const wrongLane =
          (link.kind === 'under') !== isOuter && (link.kind === 'under' || this.hasTwin(link));
        const total = cost + HOP + link.path.length + (wrongLane ? HOP * 4 : 0);
        if (total < (best.get(next)?.cost ?? Infinity)) {
          best.set(next, { cost: total, via: link, before: here });
          open.add(next);
        }
      }
    }
    const links: Link[] = [];
    for (let at = best.get(b); at?.via !== undefined; at = best.get(at.before ?? '')) links.unshift(at.via);
    return links;
  }

  /** Between the same two places there is a line for wrapped packets too. */
  private hasTwin(link: Link): boolean {
    return (this.from.get(link.a) ?? []).some(
      (other) => other.kind === 'under' && (other.b === link.b || other.a === link.b),
    );
  }
}
