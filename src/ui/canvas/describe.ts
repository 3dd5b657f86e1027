/** Frames and places in words. */
import { dropLabel, type Message } from '../../explain';
import { getTrace, placeOf, type Frame, type Place, type Step, type TraceEvent } from '../../state';
import { dissect, type Layer } from '../../sim/wire';
import { shortName } from '../widgets/protocols';
import type { StageStrings } from './strings';

/** Said without its own name: it is inside what is said. */
const isSaid = ({ protocol, quoted }: Layer) => protocol !== 'data' && quoted !== true;

const field = (layer: Layer | undefined, name: string) => layer?.fields.find((it) => it.name === name);

/** `Eth ARP request 42 bytes`, `Eth IP UDP VXLAN Eth IP ICMP 148 bytes`. */
export function describeFrame(frame: Frame, strings: StageStrings): string {
  const layers = dissect(frame.bytes, frame.link).filter(isSaid);
  const words = layers.map(({ protocol }) => shortName[protocol]);
  const arp = layers.find(({ protocol }) => protocol === 'arp');
  const opcode = field(arp, 'arp.opcode') ?? field(arp, 'arp.op');
  if (opcode !== undefined)
    words.push(
      opcode.value === '1' || /request/.test(opcode.note ?? '') ? strings.arpRequest : strings.arpReply,
    );
  return `${words.join(' ')} ${strings.bytes(frame.bytes.length)}`;
}

export function describePlace(place: Place, strings: StageStrings): string {
  const name = place.dev ?? place.process;
  return name === undefined ? strings.ipLayerOf(place.netns) : `${place.netns} ${name}`;
}

/** Where a step without a flight is about a packet. */
export function standingPlace(step: Step): Place | undefined {
  const main = getTrace().events[step.main];
  if (main === undefined || step.frame === undefined) return undefined;
  switch (main.kind) {
    case 'tx':
    case 'rx':
    case 'fdb':
    case 'vtep':
      return { netns: main.netns, dev: main.dev };
    case 'encap':
    case 'decap':
    case 'copy':
      return placeOf(main, getTrace().events);
    case 'drop':
      return main.dev === undefined
        ? { netns: main.netns, what: 'ip' }
        : { netns: main.netns, dev: main.dev };
    default:
      return { netns: main.netns, what: 'ip' };
  }
}

/** Where the step's main event looks something up and decides; undefined for steps that do not. */
export function decidingPlace(main: TraceEvent | undefined): Place | undefined {
  switch (main?.kind) {
    case 'fib':
    case 'neigh':
      return { netns: main.netns, what: 'ip' };
    case 'fdb':
    case 'vtep':
      return { netns: main.netns, dev: main.dev };
    default:
      return undefined;
  }
}

/** The two words of the drop that ends a step, and where it is; undefined for a step without one. */
export function dropOf(step: Step): { readonly place: Place; readonly reason: Message } | undefined {
  if (!step.isDrop) return undefined;
  const { events } = getTrace();
  const drop = step.seqs.map((seq) => events[seq]).findLast((event) => event?.kind === 'drop');
  if (drop?.kind !== 'drop') return undefined;
  const place: Place =
    drop.dev === undefined ? { netns: drop.netns, what: 'ip' } : { netns: drop.netns, dev: drop.dev };
  return { place, reason: dropLabel(drop) };
}
