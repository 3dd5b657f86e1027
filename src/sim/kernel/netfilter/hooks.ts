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
  tried: RuleTried[] | undefined;
  /** What conntrack said of the packet here: `NEW orig`, `ESTABLISHED reply`, `INVALID`. */
  conntrack: string | undefined;
  /** Why the packet was dropped when no rule did it: `table-full`, `tuple-taken`, `no-address`, `redirect-translated`. */
  why: string | undefined;
}
/** May answer with another packet when it changed this one (NAT, mangle). */
export type HookFunction = (packet: IpPacket, state: HookState) => HookVerdict | IpPacket;

const NOTHING_TRIED: readonly RuleTried[] = [];

export class Hooks {
  #registered = 0;
  readonly #functions: Record<HookName, { readonly priority: number; readonly run: HookFunction }[]> = {
    PREROUTING: [],
    INPUT: [],
    FORWARD: [],
    OUTPUT: [],
    POSTROUTING: [],
  };

  constructor(readonly netns: Netns) {}

  /** Whether anything is registered anywhere. */
  get used(): boolean {
    return this.#registered > 0;
  }
  /** Lower priorities run first; equal ones in order of registration. The answer takes the function out again. */
  register(hook: HookName, priority: number, run: HookFunction): () => void {
    const list = this.#functions[hook];
    const entry = { priority, run };
    list.push(entry);
    list.sort((a, b) => a.priority - b.priority);
    this.#registered++;
    return () => {
      const at = list.indexOf(entry);
      if (at < 0) return;
      list.splice(at, 1);
      this.#registered--;
    };
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
    const state: HookState = { hook, iif, oif, tried: undefined, conntrack: undefined, why: undefined };
    let current = packet;
    let verdict: HookVerdict = 'ACCEPT';
    for (let at = 0; at < list.length; at++) {
      const answer = (list[at] as (typeof list)[number]).run(current, state);
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
      physIn: current.nf?.physIn,
      physOut: current.nf?.physOut,
      tried: state.tried ?? NOTHING_TRIED,
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
