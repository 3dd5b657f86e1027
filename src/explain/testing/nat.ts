/** A real run: a router between a client and a server, with chains, NAT both ways, and a policy that refuses. */
import { scenarioFromFile } from '../../scenarios';
import { World, type Trace } from '../../sim';

const NETWORK = `
sysctl -w net.netfilter.nf_log_all_netns=1
ip netns add client
ip netns add router
ip netns add server
ip link add c0 type veth peer name r0
ip link add s0 type veth peer name r1
ip link set c0 netns client
ip link set r0 netns router
ip link set r1 netns router
ip link set s0 netns server
ip -n client addr add 10.0.1.2/24 dev c0
ip -n client link set c0 up
ip -n router addr add 10.0.1.1/24 dev r0
ip -n router link set r0 up
ip -n router addr add 10.0.2.1/24 dev r1
ip -n router link set r1 up
ip -n server addr add 10.0.2.2/24 dev s0
ip -n server link set s0 up
ip -n client route add default via 10.0.1.1
ip netns exec router sysctl -w net.ipv4.ip_forward=1
`;

/** The network with these rules in the router, and these commands run. */
export function natTrace(rules: readonly string[], commands: readonly string[]): Trace {
  const text = [NETWORK.trim(), ...rules.map((rule) => `ip netns exec router ${rule}`), ...commands].join(
    '\n',
  );
  return runScript(text);
}

/** Runs a script of commands as if it had been dropped on the page. */
export function runScript(text: string): Trace {
  const loaded = scenarioFromFile('script.sh', text.trim());
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const world = World.open(loaded.value.scenario);
  world.execute(loaded.value.journal);
  world.finish();
  return world.trace;
}
