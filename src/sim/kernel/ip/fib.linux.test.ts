/** The same commands as a real kernel was given, compared answer by answer, row by row. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FibNetns } from './testing/fib-netns';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8'));

interface Step {
  command: string;
  output: string;
  exit: number;
}
/** Made by testdata/record-fib.py. */
const recorded = read('fib-linux.golden.json') as {
  kernel: string;
  sequences: { name: string; steps: Step[] }[];
};

/** Networks of containers as they were built and listed on Linux: devices with addresses, added routes, `ip -j route`. */
const captured = read('fib-captures.golden.json') as {
  captures: string[];
  devices: [string, ...string[]][];
  routes: string[];
  route: unknown[];
}[];

/** Of what `ip route get` prints, the part a lookup decides. */
function comparable(command: string, output: string): string {
  if (!command.includes('route get')) return output;
  if (!output.startsWith('[{'))
    return output
      .replace(/\n.*$/s, '')
      .replace(/ uid 0 $| table local/g, '')
      .trim();
  const [row] = JSON.parse(output) as Record<string, unknown>[];
  const { type, dst, from, gateway, dev, prefsrc } = row ?? {};
  return JSON.stringify([{ type, dst, from, gateway, dev, prefsrc }]);
}

describe(`as Linux ${recorded.kernel} answered`, () => {
  it.each(recorded.sequences.map((sequence) => [sequence.name, sequence.steps] as const))(
    '%s',
    (_, steps) => {
      const netns = new FibNetns();
      for (const [i, { command, output, exit }] of steps.entries()) {
        const answer = netns.run(command);
        const place = `step ${i + 1}: ${command}`;
        const say = (text: string) => `${place}\n${comparable(command, text).replaceAll('},{', '},\n{')}`;
        expect(answer.exit, place).toBe(exit);
        // Which of several nexthops a flow gets hangs on a secret of the machine, unless its source address decides.
        if (command.includes('route get') && netns.choice.length > 1 && !command.includes(' from ')) {
          expect(netns.choice, place).toContain(/"dev":"(\w+)"/.exec(output)?.[1]);
        } else {
          expect(say(answer.output)).toBe(say(output));
        }
      }
    },
  );

  it('was asked everything: refusals of every kind are in the recording', () => {
    const words = new Set(recorded.sequences.flatMap(({ steps }) => steps.map(({ output }) => output)));
    for (const refusal of [
      'Error: Nexthop has invalid gateway.',
      'Error: Device for nexthop is not up.',
      'Error: Nexthop device is not up.',
      'Error: Nexthop device required for onlink.',
      'Error: Invalid prefix for given prefix length.',
      'Error: Invalid prefsrc address.',
      'Error: Invalid scope.',
      'Error: FIB table does not exist.',
      'Error: Gateway, device and multipath can not be specified for this route type.',
      'Error: Route with host scope can not have multiple nexthops.',
      'Error: Invalid flags for nexthop - PERVASIVE and ONLINK can not be set.',
      'RTNETLINK answers: File exists',
      'RTNETLINK answers: No such process',
      'RTNETLINK answers: No such file or directory',
      'RTNETLINK answers: No such device',
      'RTNETLINK answers: Network is down',
    ]) {
      expect(words).toContain(refusal);
    }
  });
});

describe('route tables of captured container networks', () => {
  it.each(captured.map((each) => [each.captures.join(' '), each] as const))(
    '%s',
    (_, { devices, routes, route }) => {
      const netns = new FibNetns();
      netns.run('ip link set lo up');
      for (const [name, ...addresses] of devices) {
        netns.addWire(name);
        for (const address of addresses) netns.run(`ip addr add ${address} dev ${name}`);
        netns.run(`ip link set ${name} up`);
      }
      for (const each of routes) expect(netns.run(`ip route add ${each}`)).toEqual({ output: '', exit: 0 });
      expect(JSON.parse(netns.run('ip -j route show table all').output)).toEqual(route);
    },
  );
});
