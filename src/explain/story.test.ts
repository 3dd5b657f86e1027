import { describe, expect, it } from 'vitest';
import { message } from './format';
import { changedRows, usedRows } from './marks';
import { computeSteps } from './steps';
import { Sketch, route } from './testing/sketch';
import { drawVxlanPing } from './testing/vxlan';
import { transcript } from './transcript';
import type { Lang, Step, Why } from './types';
import { why } from './why';

const ping = drawVxlanPing();
const steps = computeSteps(ping);
const titles = (lang: Lang, of: readonly Step[] = steps): string[] =>
  of.map((step) => message(lang, step.title));
function stepAbout(words: string): Step {
  const step = steps.find((s) => message('en', s.title).includes(words));
  if (!step) throw new Error(`no step about ${words}`);
  return step;
}
const say = (answer: Why | undefined, lang: Lang = 'en'): string[] => [
  ...(answer ? [message(lang, answer.lead)] : []),
  ...(answer?.sections ?? []).flatMap((part) => [
    ...part.rows.map((row) => `${row.won ? '✓' : '✗'} ${row.text} — ${message(lang, row.reason)}`),
    ...part.notes.map((note) => message(lang, note)),
  ]),
];

describe('a cold ping over VXLAN', () => {
  it('is told in English', () => {
    expect(titles('en')).toMatchInlineSnapshot(`
      [
        "node1 changes 2 rows in interfaces",
        "flanneld on node1 hears from etcd of 10.1.16.0-24: writes neighbour, FDB entry, route",
        "container-1 runs ping -c 1 10.1.16.3",
        "container-1 makes the echo request for 10.1.16.3: next hop 10.1.15.1",
        "container-1 asks everyone on eth0: who has 10.1.15.1?",
        "docker0 passes the ARP request up to node1: there is no other port",
        "node1 answers 10.1.15.2: 10.1.15.1 is at 02:42:0a:01:0f:01",
        "docker0 switches the ARP reply to port veth1",
        "container-1 learns: 10.1.15.1 is at 02:42:0a:01:0f:01",
        "container-1 sends the echo request to its next hop 10.1.15.1",
        "docker0 takes the echo request up: it is for the bridge’s own MAC",
        "node1 looks up 10.1.16.3: next hop 10.1.16.0, out through flannel.1",
        "node1 forwards the echo request: docker0 → flannel.1, TTL 64 → 63",
        "flannel.1 knows the MAC of 10.1.16.0: PERMANENT entry by flanneld",
        "flannel.1 finds the host behind that MAC: 10.168.0.3",
        "flannel.1 looks up the host 10.168.0.3: directly on eth0",
        "flannel.1 wraps the frame for 10.168.0.3: VXLAN, UDP and IP in front",
        "node1 sends the VXLAN packet to 10.168.0.3",
        "node2 receives the VXLAN packet: 10.168.0.3 is its own address",
        "flannel.1 unwraps it: VNI 1 is its own, out comes the echo request",
        "ping prints: 64 bytes from 10.1.16.3: icmp_seq=1 ttl=62 time=0.170 ms",
      ]
    `);
  });

  it('is told in Chinese', () => {
    expect(titles('zh')).toMatchInlineSnapshot(`
      [
        "node1 的网络设备有 2 条变化",
        "node1 上的 flanneld 从 etcd 得知 10.1.16.0-24：写入邻居、FDB 表项和路由",
        "container-1 执行 ping -c 1 10.1.16.3",
        "container-1 构造发往 10.1.16.3 的 ICMP 回显请求：下一跳 10.1.15.1",
        "container-1 在 eth0 上广播 ARP：谁是 10.1.15.1？",
        "docker0 没有别的端口，只把 ARP 请求上交给 node1",
        "node1 应答 10.1.15.2：10.1.15.1 的 MAC 是 02:42:0a:01:0f:01",
        "docker0 把 ARP 应答转发到端口 veth1",
        "container-1 得知：10.1.15.1 的 MAC 是 02:42:0a:01:0f:01",
        "container-1 把 ICMP 回显请求发给下一跳 10.1.15.1",
        "docker0 收下 ICMP 回显请求：目的 MAC 就是网桥自己",
        "node1 查路由：去 10.1.16.3 的下一跳是 10.1.16.0，从 flannel.1 发出",
        "node1 转发 ICMP 回显请求：docker0 → flannel.1，TTL 64 → 63",
        "flannel.1 知道 10.1.16.0 的 MAC：flanneld 写入的 PERMANENT 表项",
        "flannel.1 查 FDB：这个 MAC 在主机 10.168.0.3 上",
        "flannel.1 查外层路由：主机 10.168.0.3 直连在 eth0 上",
        "flannel.1 封装，发往 10.168.0.3：前面加上 VXLAN、UDP、IP 头",
        "node1 把 VXLAN 报文发给 10.168.0.3",
        "node2 收下 VXLAN 报文：10.168.0.3 是自己的地址",
        "flannel.1 解封装：VNI 1 正是自己的，取出 ICMP 回显请求",
        "ping 输出：64 bytes from 10.1.16.3: icmp_seq=1 ttl=62 time=0.170 ms",
      ]
    `);
  });

  it('keeps titles short', () => {
    for (const lang of ['en', 'zh'] as const)
      for (const title of titles(lang)) expect(title.length).toBeLessThanOrEqual(90);
  });

  it('belongs to the command, except for what came before', () => {
    expect(steps.map((step) => step.command)).toEqual(steps.map((step) => (step.isBoot ? -1 : 0)));
    expect(steps.filter((step) => step.isBoot).length).toBe(2);
  });

  it('says why a route won', () => {
    const step = stepAbout('node1 looks up 10.1.16.3');
    const answer = why(step, ping);
    expect(say(answer)).toEqual([
      'Both routes contain 10.1.16.3; the longest prefix wins.',
      '✓ 10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink — matches with 24 bits: no longer prefix does',
      '✗ default via 10.168.0.1 dev eth0 — matches, but with 0 bits: used only if nothing longer matches',
    ]);
    expect(answer?.command).toEqual({
      netns: 'node1',
      text: 'ip route get 10.1.16.3 from 10.1.15.2 iif docker0',
    });
    expect(answer?.kernel).toContain('fib_table_lookup');
    const [routes] = usedRows(step, ping);
    expect(routes?.table).toBe('route');
    expect(routes?.match(route('10.1.16.0/24', 'flannel.1', '10.1.16.0', ['onlink']))).toBe(true);
    expect(routes?.match(route('default', 'eth0', '10.168.0.1'))).toBe(false);
  });

  it('says who wrote what the tunnel needs', () => {
    expect(say(why(stepAbout('knows the MAC of 10.1.16.0'), ping))).toEqual([
      '10.1.16.0 is in the neighbour table: its MAC is 5e:f8:4f:00:e3:37.',
      '✓ 10.1.16.0 dev flannel.1 lladdr 5e:f8:4f:00:e3:37 PERMANENT — found for 10.1.16.0, written by flanneld',
      'PERMANENT: written by hand or by a daemon; never asked, never ages.',
    ]);
    expect(say(why(stepAbout('finds the host'), ping), 'zh')).toEqual([
      'flannel.1 的 FDB 写明：MAC 为 5e:f8:4f:00:e3:37 的 VTEP 在主机 10.168.0.3 上。',
      '✓ 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self permanent — 按 5e:f8:4f:00:e3:37 查到，由 flanneld 写入',
    ]);
  });

  it('shows the three rows that flanneld writes in one step', () => {
    const step = stepAbout('hears from etcd');
    expect(changedRows(step, ping).map((e) => e.table)).toEqual(['neigh', 'fdb', 'route']);
    expect(say(why(step, ping)).slice(1)).toEqual([
      '✓ 10.1.16.0 dev flannel.1 lladdr 5e:f8:4f:00:e3:37 PERMANENT — new, written by flanneld',
      '✓ 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3 self permanent — new, written by flanneld',
      '✓ 10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink — new, written by flanneld',
    ]);
  });

  it('shows what a bridge learned beside what it decided', () => {
    expect(say(why(stepAbout('passes the ARP request up'), ping))).toContain(
      '✓ 02:42:0a:01:0f:02 dev veth1 master docker0 — learned from the sender of this frame',
    );
  });

  it('has a transcript that leaves set-up out unless asked', () => {
    const lines = transcript(ping, 'en');
    expect(lines[0]).toBe(
      '    0.000000  container-1  container-1 runs `ping -c 1 10.1.16.3` (PING 10.1.16.3 (10.1.16.3) 56(84) bytes of data.)'.replaceAll(
        '`',
        '',
      ),
    );
    expect(lines.some((line) => line.includes('flanneld on node1'))).toBe(false);
    expect(transcript(ping, 'en', { boot: true }).some((line) => line.includes('flanneld on node1'))).toBe(
      true,
    );
    expect(transcript(ping, 'en', { follow: 7 })).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('ends a step with the drop and says what to look at', () => {
    const t = new Sketch().in('node1');
    const packet = t.echo('request', '10.1.15.2', '9.9.9.9');
    t.add({ kind: 'rx', dev: 'docker0', frame: packet, pkt: 'host' });
    t.fib('9.9.9.9', [], {
      direction: 'input',
      frame: packet,
      flow: { dst: '9.9.9.9', src: '10.1.15.2', iif: 'docker0' },
    });
    t.add({
      kind: 'drop',
      dev: 'docker0',
      frame: packet,
      reason: 'IP_INNOROUTES',
      where: 'ip_error',
      detail: { dst: '9.9.9.9' },
    });
    t.fib('10.1.15.2', [route('10.1.15.0/24', 'docker0')]);
    t.add({ kind: 'icmp-error', frame: packet, type: 3, code: 0, info: 0, to: '10.1.15.2', verdict: 'sent' });
    const told = computeSteps(t);
    expect(titles('en', told)).toEqual([
      'node1 drops the echo request: no route',
      'node1 reports to 10.1.15.2: network unreachable',
    ]);
    expect(titles('zh', told)).toEqual([
      'node1 丢弃 ICMP 回显请求：没有路由',
      'node1 向 10.1.15.2 报告：网络不可达',
    ]);
    expect(told.map((step) => step.isDrop)).toEqual([true, false]);
    const [first] = told;
    expect(say(first && why(first, t))).toEqual([
      'No route for a packet that came in: the kernel does not know where to send it.',
      'dst 9.9.9.9',
      'Look at the route table: which row should have matched?',
      'No row.',
    ]);
  });

  it('tells a refused command in the kernel’s words', () => {
    const t = new Sketch().in('node1');
    const text = 'ip route add 10.1.16.0/24 via 10.1.16.0 dev flannel.1';
    const command = t.add({ kind: 'command', command: 3, text, origin: 'journal' }, -1);
    t.add({
      kind: 'netlink',
      by: 'ip',
      request: 'RTM_NEWROUTE',
      text,
      error: 'Error: Nexthop has invalid gateway.',
    });
    t.add(
      { kind: 'output', command: 3, stream: 'stderr', text: 'Error: Nexthop has invalid gateway.\n' },
      command,
    );
    t.add({ kind: 'exit', command: 3, exit: 2 }, command);
    const told = computeSteps(t);
    expect(titles('en', told)).toEqual([`node1 runs ${text}: refused`]);
    const [step] = told;
    expect(step && message('en', step.detail)).toBe('Error: Nexthop has invalid gateway.');
    expect(step?.command).toBe(3);
  });

  it('asks again, gives up, and names the neighbour', () => {
    const t = new Sketch().in('node1');
    const packet = t.echo('request', '10.1.15.2', '10.1.16.99');
    const start = t.add({ kind: 'origin', frame: packet, by: 'ping' }, -1);
    const ask = (): void => {
      const request = t
        .in('node1')
        .arp('request', ['10.1.16.1', '02:42:0a:01:10:01'], ['10.1.16.99', '00:00:00:00:00:00']);
      t.add({ kind: 'origin', frame: request, by: 'arp_solicit' }, start);
      t.add({ kind: 'tx', dev: 'docker0', frame: request });
    };
    ask();
    ask();
    const row = { dst: '10.1.16.99', dev: 'docker0' };
    t.in('node1').add(
      {
        kind: 'change',
        table: 'neigh',
        key: 'n',
        before: { ...row, state: ['INCOMPLETE'] },
        after: { ...row, state: ['FAILED'] },
      },
      start,
    );
    t.add({ kind: 'drop', frame: packet, reason: 'NEIGH_FAILED', where: 'neigh_invalidate' }, start);
    expect(titles('en', computeSteps(t))).toEqual([
      'ping on node1 makes the echo request',
      'node1 asks again on docker0: who has 10.1.16.99?',
      'node1 asks again on docker0: who has 10.1.16.99?',
      'node1 drops the echo request: no neighbour',
    ]);
  });
});
