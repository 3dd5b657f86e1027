/** Example scripts: networks typed by hand. */
import type { CatalogueItem } from './item';
import { readScript } from './script';
import bridgeScript from './scripts/bridge.sh?raw';
import proxyArpScript from './scripts/proxy-arp.sh?raw';
import routerScript from './scripts/router.sh?raw';
import twoNamespacesScript from './scripts/two-namespaces.sh?raw';
import vxlanScript from './scripts/vxlan.sh?raw';
import type { Bilingual } from './types';

function script(id: string, text: string, title: Bilingual, summary: Bilingual): CatalogueItem {
  const read = readScript(text, id);
  const shown = (intro: string) => `${intro}\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
  return {
    id,
    kind: 'script',
    group: 'script',
    title,
    summary,
    lesson: { en: shown(`## ${title.en}\n\n${summary.en}`), zh: shown(`## ${title.zh}\n\n${summary.zh}`) },
    journal: read.ok ? read.value.journal : [],
    source: { kind: 'script', text },
  };
}

export const SCRIPTS: readonly CatalogueItem[] = [
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
