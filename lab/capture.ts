/**
 * Captures every interface of a room with tcpdump, in both directions.
 *
 * One tcpdump per device writes whole frames in the order the device saw them. Its file does not say which way a frame
 * went, so one more per namespace listens on `any`, whose records (LINUX_SLL2) carry the device's index and the packet
 * type: the n-th record of an index belongs to the n-th frame of that device.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ETHERNET_LENGTH,
  LINKTYPE_ETHERNET,
  readPcap,
  readU16,
  readU32,
  type PcapFileRecord,
} from '../src/sim/wire/index';
import type { Box, Place } from './box';
import type { SeenFrame } from './types';

const LINKTYPE_LINUX_SLL2 = 276;
const SLL2_LENGTH = 20;
const PACKET_OUTGOING = 4;
const READY_SECONDS = 5;
const BUFFER_KIB = '8192';

export interface Tap {
  readonly place: Place;
  /** Name of the namespace in the results. */
  readonly netns: string;
  /** Device name by index. */
  readonly devices: ReadonlyMap<number, string>;
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
      ...['tcpdump', '-n', '-p', '-U', '-Z', 'root', '-B', BUFFER_KIB, '--immediate-mode'],
      ...['--time-stamp-precision=nano', '-i', dev, '-w', file],
      // Immediate mode keeps a slot of the snapshot length for each frame; on `any` that is large unless told otherwise.
      ...(dev === 'any' ? ['-y', 'LINUX_SLL2', '-s', '64'] : ['-s', '0']),
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
    return this.#running.reduce((sum, { file }) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
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

  /** Ends all tcpdumps and gives what they saw, by `netns/device`. `began` is the time 0 of the frames, in ms since 1970. */
  async stop(began: number): Promise<Map<string, SeenFrame[]>> {
    await this.quiet(1);
    await this.box.run(
      'here',
      'kill -INT $(pidof tcpdump); for i in $(seq 100); do pidof -q tcpdump || break; sleep 0.01; done',
    );
    const frames = new Map<string, SeenFrame[]>();
    const everywhere = new Map<Tap, PcapFileRecord[]>();
    for (const { tap, dev, file } of this.#running) {
      if (dev === 'any') everywhere.set(tap, records(file, LINKTYPE_LINUX_SLL2));
    }
    for (const { tap, dev, file } of this.#running) {
      if (dev === 'any') continue;
      // The loopback device's transmit is its receive; libpcap gives it once, as received.
      const cooked = ofDevice(tap, dev, everywhere.get(tap) ?? []);
      const seen = directed(`${tap.netns}/${dev}`, records(file, LINKTYPE_ETHERNET), cooked);
      if (seen.length > 0)
        frames.set(
          `${tap.netns}/${dev}`,
          seen.map((each) => ({ ...each, at: each.at - began / 1000 })),
        );
    }
    return frames;
  }
}

function records(file: string, linkType: number): PcapFileRecord[] {
  const read = readPcap(readFileSync(file));
  if (!read.ok) throw new Error(`${file}: ${read.error}`);
  if (read.value.linkType !== linkType) {
    throw new Error(`${file}: link type ${read.value.linkType} instead of ${linkType}`);
  }
  return read.value.records;
}

function ofDevice(tap: Tap, dev: string, everywhere: readonly PcapFileRecord[]): PcapFileRecord[] {
  return everywhere.filter(({ bytes }) => tap.devices.get(readU32(bytes, 4)) === dev);
}

/** Puts the direction from the namespace's records to the device's frames. */
export function directed(
  where: string,
  frames: readonly PcapFileRecord[],
  cooked: readonly PcapFileRecord[],
): SeenFrame[] {
  if (frames.length !== cooked.length) {
    throw new Error(`${where}: tcpdump saw ${frames.length} frames, on "any" ${cooked.length}`);
  }
  return frames.map(({ at, bytes, originalLength }, i) => {
    const record = cooked[i];
    const head = record?.bytes ?? new Uint8Array();
    const same = (record?.originalLength ?? 0) - SLL2_LENGTH === originalLength - ETHERNET_LENGTH;
    if (!same || readU16(head, 0) !== readU16(bytes, 12) || originalLength !== bytes.length) {
      throw new Error(`${where}: frame ${i + 1} is not the one seen on "any", or not whole`);
    }
    return { at: at / 1e9, bytes, dir: head[10] === PACKET_OUTGOING ? 'out' : 'in' };
  });
}
