/** `tc`: lines typed into a real network namespace (Linux 6.18 without sch_netem, iproute2 6.1.0), and netem here. */
import { describe, expect, test } from 'vitest';
import { Terminal } from '../testing/terminal';
import { describeTranscript } from '../testing/transcripts';

describeTranscript('as on Linux', new URL('tc.golden.json', import.meta.url));

function prepared(): Terminal {
  const terminal = new Terminal(['n']);
  for (const line of ['ip link add v0 type veth peer name v1', 'ip link set v0 up', 'ip link set v1 up'])
    terminal.run('n', line);
  return terminal;
}

describe('netem', () => {
  // Printed forms: tc/q_netem.c netem_print_opt of iproute2 6.1.
  test.each([
    ['', 'limit 1000'],
    ['delay 10ms', 'limit 1000 delay 10ms'],
    ['delay 10ms 2ms', 'limit 1000 delay 10ms  2ms'],
    ['delay 10ms 2ms 25%', 'limit 1000 delay 10ms  2ms 25%'],
    ['delay 1.5s', 'limit 1000 delay 1.5s'],
    ['delay 1500', 'limit 1000 delay 1.5ms'],
    ['latency 20us loss 5', 'limit 1000 delay 20us loss 5%'],
    ['loss random 33.3% 10%', 'limit 1000 loss 33.3% 10%'],
    ['drop 0.1%', 'limit 1000 loss 0.1%'],
    ['duplicate 1% limit 5', 'limit 5 duplicate 1%'],
    ['rate 1mbit', 'limit 1000 rate 1Mbit'],
    ['rate 1500kbit delay 1ms', 'limit 1000 delay 1ms rate 1500Kbit'],
    ['limit 2k', 'limit 2048'],
  ])('%s', (words, options) => {
    const terminal = prepared();
    expect(terminal.run('n', `tc qdisc add dev v0 root netem ${words}`.trim())).toEqual({
      stdout: '',
      stderr: '',
      exit: 0,
    });
    expect(terminal.run('n', 'tc qdisc show dev v0').stdout).toBe(
      `qdisc netem 8001: root refcnt 3 ${options}\n`,
    );
    expect(terminal.run('n', 'ip link show v0').stdout).toContain('mtu 1500 qdisc netem state UP');
  });

  test('as JSON', () => {
    const terminal = prepared();
    terminal.run('n', 'tc qdisc add dev v0 root handle 1: netem delay 100ms 10ms loss 5%');
    expect(terminal.run('n', 'tc -j qdisc show dev v0').stdout).toBe(
      '[{"kind":"netem","handle":"1:","root":true,"refcnt":3,"options":{"limit":1000,"delay":{"delay":0.1,"jitter":0.01,"correlation":0},"loss-random":{"loss":0.05,"correlation":0},"ecn":false,"gap":0}}]\n',
    );
  });

  // net/sched/sch_api.c tc_modify_qdisc and tc_get_qdisc; the same refusals were seen with pfifo on Linux 6.18.
  test.each([
    ['add dev v0 root netem', 'Error: Exclusivity flag on, cannot modify.\n'],
    ['add dev v0 root handle 2: netem', 'Error: NLM_F_REPLACE needed to override.\n'],
    ['change dev v0 root handle 2: netem', 'Error: NLM_F_REPLACE needed to override.\n'],
    ['del dev v0 root handle 2:', 'Error: Invalid handle.\n'],
    ['del dev v0 handle 2:', 'Error: Failed to find qdisc with specified handle.\n'],
    ['del dev v0 handle 1:', 'Error: Classid cannot be zero.\n'],
  ])('refuses %s', (words, stderr) => {
    const terminal = prepared();
    terminal.run('n', 'tc qdisc add dev v0 root handle 1: netem delay 1ms');
    expect(terminal.run('n', `tc qdisc ${words}`)).toEqual({ stdout: '', stderr, exit: 2 });
    expect(terminal.run('n', 'tc qdisc show dev v0').stdout).toContain(
      'netem 1: root refcnt 3 limit 1000 delay 1ms',
    );
  });

  test.each([
    ['pfifo', 'tc qdisc pfifo is not modelled here.\n'],
    ['netem corrupt 1%', 'netem corrupt is not modelled here.\n'],
    ['netem delay 1ms reorder 5%', 'netem reorder is not modelled here.\n'],
    ['netem loss gemodel 1%', 'netem loss gemodel is not modelled here.\n'],
  ])('refuses %s plainly', (words, stderr) => {
    expect(prepared().run('n', `tc qdisc add dev v0 root ${words}`)).toEqual({ stdout: '', stderr, exit: 1 });
  });

  test('change replaces all but the rate; replace keeps the handle; del brings noqueue back', () => {
    const terminal = prepared();
    const now = () => terminal.run('n', 'tc qdisc show dev v0').stdout;
    terminal.run('n', 'tc qdisc add dev v0 root netem delay 10ms loss 5% rate 1mbit');
    terminal.run('n', 'tc qdisc change dev v0 root netem duplicate 1%');
    expect(now()).toBe('qdisc netem 8001: root refcnt 3 limit 1000 duplicate 1% rate 1Mbit\n');
    terminal.run('n', 'tc qdisc replace dev v0 root netem delay 3ms');
    expect(now()).toBe('qdisc netem 8001: root refcnt 3 limit 1000 delay 3ms rate 1Mbit\n');
    terminal.run('n', 'tc qdisc replace dev v0 root handle 7: netem delay 4ms');
    expect(now()).toBe('qdisc netem 7: root refcnt 3 limit 1000 delay 4ms\n');
    expect(terminal.run('n', 'tc qdisc del dev v0 root').exit).toBe(0);
    expect(now()).toBe('qdisc noqueue 0: root refcnt 2 \n');
  });

  test('in another namespace', () => {
    const terminal = new Terminal(['a', 'b']);
    terminal.run('b', 'ip link set lo up');
    expect(terminal.run('a', 'tc -n b qdisc add dev lo root netem delay 1ms').exit).toBe(0);
    expect(terminal.run('b', 'tc qdisc').stdout).toBe(
      'qdisc netem 8001: dev lo root refcnt 2 limit 1000 delay 1ms\n',
    );
  });
});
