/** Networks of one Docker host. */
import dockerBridgeLessonEn from './docker-bridge/lesson.en.md?raw';
import dockerBridgeLessonZh from './docker-bridge/lesson.zh.md?raw';
import dockerBridge from './docker-bridge/scenario.json';
import dockerHostNetworkLessonEn from './docker-host-network/lesson.en.md?raw';
import dockerHostNetworkLessonZh from './docker-host-network/lesson.zh.md?raw';
import dockerHostNetwork from './docker-host-network/scenario.json';
import dockerHostToContainerLessonEn from './docker-host-to-container/lesson.en.md?raw';
import dockerHostToContainerLessonZh from './docker-host-to-container/lesson.zh.md?raw';
import dockerHostToContainer from './docker-host-to-container/scenario.json';
import dockerInternetLessonEn from './docker-internet/lesson.en.md?raw';
import dockerInternetLessonZh from './docker-internet/lesson.zh.md?raw';
import dockerInternet from './docker-internet/scenario.json';
import dockerPublishedPortLessonEn from './docker-published-port/lesson.en.md?raw';
import dockerPublishedPortLessonZh from './docker-published-port/lesson.zh.md?raw';
import dockerPublishedPort from './docker-published-port/scenario.json';
import dockerThreeLessonEn from './docker-three/lesson.en.md?raw';
import dockerThreeLessonZh from './docker-three/lesson.zh.md?raw';
import dockerThree from './docker-three/scenario.json';
import { captured, rebuilt, network, type CatalogueItem } from './item';

export const DOCKER: readonly CatalogueItem[] = [
  network(dockerBridge, {
    group: 'docker',
    title: { en: 'Docker bridge', zh: 'Docker 网桥' },
    summary: {
      en: 'Two containers on one host, joined by the bridge docker0. nginx-1 pings nginx-2: an ARP broadcast is flooded, the bridge learns two addresses, and the ping crosses two veth pairs without being routed.',
      zh: '一台主机上的两个容器，通过网桥 docker0 相连。nginx-1 ping nginx-2：ARP 广播被泛洪，网桥学到两个地址，ping 穿过两对 veth，全程没有路由。',
    },
    lesson: { en: dockerBridgeLessonEn, zh: dockerBridgeLessonZh },
    compared: captured('docker0'),
  }),
  network(dockerThree, {
    group: 'docker',
    title: { en: 'Docker bridge, three containers', zh: 'Docker 网桥，三个容器' },
    summary: {
      en: 'The same bridge with a third container that nobody speaks to. The ARP request is flooded to all ports, everything after it goes to one: watch what nginx-3 gets to see, and from what the bridge learns.',
      zh: '同一个网桥，多了一个无人与之通信的容器。ARP 请求被泛洪到所有端口，之后的一切只送往一个端口：看看 nginx-3 能看到什么，网桥又是从哪里学到地址的。',
    },
    lesson: { en: dockerThreeLessonEn, zh: dockerThreeLessonZh },
    compared: captured('docker0-three'),
  }),
  network(dockerHostToContainer, {
    group: 'docker',
    title: { en: 'Host to container, traced', zh: '从宿主机到容器，全程跟踪' },
    summary: {
      en: 'The host pings a container through docker0, with TRACE rules in place: the kernel log tells which tables and chains the packet passed, line by line.',
      zh: '宿主机经过 docker0 ping 一个容器，并设置了 TRACE 规则：内核日志逐行说明包经过了哪张表、哪条链。',
    },
    lesson: { en: dockerHostToContainerLessonEn, zh: dockerHostToContainerLessonZh },
    compared: captured('docker0-host'),
  }),
  network(dockerHostNetwork, {
    group: 'docker',
    title: { en: 'Host network', zh: '宿主机网络' },
    summary: {
      en: 'A container with --net=host has no namespace, no veth and no address of its own: its port is the host’s port. A second one wants the same port, does not get it, and exits.',
      zh: '使用 --net=host 的容器没有命名空间、没有 veth、没有自己的地址：它的端口就是宿主机的端口。第二个容器想要同一个端口，拿不到，只好退出。',
    },
    lesson: { en: dockerHostNetworkLessonEn, zh: dockerHostNetworkLessonZh },
    compared: rebuilt(),
  }),
  network(dockerPublishedPort, {
    group: 'docker',
    title: { en: 'A published port', zh: '发布端口' },
    summary: {
      en: 'A client outside asks the host on port 8080 and gets nginx-1’s page: DNAT before the route, a forward rule for this port, and a reply whose source is put back from memory.',
      zh: '外部客户端访问宿主机的 8080 端口，得到 nginx-1 的页面：选路之前做 DNAT，FORWARD 里有专门的放行规则，应答的源地址凭连接表改回。',
    },
    lesson: { en: dockerPublishedPortLessonEn, zh: dockerPublishedPortLessonZh },
    compared: rebuilt(),
  }),
  network(dockerInternet, {
    group: 'docker',
    title: { en: 'Out to the internet', zh: '访问外网' },
    summary: {
      en: 'A container pings and fetches from a server outside. MASQUERADE puts the host’s address on the packets; the replies are given back to the container before the route is looked up.',
      zh: '容器 ping 并访问外部服务器。MASQUERADE 把宿主机的地址写到包上；应答在查路由之前就被还给容器。',
    },
    lesson: { en: dockerInternetLessonEn, zh: dockerInternetLessonZh },
    compared: rebuilt(),
  }),
];
