/** Routes between hosts, written by hand or refused. */
import cni0TwoHostsLessonEn from './cni0-two-hosts/lesson.en.md?raw';
import cni0TwoHostsLessonZh from './cni0-two-hosts/lesson.zh.md?raw';
import cni0TwoHosts from './cni0-two-hosts/scenario.json';
import cni0WrongRouteLessonEn from './cni0-wrong-route/lesson.en.md?raw';
import cni0WrongRouteLessonZh from './cni0-wrong-route/lesson.zh.md?raw';
import cni0WrongRoute from './cni0-wrong-route/scenario.json';
import hostGwTwoSubnetsLessonEn from './host-gw-two-subnets/lesson.en.md?raw';
import hostGwTwoSubnetsLessonZh from './host-gw-two-subnets/lesson.zh.md?raw';
import hostGwTwoSubnets from './host-gw-two-subnets/scenario.json';
import { captured, rebuilt, network, type CatalogueItem } from './item';

export const ROUTES: readonly CatalogueItem[] = [
  network(cni0TwoHosts, {
    group: 'routes',
    title: { en: 'Two hosts, one route', zh: '两台主机，一条路由' },
    summary: {
      en: 'host-gw typed by hand, and the question whether a route’s src rewrites a forwarded packet’s source, answered by trying: it does not, MASQUERADE does.',
      zh: '手工敲出的 host-gw，并用实验回答一个问题：路由的 src 会改写转发包的源地址吗？不会；MASQUERADE 才会。',
    },
    lesson: { en: cni0TwoHostsLessonEn, zh: cni0TwoHostsLessonZh },
    compared: captured('seed001'),
  }),
  network(cni0WrongRoute, {
    group: 'routes',
    puzzle: true,
    title: { en: 'Puzzle: the wrong route', zh: '谜题：错误的路由' },
    summary: {
      en: 'A route copied from a page, taken by the kernel without complaint, and no ping gets through. Find out what it really says.',
      zh: '一条照抄来的路由，内核毫无怨言地接受，却没有一个 ping 能通。找出它到底说了什么。',
    },
    lesson: { en: cni0WrongRouteLessonEn, zh: cni0WrongRouteLessonZh },
    compared: rebuilt(),
  }),
  network(hostGwTwoSubnets, {
    group: 'routes',
    title: { en: 'host-gw across a router', zh: '跨路由器的 host-gw' },
    summary: {
      en: 'The nodes are in two subnets. The kernel refuses the route, the router knows nothing of pods, and onlink only moves the failure elsewhere.',
      zh: '节点位于两个子网。内核拒绝这条路由，路由器不认识 Pod，而 onlink 只是把失败换了个地方。',
    },
    lesson: { en: hostGwTwoSubnetsLessonEn, zh: hostGwTwoSubnetsLessonZh },
    compared: rebuilt(),
  }),
];
