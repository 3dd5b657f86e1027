/** Hooks, rules, NAT and the kernel's log, told from real runs. */
import { describe, expect, it } from 'vitest';
import type { Trace } from '../sim';
import { message } from './format';
import { rulesTried, usedRows } from './marks';
import { computeSteps } from './steps';
import { natTrace, runScript } from './testing/nat';
import type { Step, WhyRow } from './types';
import { why } from './why';

const MASQUERADE = 'iptables -t nat -A POSTROUTING -s 10.0.1.0/24 -o r1 -j MASQUERADE';
const PING = 'ip netns exec client ping -c 1 10.0.2.2';
const CHAINS = [
  'iptables -P FORWARD DROP',
  'iptables -N GUARD',
  'iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  'iptables -A FORWARD -j GUARD',
  'iptables -A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT',
  'iptables -A FORWARD -i r0 -o r1 -j ACCEPT',
  'iptables -A GUARD -s 10.0.9.0/24 -j DROP',
  'iptables -A GUARD -j RETURN',
];

const inRouter = (trace: Trace): Step[] =>
  computeSteps(trace).filter((step) => !step.isBoot && step.netns === 'router');
const titles = (steps: readonly Step[], lang: 'en' | 'zh' = 'en'): string[] =>
  steps.map((step) => message(lang, step.title));
function stepCalled(trace: Trace, words: string): Step {
  const step = inRouter(trace).find((each) => message('en', each.title).includes(words));
  if (!step) throw new Error(`no step about ${words}: ${titles(inRouter(trace)).join('; ')}`);
  return step;
}
const line = (row: WhyRow): string =>
  `${row.won ? '✓' : '✗'} ${'> '.repeat(row.depth ?? 0)}${row.text} — ${message('en', row.reason)}`;

describe('a masqueraded ping through a router that refuses by policy', () => {
  const trace = natTrace([...CHAINS, MASQUERADE], [PING, PING.replace('-c 1', '-c 2')]);
  const steps = inRouter(trace);

  it('tells of the rewriting there and back, and of the first packet let in; the rest is quiet', () => {
    const about = titles(steps).filter((title) => /rewrites|back|accepts|PREROUTING|FORWARD/.test(title));
    expect(about.slice(0, 3)).toEqual([
      'router accepts a new connection: rule 4 of FORWARD',
      'router rewrites the source: 10.0.1.2 → 10.0.2.1',
      'router puts the destination back: 10.0.2.1 → 10.0.1.2',
    ]);
    expect(about.filter((title) => title.includes('accepts'))).toHaveLength(2);
    expect(titles(steps, 'zh')).toContain('router 改写源地址：10.0.1.2 → 10.0.2.1');
    expect(titles(steps, 'zh')).toContain('router 还原目的地址：10.0.2.1 → 10.0.1.2');
  });

  it('walks the rules: what was tried, why not, into which chain, which decided', () => {
    const step = stepCalled(trace, 'accepts a new connection');
    const walk = why(step, trace)?.sections.find((part) => part.kind === 'rules');
    expect(walk?.rows.map(line)).toEqual([
      '✗ FORWARD 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT — conntrack says NEW, not RELATED,ESTABLISHED',
      '✓ FORWARD 2 -j GUARD — matches: on to GUARD',
      '✗ > GUARD 1 -s 10.0.9.0/24 -j DROP — source 10.0.1.2 is not in 10.0.9.0/24',
      '✓ > GUARD 2 -j RETURN — matches: RETURN',
      '✗ FORWARD 3 -p tcp -m tcp --dport 22 -j ACCEPT — protocol is icmp, not tcp',
      '✓ FORWARD 4 -i r0 -o r1 -j ACCEPT — matches: ACCEPT',
    ]);
    expect(walk?.table).toEqual({ netns: 'router', table: 'iptables' });
    expect(why(step, trace)?.command?.text).toBe('iptables -L FORWARD -v -n --line-numbers');
  });

  it('marks the rule that decided, those that led there and those that did not match', () => {
    const marks = rulesTried(stepCalled(trace, 'accepts a new connection'), trace);
    expect(marks.map(({ chain, rule, how }) => `${chain} ${rule} ${how}`)).toEqual([
      'FORWARD 1 tried',
      'FORWARD 2 matched',
      'GUARD 1 tried',
      'GUARD 2 matched',
      'FORWARD 3 tried',
      'FORWARD 4 decided',
    ]);
  });

  it('shows the connection that conntrack remembers in the step that rewrites, and marks it from then on', () => {
    const step = stepCalled(trace, 'rewrites the source');
    const changes = why(step, trace)?.sections.find((part) => part.kind === 'changes');
    expect(changes?.rows[0]?.text).toMatch(
      /^icmp src=10\.0\.1\.2 dst=10\.0\.2\.2 .* src=10\.0\.2\.2 dst=10\.0\.2\.1 /,
    );
    const back = stepCalled(trace, 'puts the destination back');
    const row = { protocol: 'icmp', flags: [] };
    const orig = 'src=10.0.1.2 dst=10.0.2.2 type=8 code=0 id=1';
    const reply = 'src=10.0.2.2 dst=10.0.2.1 type=0 code=0 id=1';
    const used = usedRows(back, trace).filter(({ table }) => table === 'conntrack');
    expect(used.some((each) => each.match({ ...row, orig, reply }))).toBe(true);
    expect(used.some((each) => each.match({ ...row, orig: orig.replace('id=1', 'id=7'), reply: 'x' }))).toBe(
      false,
    );
  });
});

describe('what is refused', () => {
  it('is said with the rule, the policy or the target that refused it', () => {
    const drop = natTrace(['iptables -A FORWARD -p icmp -j DROP'], [PING]);
    expect(titles([stepCalled(drop, 'drops')])).toEqual(['router drops the echo request: rule 1 of FORWARD']);
    const policy = natTrace(['iptables -P FORWARD DROP'], [PING]);
    expect(titles([stepCalled(policy, 'drops')])).toEqual([
      'router drops the echo request: no rule of FORWARD lets it in',
    ]);
    const reject = natTrace(['iptables -A FORWARD -p icmp -j REJECT'], [PING]);
    const step = stepCalled(reject, 'rejects');
    expect(titles([step])).toEqual(['router rejects the echo request: rule 1 of FORWARD']);
    const notes = (of: Step, trace: Trace): string[] =>
      (why(of, trace)?.sections ?? []).flatMap((part) => part.notes.map((note) => message('en', note)));
    expect(notes(step, reject).join()).not.toContain('Nobody is told');
    expect(notes(stepCalled(drop, 'drops'), drop).join()).toContain('Nobody is told');
  });
});

describe('destination NAT', () => {
  it('says what became of the destination, and puts the source back', () => {
    const dnat = 'iptables -t nat -A PREROUTING -d 10.0.1.9/32 -j DNAT --to-destination 10.0.2.2';
    const neighbour = 'ip addr add 10.0.1.9/32 dev r0';
    const trace = natTrace(
      [neighbour, dnat, 'ip route add 10.0.1.0/24 dev r0 metric 5'],
      ['ip netns exec server ip route add default via 10.0.2.1', PING.replace('10.0.2.2', '10.0.1.9')],
    );
    expect(titles(inRouter(trace)).filter((title) => /rewrites|back/.test(title))).toEqual([
      'router rewrites the destination: 10.0.1.9 → 10.0.2.2',
      'router puts the source back: 10.0.2.2 → 10.0.1.9',
    ]);
  });
});

describe('the kernel’s log', () => {
  it('is written in the step of its hook, line by line', () => {
    const trace = natTrace(['iptables -t raw -A PREROUTING -p icmp -m icmp --icmp-type 8 -j TRACE'], [PING]);
    const traced = inRouter(trace).filter((step) => step.title.id === 'hook.trace');
    const lines = trace.events.filter((e) => e.kind === 'control' && e.action === 'printk');
    expect(lines.length).toBeGreaterThan(0);
    for (const e of lines) expect(traced.filter((step) => step.seqs.includes(e.seq))).toHaveLength(1);
    const notes = traced.flatMap((step) => why(step, trace)?.sections.flatMap((part) => part.notes) ?? []);
    const text = notes.map((note) => message('en', note)).join('\n');
    for (const e of lines) if (e.kind === 'control') expect(text).toContain(e.text.trim());
  });

  it('stays empty in a namespace that may not write there, and so does the story', () => {
    const rule = 'iptables -A FORWARD -p icmp -j LOG --log-prefix "ping: "';
    const silent = natTrace(
      ['sysctl -w net.ipv4.ip_forward=1', rule],
      ['sysctl -w net.netfilter.nf_log_all_netns=0', PING],
    );
    expect(titles(inRouter(silent)).join()).not.toMatch(/logs|traces/);
    const heard = natTrace([rule], [PING]);
    expect(titles(inRouter(heard)).filter((title) => title.includes('logs'))).toEqual([
      'router logs the echo request: rule 1 of FORWARD',
    ]);
  });
});

describe('a frame that a bridge switches', () => {
  const BRIDGE = `
ip netns add a
ip netns add b
ip link add br0 type bridge
ip link set br0 up
ip link add va type veth peer name ea
ip link add vb type veth peer name eb
ip link set ea netns a
ip link set eb netns b
ip link set va master br0
ip link set vb master br0
ip link set va up
ip link set vb up
ip -n a addr add 10.9.0.2/24 dev ea
ip -n a link set ea up
ip -n b addr add 10.9.0.3/24 dev eb
ip -n b link set eb up
modprobe br_netfilter
iptables -A FORWARD -i br0 -o br0 -j ACCEPT
ip netns exec a ping -c 1 10.9.0.3
iptables -R FORWARD 1 -i br0 -o br0 -j DROP
ip netns exec a ping -c 1 10.9.0.3
`;
  it('is shown to iptables, and the why says by whom, whether it passes or not', () => {
    const trace = runScript(BRIDGE);
    const about = computeSteps(trace).filter(
      (step) => !step.isBoot && step.netns === 'host' && /echo request/.test(message('en', step.title)),
    );
    expect(titles(about)).toEqual([
      'br0 switches the echo request to port vb',
      'br0 switches the echo request to port vb',
      'host drops the echo request: rule 1 of FORWARD',
    ]);
    const said = about.map((step) =>
      (why(step, trace)?.sections ?? [])
        .filter((part) => part.quiet !== true)
        .some((part) => part.notes.some((note) => note.id === 'note.bridged')),
    );
    expect(said).toEqual([true, false, true]);
  });
});
