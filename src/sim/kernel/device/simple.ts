/** Devices with nothing behind them: the loopback device (drivers/net/loopback.c) and dummies (drivers/net/dummy.c). */
import { COST } from '../costs';
import type { EventSeq, Frame, PacketType } from '../trace';
import { Device } from './device';

/** What is sent on lo is received on lo. Its frames carry an Ethernet header of zeros, as captures on lo show. */
export class LoopbackDevice extends Device {
  readonly kind = 'loopback';
  override mtu = 65536;
  override noarp = true;

  override get loopback(): boolean {
    return true;
  }
  override packetType(): PacketType {
    return 'host';
  }
  protected startXmit(frame: Frame, cause: EventSeq): void {
    this.netns.packet(COST.loopback, () => this.netns.backlog.arrive(() => this.receive(frame, cause)));
  }
}

/** A dummy swallows what it is given; it exists to carry addresses and routes. */
export class DummyDevice extends Device {
  readonly kind = 'dummy';
  override noarp = true;
  protected startXmit(): void {}
}
