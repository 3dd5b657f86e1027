/** A daemon's TUN device and UDP socket. */
import { unreachable } from '../../base/assert';
import type { Effect, Input } from '../daemons/index';
import type { EventSeq } from '../kernel/trace';
import type { Machine } from './machine';

type IoEffect = Extract<Effect, { do: 'tun-open' | 'tun-write' | 'udp-open' | 'udp-send' }>;

export class DaemonIo {
  constructor(
    readonly machine: Machine,
    readonly by: string,
    readonly take: (input: Input, cause: EventSeq) => void,
  ) {}

  carryOut(effect: IoEffect, _cause: EventSeq): void {
    switch (effect.do) {
      case 'tun-open':
      case 'tun-write':
      case 'udp-open':
      case 'udp-send':
        return;
      default:
        return unreachable(effect);
    }
  }

  /** The process is gone, and all it had open. */
  close(_cause: EventSeq): void {
    return;
  }
}
