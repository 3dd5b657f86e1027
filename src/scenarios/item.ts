/** What a catalogue entry is made of. */
import type { JournalEntry } from '../sim/index';
import { SECOND_NS, type Bilingual } from './types';

/** What a scenario was checked against. */
export interface Compared {
  /** A capture that was recorded once, or the lab, which rebuilds the scenario on a real kernel whenever it runs. */
  readonly by: 'capture' | 'lab';
  /** Name of the capture. */
  readonly capture?: string;
  readonly kernel: string;
  /** ISO date. */
  readonly on: string;
  readonly what: Bilingual;
}

export type Group = 'docker' | 'flannel' | 'routes' | 'script';

export interface CatalogueItem {
  readonly id: string;
  readonly kind: 'network' | 'script';
  readonly group: Group;
  /** Something is wrong in it, and finding out what is the exercise. */
  readonly puzzle?: boolean;
  readonly title: Bilingual;
  /** One paragraph. */
  readonly summary: Bilingual;
  /** Headings (`##`), paragraphs, inline code and fenced code. */
  readonly lesson: Bilingual;
  readonly journal: readonly JournalEntry[];
  /** Absent for the example scripts, whose lab cases are named in `lab/`. */
  readonly compared?: Compared;
  readonly source:
    { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'script'; readonly text: string };
}

interface FileWithJournal {
  readonly journal: readonly { readonly netns: string; readonly command: string; readonly at?: number }[];
}

function openingJournal(file: FileWithJournal): JournalEntry[] {
  return file.journal.map(({ netns, command, at }) => ({
    netns,
    command,
    ...(at === undefined ? {} : { at: Math.round(at * SECOND_NS) }),
  }));
}

const KERNEL = 'Linux 6.18';
const ON = '2026-11-21';

/** Compared with a capture of the same network on a real kernel (`testdata/<id>.golden.json`). */
export function captured(capture: string): Compared {
  return {
    by: 'capture',
    capture,
    kernel: KERNEL,
    on: ON,
    what: {
      en: 'Frames on every interface, in order and byte for byte, and the route, neighbour and FDB tables before and after. Left open: IP ids, VXLAN source ports, checksums that depend on them, times.',
      zh: '每个接口上的帧（顺序与每个字节），以及前后的路由表、邻居表和 FDB。不比较：IP id、VXLAN 源端口、由它们决定的校验和、时间。',
    },
  };
}

/** Rebuilt in network namespaces of a real kernel and compared by `npm run lab`. */
export function rebuilt(): Compared {
  return {
    by: 'lab',
    kernel: KERNEL,
    on: ON,
    what: {
      en: 'Rebuilt in network namespaces: frames on every interface, all tables before and after, what the commands print. Daemons themselves are not run there; what they write is. Left open: ids, ports and numbers drawn by chance, checksums that depend on them, times.',
      zh: '在网络命名空间中重建：每个接口上的帧、前后的所有表、命令的输出。守护进程本身不在其中运行，但它们写入的内容在。不比较：随机的 id、端口与序号，由它们决定的校验和、时间。',
    },
  };
}

export function network(
  file: FileWithJournal & { readonly name: string },
  more: Pick<CatalogueItem, 'group' | 'title' | 'summary' | 'lesson' | 'compared' | 'puzzle'>,
): CatalogueItem {
  return {
    id: file.name,
    kind: 'network',
    ...more,
    journal: openingJournal(file),
    source: { kind: 'json', value: file },
  };
}
