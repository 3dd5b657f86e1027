/**
 * The five netfilter hooks of a namespace (net/netfilter/core.c). Tables register functions with a priority; a packet
 * passes them in that order until one does not accept. With nothing registered a hook costs nothing and says nothing.
 */
import type { Device } from '../device/device';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { HookName, RuleTried } from '../trace';

export type HookVerdict = 'ACCEPT' | 'DROP' | 'STOLEN';
export interface HookState {
  readonly hook: HookName;
  readonly iif: Device | undefined;
  readonly oif: Device | undefined;
  /** Functions report the rules they tried here. */
  readonly tried: RuleTried[];
  /** What conntrack said of the packet here: `NEW orig`, `ESTABLISHED reply`, `INVALID`. */
  conntrack?: string;
  /** Why the packet was dropped when no rule did it: `table-full`, `tuple-taken`, `no-address`. */
  why?: string;
}
/** May answer with another packet when it changed this one (NAT, mangle). */
export type HookFunction = (packet: IpPacket, state: HookState) => HookVerdict | IpPacket;

export class Hooks {
  readonly #functions: Record<HookName, { readonly priority: number; readonly run: HookFunction }[]> = {
    PREROUTING: [],
    INPUT: [],
    FORWARD: [],
    OUTPUT: [],
    POSTROUTING: [],
  };

  constructor(readonly netns: Netns) {}

  /** Lower priorities run first; equal ones in order of registration. */
  register(hook: HookName, priority: number, run: HookFunction): void {
    const list = this.#functions[hook];
    list.push({ priority, run });
    list.sort((a, b) => a.priority - b.priority);
  }

  /** nf_hook: the packet as it leaves the hook, or undefined when it did not. */
  run(
    hook: HookName,
    packet: IpPacket,
    iif: Device | undefined,
    oif: Device | undefined,
  ): IpPacket | undefined {
    const list = this.#functions[hook];
    if (list.length === 0) return packet;
    const state: HookState = { hook, iif, oif, tried: [] };
    let current = packet;
    let verdict: HookVerdict = 'ACCEPT';
    for (const { run } of list) {
      const answer = run(current, state);
      if (typeof answer !== 'string') current = answer;
      else verdict = answer;
      if (verdict !== 'ACCEPT') break;
    }
    current.cause = this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: packet.cause,
      kind: 'hook',
      hook,
      frame: current.frame,
      iif: iif?.name,
      oif: oif?.name,
      tried: state.tried,
      conntrack: state.conntrack,
      why: state.why,
      verdict,
    });
    if (verdict === 'DROP')
      this.netns.dropPacket(current, 'NETFILTER_DROP', 'nf_hook_slow', {
        hook,
        ...(state.why === undefined ? {} : { why: state.why }),
      });
    return verdict === 'ACCEPT' ? current : undefined;
  }
}
