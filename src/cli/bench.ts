/** Measures the budgets: median and spread of several runs. `npm run -s bench [RUNS]`. */
import { catalogue } from '../scenarios/index';
import { run, World, type Scenario, type Trace } from '../sim/index';

const RUNS = Math.max(3, Number(process.argv[2] ?? 15));

function scenario(id: string): Scenario {
  const found = catalogue.find((entry) => entry.id === id);
  if (!found) throw new Error(`no scenario ${id}`);
  return found.load();
}

interface Measured {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
/** As many runs before, for the engine to compile what is hot. */
function measure(runs: number, once: () => number): Measured {
  for (let i = 0; i < runs; i++) once();
  const values = Array.from({ length: runs }, once).sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

function report(
  name: string,
  { median, low, high }: Measured,
  unit: string,
  digits: number,
  target: string,
): void {
  const show = (value: number) => value.toLocaleString('en', { maximumFractionDigits: digits });
  process.stdout.write(
    `${name.padEnd(34)} ${show(median)} ${unit} (${show(low)} to ${show(high)}), target ${target}\n`,
  );
}

const milliseconds = (action: () => void): number => {
  const start = performance.now();
  action();
  return performance.now() - start;
};

function hops(trace: Trace): number {
  let count = 0;
  for (const { kind } of trace.events) if (kind === 'tx' || kind === 'rx') count++;
  return count;
}

function coldPing(): void {
  const vxlan = scenario('flannel-vxlan');
  const journal = [{ netns: 'container-1', command: 'ping -c 1 10.1.16.3' }];
  const measured = measure(RUNS * 6, () => milliseconds(() => void run(vxlan, journal)));
  report('cold VXLAN ping, whole run', measured, 'ms', 2, '5 ms');
}

/** Device hops a second while warm pings run; building the world is not counted. */
function flood(id: string, netns: string, dst: string): void {
  const where = scenario(id);
  const rate = measure(RUNS, () => {
    const world = World.open(where);
    world.execute([{ netns, command: `ping -c 1 ${dst}` }]);
    const before = hops(world.trace);
    const ms = milliseconds(() => world.execute([{ netns, command: `ping -q -c 3000 -i 0.002 ${dst}` }]));
    return ((hops(world.trace) - before) / ms) * 1000;
  });
  report(`forwarding, ${id}`, rate, 'device hops/s', 0, '200,000/s');
}

function fold(): void {
  const world = World.open(scenario('flannel-vxlan'));
  world.execute([{ netns: 'container-1', command: 'ping -q -c 3000 -i 0.002 10.1.16.3' }]);
  const { trace } = world;
  const measured = measure(RUNS, () =>
    milliseconds(() => {
      const rows = new Map<string, unknown>();
      for (const event of trace.events) {
        if (event.kind !== 'change') continue;
        const key = `${event.netns} ${event.table} ${event.key}`;
        if (event.after) rows.set(key, event.after);
        else rows.delete(key);
      }
    }),
  );
  report(`table fold over ${trace.events.length} events`, measured, 'ms', 2, '16 ms per million events');
}

const OVERLAY = 'flannel-vxlan';
const NO_RULES = ['-F', '-P FORWARD ACCEPT', '-t nat -F'];
interface Warm {
  /** Of each ping. */
  readonly ns: number;
  /** Device hops a second. */
  readonly rate: number;
  /** Times that a packet passed PREROUTING of a node, for each ping. */
  readonly walks: number;
}
/** Warm pings over VXLAN with more rules in both nodes than Docker's and flannel's. */
function ruled(rules: readonly string[], pings: number): Warm {
  const world = World.open(scenario(OVERLAY));
  for (const netns of ['node1', 'node2'])
    world.execute(rules.map((rule) => ({ netns, command: `iptables ${rule}` })));
  world.execute([{ netns: 'container-1', command: 'ping -c 1 10.1.16.3' }]);
  const before = hops(world.trace);
  const from = world.trace.events.length;
  const ms = milliseconds(() =>
    world.execute([{ netns: 'container-1', command: `ping -q -c ${pings} -i 0.002 10.1.16.3` }]),
  );
  let walked = 0;
  for (let seq = from; seq < world.trace.events.length; seq++) {
    const event = world.trace.events[seq];
    if (event?.kind === 'hook' && event.hook === 'PREROUTING') walked++;
  }
  return { ns: (ms * 1e6) / pings, rate: ((hops(world.trace) - before) / ms) * 1000, walks: walked / pings };
}
function netfilter(): void {
  const bare = measure(RUNS, () => ruled(NO_RULES, 3000).rate);
  report('forwarding, VXLAN, rules flushed', bare, 'device hops/s', 0, '200,000/s');
  const full = measure(RUNS, () => ruled([], 3000).rate);
  report('forwarding, VXLAN, node rules', full, 'device hops/s', 0, '200,000/s');

  const many = Array.from(
    { length: 1000 },
    (_, n) => `-t raw -A PREROUTING -s 192.0.${n >>> 8}.${n & 255} -j DROP`,
  );
  const cost = measure(RUNS, () => {
    const without = ruled(['-t raw -N X'], 1000);
    const { ns, walks } = ruled(many, 1000);
    return (ns - without.ns) / walks / (many.length / 100);
  });
  report('100 rules that do not match', cost, 'ns a packet', 0, '5,000 ns');

  const commands = measure(3, () => {
    const world = World.open(scenario(OVERLAY));
    const wide = Array.from({ length: 10_000 }, (_, n) => ({
      netns: 'node1',
      command: `iptables -A INPUT -s 192.0.${n >>> 8}.${n & 255} -j DROP`,
    }));
    return milliseconds(() => world.execute(wide));
  });
  report('iptables -A, 10,000 commands', commands, 'ms', 0, '5,000 ms');
}

coldPing();
flood('flannel-vxlan', 'container-1', '10.1.16.3');
flood('docker-bridge', 'nginx-1', '172.17.0.3');
netfilter();
fold();
