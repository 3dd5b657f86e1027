/** Flannel's backends, and what happens around them. */
import flannelHostGwLessonEn from './flannel-host-gw/lesson.en.md?raw';
import flannelHostGwLessonZh from './flannel-host-gw/lesson.zh.md?raw';
import flannelHostGw from './flannel-host-gw/scenario.json';
import flannelMasqueradeLessonEn from './flannel-masquerade/lesson.en.md?raw';
import flannelMasqueradeLessonZh from './flannel-masquerade/lesson.zh.md?raw';
import flannelMasquerade from './flannel-masquerade/scenario.json';
import flannelMtuLessonEn from './flannel-mtu/lesson.en.md?raw';
import flannelMtuLessonZh from './flannel-mtu/lesson.zh.md?raw';
import flannelMtu from './flannel-mtu/scenario.json';
import flannelUdpLessonEn from './flannel-udp/lesson.en.md?raw';
import flannelUdpLessonZh from './flannel-udp/lesson.zh.md?raw';
import flannelUdp from './flannel-udp/scenario.json';
import flannelVxlanLessonEn from './flannel-vxlan/lesson.en.md?raw';
import flannelVxlanLessonZh from './flannel-vxlan/lesson.zh.md?raw';
import flannelVxlan from './flannel-vxlan/scenario.json';
import flannelVxlanJoinLessonEn from './flannel-vxlan-join/lesson.en.md?raw';
import flannelVxlanJoinLessonZh from './flannel-vxlan-join/lesson.zh.md?raw';
import flannelVxlanJoin from './flannel-vxlan-join/scenario.json';
import { captured, rebuilt, network, type CatalogueItem } from './item';

export const FLANNEL: readonly CatalogueItem[] = [
  network(flannelUdp, {
    group: 'flannel',
    title: { en: 'Flannel UDP', zh: 'Flannel UDP' },
    summary: {
      en: 'The oldest backend: flannel0 is a TUN device, and flanneld carries every packet through user space. Three copies to send one packet, a TTL of 60 on arrival, and no network when the daemon stops.',
      zh: '最早的后端：flannel0 是 TUN 设备，每个包都由 flanneld 搬过用户态。发送一个包要复制三次，到达时 TTL 为 60，守护进程一停网络就断。',
    },
    lesson: { en: flannelUdpLessonEn, zh: flannelUdpLessonZh },
    compared: captured('flannel-udp'),
  }),
  network(flannelVxlan, {
    group: 'flannel',
    title: { en: 'Flannel VXLAN', zh: 'Flannel VXLAN' },
    summary: {
      en: 'Containers on two nodes, each node with a subnet of its own. flannel.1 wraps whole frames in UDP between the nodes; route, neighbour and FDB entries written by flanneld say where to.',
      zh: '两个节点上的容器，每个节点有自己的子网。flannel.1 把整个帧装进节点之间的 UDP 包；去向由 flanneld 写入的路由、邻居和 FDB 决定。',
    },
    lesson: { en: flannelVxlanLessonEn, zh: flannelVxlanLessonZh },
    compared: captured('flannel-vxlan'),
  }),
  network(flannelHostGw, {
    group: 'flannel',
    title: { en: 'Flannel host-gw', zh: 'Flannel host-gw' },
    summary: {
      en: 'Two nodes on one layer-2 segment. One route per peer makes the other node the gateway of its pods: nothing is encapsulated, only the MAC addresses change on the way.',
      zh: '同一二层网段上的两个节点。为每个对端写一条路由，让对方节点充当其 Pod 的网关：没有封装，途中只有 MAC 地址在变。',
    },
    lesson: { en: flannelHostGwLessonEn, zh: flannelHostGwLessonZh },
    compared: captured('hostgw'),
  }),
  network(flannelVxlanJoin, {
    group: 'flannel',
    title: { en: 'A node joins', zh: '一个节点加入' },
    summary: {
      en: 'flanneld starts on node2: it takes a lease in etcd, node1 hears of it by its watch and writes neighbour, FDB entry and route. Then the first ping works.',
      zh: 'flanneld 在 node2 上启动：在 etcd 中取得租约，node1 通过 watch 得知，写入邻居、FDB 表项和路由。随后第一个 ping 就通了。',
    },
    lesson: { en: flannelVxlanJoinLessonEn, zh: flannelVxlanJoinLessonZh },
    compared: rebuilt(),
  }),
  network(flannelMtu, {
    group: 'flannel',
    title: { en: 'Too big for the tunnel', zh: '隧道装不下' },
    summary: {
      en: 'Containers with MTU 1500 over a tunnel of 1450: fragments without DF, “frag needed” with it, a remembered path MTU, and an underlay that fragments the outer packets.',
      zh: '容器 MTU 1500，隧道 1450：没有 DF 就分片，有 DF 就收到 “frag needed”，路径 MTU 被记住，最后是底层网络对外层包的分片。',
    },
    lesson: { en: flannelMtuLessonEn, zh: flannelMtuLessonZh },
    compared: rebuilt(),
  }),
  network(flannelMasquerade, {
    group: 'flannel',
    title: { en: 'Who is masqueraded', zh: '谁会被地址伪装' },
    summary: {
      en: 'flanneld --ip-masq with --kube-subnet-mgr: pods keep their address inside the cluster and take the node’s outside. One chain of rules, read from top to bottom.',
      zh: 'flanneld 使用 --ip-masq 与 --kube-subnet-mgr：Pod 在集群内保留地址，对外则用节点地址。一条规则链，从上往下读。',
    },
    lesson: { en: flannelMasqueradeLessonEn, zh: flannelMasqueradeLessonZh },
    compared: rebuilt(),
  }),
];
