/** RTM_NEWQDISC, RTM_DELQDISC and the dump (net/sched/sch_api.c), for root queueing disciplines of kind netem. */
import { err, ok } from '../../../base/result';
import type { Device } from '../device/device';
import { TunDevice } from '../device/tun';
import type { Reply } from '../netlink';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';
import type { QdiscDumpRow, QdiscMode, QdiscSpec, QdiscStats } from './door';
import { Netem } from './netem';

const NO_STATS: QdiscStats = {
  bytes: 0,
  packets: 0,
  dropped: 0,
  overlimits: 0,
  requeues: 0,
  backlogBytes: 0,
  backlogPackets: 0,
};
/** References of a root that no queue but the first shares. */
const ONE_QUEUE = 2;

function refuse(errno: 'EINVAL' | 'ENOENT' | 'EEXIST', extack: string): Reply {
  return err({ errno, extack });
}

/** tc_modify_qdisc. */
export function newQdisc(netns: Netns, spec: QdiscSpec, mode: QdiscMode, cause: EventSeq): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  const there = device.qdisc;
  if (!spec.root) {
    // A child of what is named by its handle alone: netem here has none, and default ones have no handle.
    if (spec.handle === undefined) return refuse('EINVAL', 'Handle cannot be zero');
    if (there?.handle !== spec.handle) return refuse('ENOENT', 'Specified qdisc not found');
    return changed(device, spec, mode, cause);
  }
  if (there && spec.handle !== undefined && there.handle !== spec.handle) {
    if (mode !== 'replace') return refuse('EEXIST', 'NLM_F_REPLACE needed to override');
  } else if (there) return changed(device, spec, mode, cause);
  if (mode === 'change') return refuse('ENOENT', 'Qdisc not found. To create specify NLM_F_CREATE flag');
  return created(device, spec, cause);
}

function changed(device: Device, spec: QdiscSpec, mode: QdiscMode, cause: EventSeq): Reply {
  if (mode === 'add') return refuse('EEXIST', 'Exclusivity flag on, cannot modify');
  const { qdisc } = device;
  if (spec.kind !== undefined && spec.kind !== qdisc?.kind)
    return refuse('EINVAL', 'Invalid qdisc name: must match existing qdisc');
  const before = qdisc?.row();
  if (spec.netem) qdisc?.change(spec.netem);
  device.netns.change('qdisc', keyOf(device), before, qdisc?.row(), cause);
  return ok(undefined);
}

function created(device: Device, spec: QdiscSpec, cause: EventSeq): Reply {
  if (spec.kind !== 'netem') return refuse('ENOENT', 'Specified qdisc kind is unknown');
  const { netns } = device;
  const handle = spec.handle ?? netns.kernel.takeQdiscHandle();
  const random = netns.random.fork(`netem ${device.name} ${handle}`);
  const qdisc = new Netem(device, handle, random);
  if (spec.netem) qdisc.change(spec.netem);
  const before = device.qdisc?.row();
  device.qdisc?.reset(cause);
  device.qdisc = qdisc;
  netns.change('qdisc', keyOf(device), before, qdisc.row(), cause);
  netns.syncLink(device, cause);
  return ok(undefined);
}

/** tc_get_qdisc with RTM_DELQDISC. */
export function delQdisc(netns: Netns, spec: QdiscSpec, cause: EventSeq): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  const there = device.qdisc;
  if (spec.root && spec.handle !== undefined && spec.handle !== (there?.handle ?? 0))
    return refuse('EINVAL', 'Invalid handle');
  if (!spec.root && (spec.handle === undefined || there?.handle !== spec.handle))
    return refuse('ENOENT', 'Failed to find qdisc with specified handle');
  if (spec.kind !== undefined && spec.kind !== (there?.kind ?? defaultKind(device)))
    return refuse('EINVAL', 'Invalid qdisc name: must match existing qdisc');
  if (!spec.root) return refuse('EINVAL', 'Classid cannot be zero');
  if (!there) return refuse('ENOENT', 'Cannot delete qdisc with handle of zero');
  takeOff(device, cause);
  netns.syncLink(device, cause);
  return ok(undefined);
}

/** The device leaves, or gets back what it was born with; what waits is lost. */
export function takeOff(device: Device, cause: EventSeq): void {
  const { qdisc } = device;
  if (!qdisc) return;
  qdisc.reset(cause);
  device.netns.change('qdisc', keyOf(device), qdisc.row(), undefined, cause);
  device.qdisc = undefined;
}

function keyOf(device: Device): string {
  return device.netns.linkKey(device);
}
function defaultKind(device: Device): string {
  return device instanceof TunDevice ? 'pfifo_fast' : 'noqueue';
}

/** A device that has never been up has none but noop, which the dump leaves out. */
export function dumpQdiscs(netns: Netns): QdiscDumpRow[] {
  return [...netns.devices].flatMap((device): QdiscDumpRow[] => {
    const { qdisc } = device;
    const dev = device.name;
    if (qdisc) {
      const { kind, handle, netem, stats } = qdisc;
      return [{ dev, kind, handle, refcnt: device.kind === 'veth' ? 3 : ONE_QUEUE, netem, stats }];
    }
    if (!device.everUp) return [];
    return [{ dev, kind: defaultKind(device), handle: 0, refcnt: ONE_QUEUE, stats: NO_STATS }];
  });
}
