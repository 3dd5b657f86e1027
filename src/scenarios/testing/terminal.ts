/** A scenario of the catalogue, opened, with somebody at its terminals. */
import { World } from '../../sim/index';
import {
  ETHERNET_LENGTH,
  ETH_P_IP,
  isMalformed,
  parseEthernet,
  parseIpv4,
  type Ipv4Header,
} from '../../sim/wire/index';
import { catalogue } from '../index';

export class Terminal {
  readonly world: World;

  /** `journal`: how many commands of the opening journal have been run; all unless told. */
  constructor(id: string, journal = Infinity) {
    const entry = catalogue.find((each) => each.id === id);
    if (!entry) throw new Error(`no scenario ${id}`);
    this.world = World.open(entry.load());
    this.world.execute(entry.journal.slice(0, journal));
  }

  /** Runs a command to its end; what it printed, stdout and stderr. */
  type(netns: string, command: string): string {
    const { events } = this.world.trace;
    const from = events.length;
    this.world.execute([{ netns, command }]);
    return events
      .slice(from)
      .flatMap((event) => (event.kind === 'output' ? [event.text] : []))
      .join('');
  }

  /** The lines of what it printed, without blanks at their ends and empty ones. */
  lines(netns: string, command: string): string[] {
    return this.type(netns, command)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  }

  /** IPv4 packets that left or reached a device from event `from` on. */
  packets(kind: 'tx' | 'rx', netns: string, dev: string, from = 0): Ipv4Header[] {
    const { events, frames } = this.world.trace;
    return events.slice(from).flatMap((event) => {
      if (event.kind !== kind || event.netns !== netns || event.dev !== dev) return [];
      const bytes = frames[event.frame]?.bytes ?? new Uint8Array();
      const frame = parseEthernet(bytes);
      if (isMalformed(frame) || frame.type !== ETH_P_IP) return [];
      const packet = parseIpv4(bytes, ETHERNET_LENGTH);
      return isMalformed(packet) ? [] : [packet];
    });
  }
}
