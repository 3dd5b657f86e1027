/** What a tap on each device would have written, from the trace. */
import type { Trace } from '../sim/index';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW, writePcap, type PcapRecord } from '../sim/wire/index';

interface CaptureFile {
  readonly netns: string;
  readonly dev: string;
  readonly bytes: Uint8Array;
}

/** With `boot` the clock of the files starts two seconds earlier, so that no time is negative. */
const BOOT_SECONDS = 2;

interface Device {
  readonly netns: string;
  readonly dev: string;
  raw: boolean;
  readonly records: PcapRecord[];
}

interface LinkRow {
  readonly ifname: string;
  readonly link_type: string;
}

/**
 * One file for every device that was there when the network was up or came later, and for any other that saw a frame.
 * Loopback is captured once: incoming.
 */
export function captures(trace: Trace, boot: boolean): CaptureFile[] {
  const devices = new Map<string, Device>();
  const device = (netns: string, dev: string): Device => {
    const key = `${netns}/${dev}`;
    const found = devices.get(key) ?? { netns, dev, raw: false, records: [] };
    devices.set(key, found);
    return found;
  };
  for (const event of trace.events) {
    const { netns } = event;
    if (event.kind === 'change' && event.table === 'link') {
      const [old, row] = [event.before as LinkRow | undefined, event.after as LinkRow | undefined];
      // While the network is built, devices are renamed and moved; only what stays counts.
      const gone = old && old.ifname !== row?.ifname && event.seq < trace.upSeq;
      const there = gone ? devices.get(`${netns}/${old.ifname}`) : undefined;
      if (there?.records.length === 0) devices.delete(`${netns}/${there.dev}`);
      if (row) device(netns, row.ifname).raw = row.link_type === 'none' || row.link_type === 'ipip';
      continue;
    }
    if ((event.kind !== 'tx' && event.kind !== 'rx') || (event.at < 0 && !boot)) continue;
    if (event.dev === 'lo' && event.kind === 'tx') continue;
    const frame = trace.frames[event.frame];
    if (frame) device(netns, event.dev).records.push({ at: event.at, bytes: frame.bytes });
  }
  return [...devices.values()].map(({ netns, dev, raw, records }) => ({
    netns,
    dev,
    bytes: writePcap(raw ? LINKTYPE_RAW : LINKTYPE_ETHERNET, records, {
      epochSeconds: boot ? BOOT_SECONDS : 0,
    }),
  }));
}
