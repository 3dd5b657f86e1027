/** What is offered: descriptions and sources, without the simulation, so that a page can list them cheaply. */
import type { JournalEntry } from '../sim/index';
import dockerLessonEn from './docker-bridge/lesson.en.md?raw';
import dockerLessonZh from './docker-bridge/lesson.zh.md?raw';
import dockerBridge from './docker-bridge/scenario.json';
import hostGwLessonEn from './flannel-host-gw/lesson.en.md?raw';
import hostGwLessonZh from './flannel-host-gw/lesson.zh.md?raw';
import flannelHostGw from './flannel-host-gw/scenario.json';
import vxlanLessonEn from './flannel-vxlan/lesson.en.md?raw';
import vxlanLessonZh from './flannel-vxlan/lesson.zh.md?raw';
import flannelVxlan from './flannel-vxlan/scenario.json';
import { readScript } from './script';
import bridgeScript from './scripts/bridge.sh?raw';
import proxyArpScript from './scripts/proxy-arp.sh?raw';
import routerScript from './scripts/router.sh?raw';
import twoNamespacesScript from './scripts/two-namespaces.sh?raw';
import vxlanScript from './scripts/vxlan.sh?raw';
import { SECOND_NS, type Bilingual } from './types';

/** What a scenario was checked against. */
export interface Compared {
  /** Name of the capture. */
  readonly capture: string;
  readonly kernel: string;
  /** ISO date. */
  readonly on: string;
  readonly what: Bilingual;
}

export interface CatalogueItem {
  readonly id: string;
  readonly kind: 'network' | 'script';
  readonly title: Bilingual;
  /** One paragraph. */
  readonly summary: Bilingual;
  /** Headings (`##`), paragraphs, inline code and fenced code. */
  readonly lesson: Bilingual;
  readonly journal: readonly JournalEntry[];
  /** Absent for the example scripts, which were compared with nothing. */
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

function compared(capture: string): Compared {
  return {
    capture,
    kernel: 'Linux 6.18',
    on: '2026-11-21',
    what: {
      en: 'Frames on every interface, in order and byte for byte, and the route, neighbour and FDB tables before and after. Left open: IP ids, VXLAN source ports, checksums that depend on them, times.',
      zh: '每个接口上的帧（顺序与每个字节），以及前后的路由表、邻居表和 FDB。不比较：IP id、VXLAN 源端口、由它们决定的校验和、时间。',
    },
  };
}

function network(
  file: FileWithJournal & { readonly name: string },
  capture: string,
  texts: Pick<CatalogueItem, 'title' | 'summary' | 'lesson'>,
): CatalogueItem {
  return {
    id: file.name,
    kind: 'network',
    ...texts,
    journal: openingJournal(file),
    compared: compared(capture),
    source: { kind: 'json', value: file },
  };
}

function script(id: string, text: string, title: Bilingual, summary: Bilingual): CatalogueItem {
  const read = readScript(text, id);
  const shown = (intro: string) => `${intro}\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
  return {
    id,
    kind: 'script',
    title,
    summary,
    lesson: { en: shown(`## ${title.en}\n\n${summary.en}`), zh: shown(`## ${title.zh}\n\n${summary.zh}`) },
    journal: read.ok ? read.value.journal : [],
    source: { kind: 'script', text },
  };
}

const NETWORKS: readonly CatalogueItem[] = [
  network(dockerBridge, 'docker0', {
    title: { en: 'Docker bridge', zh: 'Docker 网桥' },
    summary: {
      en: 'Two containers on one host, joined by the bridge docker0. nginx-1 pings nginx-2: an ARP broadcast is flooded, the bridge learns two addresses, and the ping crosses two veth pairs without being routed.',
      zh: '一台主机上的两个容器，通过网桥 docker0 相连。nginx-1 ping nginx-2：ARP 广播被泛洪，网桥学到两个地址，ping 穿过两对 veth，全程没有路由。',
    },
    lesson: { en: dockerLessonEn, zh: dockerLessonZh },
  }),
  network(flannelVxlan, 'flannel-vxlan', {
    title: { en: 'Flannel VXLAN', zh: 'Flannel VXLAN' },
    summary: {
      en: 'Containers on two nodes, each node with a subnet of its own. flannel.1 wraps whole frames in UDP between the nodes; route, neighbour and FDB entries written by flanneld say where to.',
      zh: '两个节点上的容器，每个节点有自己的子网。flannel.1 把整个帧装进节点之间的 UDP 包；去向由 flanneld 写入的路由、邻居和 FDB 决定。',
    },
    lesson: { en: vxlanLessonEn, zh: vxlanLessonZh },
  }),
  network(flannelHostGw, 'hostgw', {
    title: { en: 'Flannel host-gw', zh: 'Flannel host-gw' },
    summary: {
      en: 'Two nodes on one layer-2 segment. One route per peer makes the other node the gateway of its pods: nothing is encapsulated, only the MAC addresses change on the way.',
      zh: '同一二层网段上的两个节点。为每个对端写一条路由，让对方节点充当其 Pod 的网关：没有封装，途中只有 MAC 地址在变。',
    },
    lesson: { en: hostGwLessonEn, zh: hostGwLessonZh },
  }),
];

const SCRIPTS: readonly CatalogueItem[] = [
  script(
    'script-two-namespaces',
    twoNamespacesScript,
    { en: 'Script: two namespaces', zh: '脚本：两个命名空间' },
    {
      en: 'The smallest network there is: two network namespaces and a veth pair between them.',
      zh: '最小的网络：两个网络命名空间，中间一对 veth。',
    },
  ),
  script(
    'script-bridge',
    bridgeScript,
    { en: 'Script: three namespaces on a bridge', zh: '脚本：网桥上的三个命名空间' },
    {
      en: 'What dockerd does, typed by hand: a bridge with an address, three namespaces plugged into it.',
      zh: '手工完成 dockerd 所做的事：一个有地址的网桥，接上三个命名空间。',
    },
  ),
  script(
    'script-router',
    routerScript,
    { en: 'Script: two LANs and a router', zh: '脚本：两个局域网和一台路由器' },
    {
      en: 'Two switches, two hosts, and a namespace that forwards between them. Ping and traceroute show where the TTL goes.',
      zh: '两台交换机、两台主机，以及在它们之间转发的命名空间。用 ping 和 traceroute 看 TTL 的变化。',
    },
  ),
  script(
    'script-vxlan',
    vxlanScript,
    { en: 'Script: a VXLAN by hand', zh: '脚本：手工搭建 VXLAN' },
    {
      en: 'Two hosts and a VXLAN segment between them, with FDB and neighbour entries written by hand as flanneld writes them.',
      zh: '两台主机之间的 VXLAN 网段，FDB 和邻居项像 flanneld 那样手工写入。',
    },
  ),
  script(
    'script-proxy-arp',
    proxyArpScript,
    { en: 'Script: routed pods and proxy ARP', zh: '脚本：路由的 Pod 与代理 ARP' },
    {
      en: 'No bridge: every pod has a /32 and the gateway 169.254.1.1, which no one owns; the host answers for it.',
      zh: '没有网桥：每个 Pod 有一个 /32 地址，网关 169.254.1.1 不属于任何人，由主机代为应答 ARP。',
    },
  ),
];

export const items: readonly CatalogueItem[] = [...NETWORKS, ...SCRIPTS];
