/**
 * veth pairs and network cards. A veth's two ends are one cable: what one end sends, the other receives, and an end has
 * carrier only while the other is up (drivers/net/veth.c). A card (`nic`) is the same with a cable between machines.
 *
 * Models: peer, carrier, the receiver's MTU check. Leaves out: GRO, XDP, queues.
 */
import { COST } from '../costs';
import type { LinkRow } from '../netlink';
import type { EventSeq, Frame } from '../trace';
import { Device } from './device';

export class WireDevice extends Device {
  peer: WireDevice | undefined;

  constructor(
    readonly kind: 'veth' | 'nic',
    ...args: ConstructorParameters<typeof Device>
  ) {
    super(...args);
  }

  override get carrier(): boolean {
    return this.up && this.peer !== undefined && this.peer.up;
  }

  protected startXmit(frame: Frame, cause: EventSeq): void {
    const peer = this.peer;
    if (!peer) {
      this.stats.txDropped++;
      this.netns.drop(frame, cause, 'NO_CARRIER', 'veth_xmit', this.name, { dev: this.name });
      return;
    }
    const delay = this.kind === 'veth' ? COST.veth : COST.cable;
    this.netns.packet(delay, () => {
      if (this.peer !== peer) return;
      if (peer.up && !peer.accepts(frame)) {
        peer.stats.rxDropped++;
        const detail = { dev: peer.name, length: frame.bytes.length, mtu: peer.mtu };
        peer.netns.drop(frame, cause, 'PKT_TOO_BIG', 'dev_forward_skb', peer.name, detail);
        return;
      }
      peer.netns.backlog.arrive(() => peer.receive(frame, cause));
    });
  }

  override stateChanged(cause: EventSeq): void {
    this.peer?.netns.carrierChanged(this.peer, cause);
  }

  override removed(cause: EventSeq): void {
    const peer = this.peer;
    this.peer = undefined;
    if (!peer) return;
    peer.peer = undefined;
    peer.netns.removeDevice(peer, cause);
  }

  override rowExtras(): Partial<LinkRow> {
    const peer = this.peer;
    if (!peer) return {};
    const where = { peer: { netns: peer.netns.id, dev: peer.name } };
    if (this.kind === 'nic') return where;
    if (peer.netns === this.netns) return { ...where, link: peer.name };
    const named = peer.netns.named ? { link_netns: peer.netns.id } : {};
    return { ...where, ...named, link_index: peer.ifindex, link_netnsid: this.netns.nsid(peer.netns) };
  }
}
