/** Daemons of a machine as systemd units, and systemd's way of writing times. */
import type { ProcessContext, Service, SimTime } from '../../kernel/netlink';
import { isoDay, momentOf } from '../calendar';
import { containerHere } from './docker/index';

export interface Unit {
  /** `docker.service` */
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly service: Service;
}
const KNOWN: Readonly<
  Record<string, { readonly unit: string; readonly description: string; readonly path: string }>
> = {
  dockerd: { unit: 'docker', description: 'Docker Application Container Engine', path: '/usr/bin/dockerd' },
  flanneld: {
    unit: 'flanneld',
    description: 'Flanneld overlay address etcd agent',
    path: '/usr/bin/flanneld',
  },
  etcd: { unit: 'etcd', description: 'etcd - highly-available key value store', path: '/usr/bin/etcd' },
  kubelet: { unit: 'kubelet', description: 'kubelet: The Kubernetes Node Agent', path: '/usr/bin/kubelet' },
  'kube-apiserver': {
    unit: 'kube-apiserver',
    description: 'Kubernetes API Server',
    path: '/usr/bin/kube-apiserver',
  },
};

export function unitsOf(ctx: ProcessContext): Unit[] {
  return ctx.host
    .services()
    .map((service) => {
      const known = KNOWN[service.name];
      const { unit, description, path } = known ?? {
        unit: service.name,
        description: service.name,
        path: `/usr/bin/${service.name}`,
      };
      return { name: `${unit}.service`, description, path, service };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `flanneld` is `flanneld.service`; other kinds of units are named in full. */
export function unitName(word: string): string {
  return /\.(service|socket|timer|target|mount|slice|path)$/.test(word) ? word : `${word}.service`;
}

/** systemd is PID 1 of a machine, not of a container; `ip netns exec` changes nothing about that. */
export function hasSystemd(ctx: ProcessContext): boolean {
  return containerHere(ctx) === undefined;
}

const SECOND = 1_000_000_000;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Thu 1970-01-01 00:00:05 UTC` */
export function fullStamp(at: SimTime): string {
  const moment = momentOf(at);
  return `${DAYS[moment.weekday] ?? ''} ${isoDay(moment)} ${moment.clock} UTC`;
}
/** `Jan 01 00:00:05` */
function shortStamp(at: SimTime): string {
  const { month, day, clock } = momentOf(at);
  return `${MONTHS[month - 1] ?? ''} ${String(day).padStart(2, '0')} ${clock}`;
}
/** format_timestamp_relative */
export function ago(ns: number): string {
  const seconds = Math.floor(ns / SECOND);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} day${days > 1 ? 's' : ''} ${hours % 24}h ago`;
  if (hours > 0) return `${hours}h ${minutes % 60}min ago`;
  if (minutes >= 5) return `${minutes}min ago`;
  if (minutes > 0) return `${minutes}min ${seconds % 60}s ago`;
  if (seconds > 0) return `${seconds}s ago`;
  if (ns >= 1_000_000) return `${Math.floor(ns / 1_000_000)}ms ago`;
  return ns >= 1_000 ? `${Math.floor(ns / 1_000)}us ago` : 'now';
}

/** Lines of the journal, oldest first. */
export function journalLines(
  ctx: ProcessContext,
  units: readonly Unit[],
  format: 'short' | 'cat' = 'short',
): string[] {
  const entries = units.flatMap(({ service }) =>
    service.log().flatMap(({ at, text }) => text.split('\n').map((line) => ({ at, line, service }))),
  );
  // Stable: lines of one moment stay in their daemon's order.
  return entries
    .sort((a, b) => a.at - b.at)
    .map(({ at, line, service }) =>
      format === 'cat'
        ? line
        : `${shortStamp(at)} ${ctx.netns.machine} ${service.name}[${service.pid}]: ${line}`,
    );
}
