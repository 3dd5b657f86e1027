/**
 * A TUN device (drivers/net/tun.c with IFF_TUN | IFF_NO_PI): its wire is a file that a process holds. What the kernel
 * sends out of the device waits in the file's ring until it is read; what is written into the file has been received.
 *
 * Models: one file per device, ring of `txqlen` packets, carrier, persistence. Leaves out: TAP, packet information,
 * several queues, filters, checksum offload, owners.
 */
import { err, ok, type Result } from '../../../base/result';
import { COST } from '../costs';
import type { Errno, LinkRow, Requester, TunEvents, TunFile, TunPacket } from '../netlink';
import { fileRequest } from '../netlink-event';
import type { Netns } from '../netns';
import { copied, copiedFrame } from '../socket/copies';
import type { EventSeq, Frame } from '../trace';
import { Device } from './device';

/** TUN_READQ_SIZE */
const READQ_SIZE = 500;

interface Waiting {
  readonly frame: Frame;
  readonly cause: EventSeq;
}

export class TunDevice extends Device {
  readonly kind = 'tun';
  override readonly link = 'ip';
  override txqlen = READQ_SIZE;
  override noarp = true;
  /** TUNSETPERSIST: stays when no file is open. */
  persist = false;
  /** The carrier has been lost once: from then on linkwatch knows the state. */
  watched = false;
  #file: OpenTun | undefined;

  override get carrier(): boolean {
    return this.up && this.#file !== undefined;
  }
  /** A process holds it. */
  get attached(): boolean {
    return this.#file !== undefined;
  }

  /** Without carrier the device still has the noop queueing discipline, which lets nothing through. */
  override transmit(frame: Frame, cause: EventSeq): void {
    if (!this.up || this.#file) return super.transmit(frame, cause);
    this.stats.txDropped++;
    this.netns.drop(frame, cause, 'QDISC_DROP', 'noop_enqueue', this.name, { dev: this.name });
  }

  /** tun_net_xmit. */
  protected startXmit(frame: Frame, cause: EventSeq): void {
    const file = this.#file;
    if (file && file.waiting.length < this.txqlen) return file.enqueue({ frame, cause });
    this.stats.txDropped++;
    const detail = { dev: this.name, limit: this.txqlen };
    this.netns.drop(frame, cause, file ? 'FULL_RING' : 'DEV_READY', 'tun_net_xmit', this.name, detail);
  }

  /** What waits in the ring has not been sent yet: reading counts. */
  protected override countTx(): void {}
  countRead(length: number): void {
    this.stats.txPackets++;
    this.stats.txBytes += length;
  }

  attach(file: OpenTun, cause: EventSeq): void {
    this.#file = file;
    this.netns.carrierChanged(this, cause);
  }

  /** tun_detach. */
  detach(cause: EventSeq): void {
    this.#file = undefined;
    if (!this.persist) {
      this.netns.removeDevice(this, cause);
      return;
    }
    this.watched = true;
    this.netns.carrierChanged(this, cause);
  }

  /** tun_detach_all: the file stays open, and is good for nothing. */
  override removed(cause: EventSeq): void {
    this.#file?.orphan(cause);
    this.#file = undefined;
  }

  override rowExtras(): Partial<LinkRow> {
    return {
      tun: { persist: this.persist, ...(this.#file ? { process: this.#file.requester.by } : {}) },
    };
  }
}

/** struct tun_file */
class OpenTun implements TunFile {
  readonly waiting: Waiting[] = [];
  #device: TunDevice | undefined;

  constructor(
    device: TunDevice,
    readonly requester: Requester,
    private readonly events: TunEvents,
  ) {
    this.#device = device;
  }

  get dev(): string {
    return this.#device?.name ?? '';
  }

  enqueue(packet: Waiting): void {
    this.waiting.push(packet);
    if (this.waiting.length === 1) this.events.onReadable?.();
  }
  /** tun_queue_purge. */
  orphan(cause: EventSeq): void {
    const device = this.#device;
    this.#device = undefined;
    for (const { frame } of this.waiting.splice(0))
      device?.netns.drop(frame, cause, 'NOT_SPECIFIED', 'tun_queue_purge', device.name);
  }

  /** tun_do_read. */
  read(woken = false): TunPacket | undefined {
    const next = this.waiting.shift();
    const device = this.#device;
    if (!next || !device) return undefined;
    const { bytes } = next.frame;
    device.countRead(bytes.length);
    const cause = copied(device.netns, {
      frame: next.frame.id,
      direction: 'to-user',
      process: this.requester.by,
      via: `read ${device.name}`,
      bytes: bytes.length,
      switches: woken ? 1 : 0,
      cause: next.cause,
    });
    return { bytes, cause };
  }

  /** tun_get_user: only the version nibble is looked at; the rest is for the IP layer to judge. */
  write(packet: Uint8Array, cause: EventSeq = this.requester.cause): Result<void, Errno> {
    const device = this.#device;
    if (!device) return err('EBADFD');
    const version = (packet[0] ?? 0) >> 4;
    if (version !== 4 && version !== 6) return err('EINVAL');
    if (!device.up) return err('EIO');
    const { netns } = device;
    const frame = netns.tracer.frame(packet, 'ip', copiedFrame(netns, cause));
    const seq = copied(netns, {
      frame: frame.id,
      direction: 'to-kernel',
      process: this.requester.by,
      via: `write ${device.name}`,
      bytes: packet.length,
      switches: 0,
      cause,
    });
    netns.packet(COST.tunWrite, () => netns.backlog.arrive(() => device.receive(frame, seq)));
    return ok(undefined);
  }

  setPersist(on: boolean): void {
    const device = this.#device;
    if (!device || device.persist === on) return;
    device.persist = on;
    device.netns.syncLink(device, this.requester.cause);
  }

  close(cause: EventSeq = this.requester.cause): void {
    const device = this.#device;
    this.orphan(cause);
    device?.detach(cause);
  }
}

/** dev_alloc_name: the first free number for a pattern with `%d`. */
function deviceName(netns: Netns, wanted: string): string {
  if (wanted !== '' && !wanted.includes('%d')) return wanted;
  const pattern = wanted === '' ? 'tun%d' : wanted;
  for (let n = 0; ; n++) {
    const name = pattern.replace('%d', String(n));
    if (!netns.device(name)) return name;
  }
}

/**
 * open("/dev/net/tun") and TUNSETIFF (tun_set_iff): takes a persistent device that nobody holds, or makes a new one.
 * `exclusive` is IFF_TUN_EXCL: only a new one will do.
 */
export function openTun(
  netns: Netns,
  wanted: string,
  events: TunEvents,
  requester: Requester,
  exclusive: boolean,
): Result<TunFile, Errno> {
  const name = deviceName(netns, wanted);
  if (name.length > 15 || /[\s/]/.test(name)) return err('EINVAL');
  const there = netns.device(name);
  if (there && exclusive) return err('EBUSY');
  if (there && !(there instanceof TunDevice)) return err('EINVAL');
  if (there?.attached) return err('EBUSY');
  const text = `open /dev/net/tun dev ${name} mode tun`;
  const cause = fileRequest(netns, requester, 'TUNSETIFF', text);
  const device = there ?? new TunDevice(netns, netns.allocateIfindex(), name, 0);
  const file = new OpenTun(device, { by: requester.by, cause }, events);
  device.attach(file, cause);
  if (!there) netns.addDevice(device, cause);
  return ok(file);
}
