/**
 * Captures every interface of a room with tcpdump, in both directions.
 *
 * One tcpdump per device writes whole frames in the order the device saw them. Its file does not say which way a frame
 * went, so one more per namespace listens on `any`, whose records (LINUX_SLL2) carry the device's index and the packet
 * type: the n-th record of an index belongs to the n-th frame of that device.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ETHERNET_LENGTH,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  readPcap,
  readU16,
  readU32,
  type PcapFileRecord,
} from '../src/sim/wire/index';
import type { Box, Place } from './box';
import type { SeenFrame } from './types';

const LINKTYPE_LINUX_SLL2 = 276;
/** A TUN device's packets have no header of their own. */
const LINK_TYPES = { ethernet: LINKTYPE_ETHERNET, ip: LINKTYPE_RAW } as const;
const SLL2_LENGTH = 20;
const PACKET_OUTGOING = 4;
const ETH_P_IP = 0x0800;
const READY_SECONDS = 5;
/** Larger than any MTU: what was put together from fragments passes bridges whole. */
const MAX_FRAME = '9216';
/** A larger ring costs time to make; a slot of loopback's holds 64 KiB. */
const BUFFER_KIB = { ethernet: '1024', loopback: '4096' };

export interface Tap {
  readonly place: Place;
  /** Name of the namespace in the results. */
  readonly netns: string;
  /** Device name by index. */
  readonly devices: ReadonlyMap<number, string>;
  /** Devices without a link layer. */
  readonly raw?: ReadonlySet<string>;
}

interface Running {
  readonly tap: Tap;
  /** `any` is tcpdump's own name for all devices. */
  readonly dev: string;
  readonly file: string;
  readonly child: ChildProcess;
}

export class Capture {
  readonly #running: Running[] = [];

  private constructor(private readonly box: Box) {}

  /** Returns when every tcpdump listens. */
  static async start(box: Box, taps: readonly Tap[]): Promise<Capture> {
    const capture = new Capture(box);
    const starts = taps.flatMap((tap) =>
      ['any', ...tap.devices.values()].map((dev) => capture.#start(tap, dev)),
    );
    await Promise.all(starts);
    return capture;
  }

  #start(tap: Tap, dev: string): Promise<void> {
    const file = join(this.box.dir, `${this.#running.length}.pcap`);
    const child = this.box.start(tap.place, [
      ...['tcpdump', '-n', '-p', '-U', '-Z', 'root', '--immediate-mode'],
      ...['--time-stamp-precision=nano', '-i', dev, '-w', file],
      ...['-B', dev === 'lo' ? BUFFER_KIB.loopback : BUFFER_KIB.ethernet],
      // Immediate mode keeps a slot of the snapshot length for each frame; on `any` that is large unless told otherwise.
      ...(dev === 'any' ? ['-y', 'LINUX_SLL2', '-s', '64'] : ['-s', dev === 'lo' ? '0' : MAX_FRAME]),
    ]);
    this.#running.push({ tap, dev, file, child });
    return new Promise((resolve, reject) => {
      let said = '';
      const fail = () => reject(new Error(`tcpdump on ${tap.netns}/${dev} does not listen: ${said.trim()}`));
      const timer = setTimeout(fail, READY_SECONDS * 1000);
      child.on('exit', fail);
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (!said.includes('listening on')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Bytes written so far, of all files. */
  #written(): number {
    return this.#running.reduce((sum, { file }) => {
      const found = statSync(this.box.outside(file), { throwIfNoEntry: false });
      return sum + (found?.size ?? 0);
    }, 0);
  }

  /** Waits until nothing more has been written for a while; says whether that came before `seconds` were over. */
  async quiet(seconds: number): Promise<boolean> {
    const step = 40;
    let before = this.#written();
    for (let waited = 0; waited < seconds * 1000; waited += step) {
      await wait(step);
      const now = this.#written();
      if (now === before) return true;
      before = now;
    }
    return false;
  }

  /**
   * Ends all tcpdumps and gives what they saw between two moments (ms since 1970), by `netns/device`.
   *
   * @throws when frames were seen on a device that was down when the capture began, on which tcpdump cannot listen
   */
  async stop(began: number, ended: number): Promise<Map<string, SeenFrame[]>> {
    await this.quiet(1);
    const gone = 'for i in $(seq 100); do pidof -q tcpdump || break; sleep 0.01; done';
    await this.box.run('here', `kill -INT $(pidof tcpdump); ${gone}`);
    const inTime = ({ at }: PcapFileRecord) => at >= 0 && at <= (ended - began) * 1e6;
    const read = (running: Running, linkType: number) =>
      records(this.box.outside(running.file), linkType, began).filter(inTime);
    const everywhere = new Map<Tap, PcapFileRecord[]>();
    for (const running of this.#running) {
      if (running.dev === 'any') everywhere.set(running.tap, read(running, LINKTYPE_LINUX_SLL2));
    }
    for (const [tap, cooked] of everywhere) checkHeard(tap, cooked);
    const frames = new Map<string, SeenFrame[]>();
    for (const running of this.#running) {
      const { tap, dev } = running;
      if (dev === 'any') continue;
      const place = `${tap.netns}/${dev}`;
      const cooked = (everywhere.get(tap) ?? []).filter((record) => deviceOf(tap, record) === dev);
      // The loopback device's transmit is its receive; libpcap gives it once, as received.
      const link = tap.raw?.has(dev) ? 'ip' : 'ethernet';
      const seen = directed(place, read(running, LINK_TYPES[link]), cooked, link);
      if (seen.length > 0) frames.set(place, seen);
    }
    return frames;
  }
}

function deviceOf(tap: Tap, record: PcapFileRecord): string | undefined {
  return tap.devices.get(readU32(record.bytes, 4));
}

function checkHeard(tap: Tap, cooked: readonly PcapFileRecord[]): void {
  const unheard = cooked.find((record) => deviceOf(tap, record) === undefined);
  if (unheard) {
    const index = readU32(unheard.bytes, 4);
    throw new Error(
      `${tap.netns}: frames on device ${index}, which was down or not there when the capture began`,
    );
  }
}

/** Times count from `began`, in ms since 1970. */
function records(file: string, linkType: number, began: number): PcapFileRecord[] {
  const epochSeconds = Math.floor(began / 1000);
  const read = readPcap(readFileSync(file), { epochSeconds });
  if (!read.ok) throw new Error(`${file}: ${read.error}`);
  if (read.value.linkType !== linkType) {
    throw new Error(`${file}: link type ${read.value.linkType} instead of ${linkType}`);
  }
  const rest = (began - epochSeconds * 1000) * 1e6;
  return read.value.records.map((record) => ({ ...record, at: record.at - rest }));
}

/** Puts the direction from the namespace's records to the device's frames. */
export function directed(
  where: string,
  frames: readonly PcapFileRecord[],
  cooked: readonly PcapFileRecord[],
  link: SeenFrame['link'] = 'ethernet',
): SeenFrame[] {
  if (frames.length !== cooked.length) {
    throw new Error(`${where}: tcpdump saw ${frames.length} frames, on "any" ${cooked.length}`);
  }
  const header = link === 'ethernet' ? ETHERNET_LENGTH : 0;
  return frames.map(({ at, bytes, originalLength }, i) => {
    const record = cooked[i];
    const head = record?.bytes ?? new Uint8Array();
    const same = (record?.originalLength ?? 0) - SLL2_LENGTH === originalLength - header;
    const type = link === 'ethernet' ? readU16(bytes, 12) : ETH_P_IP;
    if (!same || readU16(head, 0) !== type || originalLength !== bytes.length) {
      const lengths = `${originalLength} bytes, ${bytes.length} captured; ${record?.originalLength ?? 0} on "any"`;
      throw new Error(`${where}: frame ${i + 1} is not the one seen on "any", or not whole (${lengths})`);
    }
    return { at: at / 1e9, link, bytes, dir: head[10] === PACKET_OUTGOING ? 'out' : 'in' };
  });
}
