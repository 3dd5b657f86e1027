/** kubectl's tables (k8s.io/cli-runtime printers, kubernetes pkg/printers/internalversion). */
import {
  kubeStatus,
  type KubeNode,
  type KubeObject,
  type KubePod,
  type SimTime,
} from '../../../kernel/netlink';

export const VERSION = 'v1.31.4';
export const OS_IMAGE = 'Debian GNU/Linux 12 (bookworm)';
export const KERNEL = '6.18.0';
export const RUNTIME = 'containerd://1.7.24';
const NONE = '<none>';

/** duration.HumanDuration */
export function age(ns: number): string {
  const seconds = Math.floor(ns / 1e9);
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const both = (a: number, unitA: string, b: number, unitB: string) =>
    b === 0 ? `${a}${unitA}` : `${a}${unitA}${b}${unitB}`;
  if (minutes < 10) return both(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return both(hours, 'h', minutes % 60, 'm');
  return hours < 48 ? `${hours}h` : both(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

interface TableOptions {
  readonly wide: boolean;
  /** `node/node1` in place of `node1`. */
  readonly prefixed: boolean;
  /** A column with the namespace. */
  readonly allNamespaces: boolean;
  readonly headers: boolean;
}

const NODE_COLUMNS = ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION'];
const NODE_WIDE = ['INTERNAL-IP', 'EXTERNAL-IP', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME'];
const POD_COLUMNS = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'];
const POD_WIDE = ['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'];

function nodeRow(node: KubeNode, now: SimTime, wide: boolean): string[] {
  const plain = [kubeStatus(node), NONE, age(now - node.createdAt), VERSION];
  return wide ? [...plain, node.internalIp, NONE, OS_IMAGE, KERNEL, RUNTIME] : plain;
}

export function isReady(pod: KubePod): boolean {
  return pod.status.phase === 'Running' && pod.status.reason === undefined;
}
function podRow(pod: KubePod, now: SimTime, wide: boolean): string[] {
  const { restarts, restartedAt, podIp } = pod.status;
  const times = restartedAt === undefined ? String(restarts) : `${restarts} (${age(now - restartedAt)} ago)`;
  const plain = [isReady(pod) ? '1/1' : '0/1', kubeStatus(pod), times, age(now - pod.createdAt)];
  return wide ? [...plain, podIp ?? NONE, pod.nodeName ?? NONE, NONE, NONE] : plain;
}

function cells(object: KubeObject, now: SimTime, options: TableOptions): string[] {
  const name = options.prefixed ? `${object.kind.toLowerCase()}/${object.name}` : object.name;
  if (object.kind === 'Node') return [name, ...nodeRow(object, now, options.wide)];
  return [...(options.allNamespaces ? ['default'] : []), name, ...podRow(object, now, options.wide)];
}

/** text/tabwriter with minwidth 6 and padding 3; a later row may make the columns wider, never narrower. */
export class Table {
  #widths: number[] = [];
  #started = false;
  constructor(
    private readonly kind: KubeObject['kind'],
    private readonly options: TableOptions,
  ) {}

  text(objects: readonly KubeObject[], now: SimTime): string {
    const { headers, wide, allNamespaces } = this.options;
    const [columns, more] = this.kind === 'Node' ? [NODE_COLUMNS, NODE_WIDE] : [POD_COLUMNS, POD_WIDE];
    const head = [
      ...(allNamespaces && this.kind === 'Pod' ? ['NAMESPACE'] : []),
      ...columns,
      ...(wide ? more : []),
    ];
    const rows = objects.map((object) => cells(object, now, this.options));
    const lines = headers && !this.#started ? [head, ...rows] : rows;
    this.#started = true;
    for (const line of lines) {
      line.forEach((cell, i) => {
        this.#widths[i] = Math.max(this.#widths[i] ?? 6, cell.length + 3);
      });
    }
    return lines.map((line) => `${this.#line(line)}\n`).join('');
  }

  #line(line: readonly string[]): string {
    const last = line.length - 1;
    return line.map((cell, i) => (i === last ? cell : cell.padEnd(this.#widths[i] ?? 0))).join('');
  }
}
