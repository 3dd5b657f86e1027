/**
 * The scenario file: a versioned JSON document. This is the schema alone, which is also published as JSON Schema
 * (`public/scenario.schema.json`); `decode.ts` turns a valid file into a world's description.
 *
 * Validation messages are keys of `EXPECTED` in `messages.ts`.
 */
import * as v from 'valibot';
import { LIMITS } from './types';

const IP4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const PREFIX = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;
const MAC = /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const DEVICE = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}$/;

const describe = <T extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(schema: T, text: string) =>
  v.pipe(schema, v.description(text));

const ip4 = v.pipe(v.string(), v.regex(IP4, 'ip4'));
const prefix = v.pipe(v.string(), v.regex(PREFIX, 'prefix'));
const mac = v.pipe(v.string(), v.regex(MAC, 'mac'));
const name = v.pipe(v.string(), v.regex(NAME, 'name'));
const device = v.pipe(v.string(), v.regex(DEVICE, 'device'));
const mtu = v.pipe(v.number(), v.integer('integer'), v.minValue(68, 'mtu'), v.maxValue(65_535, 'mtu'));
const command = v.pipe(v.string(), v.minLength(1, 'command'), v.maxLength(LIMITS.command, 'command'));
const bilingual = v.union([v.string(), v.strictObject({ en: v.string(), zh: v.string() })], 'bilingual');

const toSwitch = v.strictObject({
  switch: describe(name, 'The switch it is plugged into.'),
  port: v.optional(describe(device, 'Name of the switch port; default p-MACHINE.')),
  mac: v.optional(describe(mac, 'MAC of the switch port.')),
});
const toMachine = v.strictObject({
  machine: describe(name, 'The machine at the other end.'),
  nic: describe(device, 'Its NIC, which is listed there.'),
});

const nic = v.strictObject({
  name: device,
  mac: v.optional(mac),
  mtu: v.optional(mtu, 1500),
  up: v.optional(v.boolean(), true),
  addresses: v.optional(describe(v.array(prefix), 'Addresses with prefix length.'), []),
  cable: v.optional(
    describe(
      v.union([toSwitch, toMachine], 'cable'),
      'Where the cable goes. Of two machines joined by one, either names the other.',
    ),
  ),
});

const docker = v.strictObject({
  bridge: v.optional(device, 'docker0'),
  mac: v.optional(mac),
  bip: v.optional(
    describe(prefix, "dockerd --bip. Default: flannel's subnet where flanneld runs, else 172.17.0.1/16."),
  ),
  mtu: v.optional(describe(mtu, "dockerd --mtu. Default: flannel's MTU where flanneld runs, else 1500.")),
  iptables: v.optional(describe(v.boolean(), 'dockerd --iptables: dockerd writes its own rules.'), true),
  ipMasq: v.optional(
    describe(v.boolean(), 'dockerd --ip-masq. Default: true, but false where flanneld masquerades.'),
  ),
});

const cni = v.strictObject({
  bridge: v.optional(device, 'cni0'),
  mac: v.optional(mac),
  mtu: v.optional(mtu),
  subnet: v.optional(describe(prefix, "host-local's range. Default: flannel's subnet.")),
  hairpin: v.optional(v.boolean(), true),
  isDefaultGateway: v.optional(v.boolean(), true),
  networkRoute: v.optional(
    describe(v.boolean(), "The flannel plugin's extra route to the whole network, beside the default route."),
    true,
  ),
  arpNotify: v.optional(
    describe(v.boolean(), 'A pod announces its address when it starts (sysctl arp_notify).'),
    true,
  ),
});

const machine = v.strictObject({
  name,
  role: v.optional(v.picklist(['host', 'router'], 'role'), 'host'),
  nics: v.optional(v.pipe(v.array(nic), v.maxLength(LIMITS.nics, 'count')), []),
  routes: v.optional(
    describe(
      v.pipe(v.array(command), v.maxLength(LIMITS.routes, 'count')),
      'As after `ip route add`: "default via 10.0.0.1 dev eth0".',
    ),
    [],
  ),
  forward: v.optional(describe(v.boolean(), 'net.ipv4.ip_forward. Default: true for a router, else false.')),
  sysctls: v.optional(v.record(v.string(), v.union([v.string(), v.number()], 'sysctl')), {}),
  docker: v.optional(docker),
  cni: v.optional(cni),
});

const lanSwitch = v.strictObject({
  name,
  bridge: v.optional(device, 'sw0'),
  mac: v.optional(mac),
  mtu: v.optional(mtu, 1500),
});

const container = v.strictObject({
  name,
  machine: describe(name, 'The machine it runs on.'),
  image: v.optional(v.pipe(v.string(), v.maxLength(200, 'name')), 'nginx'),
  ip: v.optional(ip4),
  mac: v.optional(mac),
  veth: v.optional(describe(device, 'Name of the host end of its veth pair.')),
  vethMac: v.optional(mac),
});

const PUBLISH = /^((\d{1,3}(\.\d{1,3}){3}):)?\d{1,5}:\d{1,5}(\/(tcp|udp))?$/;
const dockerContainer = v.strictObject({
  ...container.entries,
  network: v.optional(describe(v.picklist(['bridge', 'host'], 'network'), 'docker run --network.'), 'bridge'),
  ports: v.optional(
    describe(
      v.array(v.pipe(v.string(), v.regex(PUBLISH, 'publish'))),
      'docker run -p: "8080:80", "127.0.0.1:53:53/udp".',
    ),
    [],
  ),
});

const flannel = v.strictObject({
  netConf: describe(
    v.record(v.string(), v.unknown()),
    "flannel's own net-conf.json: Network, SubnetLen, SubnetMin, SubnetMax, Backend {Type, …}.",
  ),
  iface: v.optional(
    describe(v.string(), 'flanneld --iface on every node. Default: the device of the default route.'),
  ),
  ipMasq: v.optional(describe(v.boolean(), 'flanneld --ip-masq.'), false),
  forwardRules: v.optional(describe(v.boolean(), 'flanneld --iptables-forward-rules.'), true),
  kubeSubnetMgr: v.optional(
    describe(v.boolean(), 'flanneld --kube-subnet-mgr: subnets from Node objects in place of etcd.'),
    false,
  ),
  udpAddress: v.optional(
    describe(
      v.picklist(['host', 'network'], 'udpAddress'),
      "Length of flannel0's address with the udp backend: /32, or the network's, as up to flannel 0.10.",
    ),
    'host',
  ),
  nodes: v.optional(
    describe(
      v.array(
        v.strictObject({
          machine: name,
          iface: v.optional(v.string()),
          subnet: v.optional(describe(prefix, 'What an earlier /run/flannel/subnet.env holds.')),
          vtepMac: v.optional(describe(mac, 'MAC of flannel.1; default random.')),
          join: v.optional(
            describe(v.boolean(), 'False: flanneld waits for `systemctl start flanneld`.'),
            true,
          ),
        }),
      ),
      'In the order in which they join. Default: every machine that is no router.',
    ),
  ),
});

const journal = v.pipe(
  v.array(
    v.strictObject({
      netns: describe(name, 'Network namespace: a machine, container or pod by its name.'),
      command,
      at: v.optional(
        describe(
          v.pipe(v.number(), v.minValue(0, 'seconds'), v.maxValue(3600, 'seconds')),
          'Seconds after the network is up. Default: when the entry before it has ended.',
        ),
      ),
    }),
  ),
  v.maxLength(LIMITS.journal, 'count'),
);

const head = {
  $schema: v.optional(v.string()),
  version: v.literal(1, 'version'),
  name: v.optional(describe(name, 'Seeds chance: the same name gives the same random numbers.')),
  title: v.optional(bilingual),
  notes: v.optional(
    describe(
      v.array(bilingual),
      'What a reader should know, such as where this departs from what a daemon would do.',
    ),
    [],
  ),
};

export const NetworkFile = v.strictObject({
  ...head,
  switches: v.optional(v.pipe(v.array(lanSwitch), v.maxLength(LIMITS.switches, 'count')), []),
  machines: v.pipe(v.array(machine), v.minLength(1, 'count'), v.maxLength(LIMITS.machines, 'count')),
  containers: v.optional(
    describe(
      v.pipe(v.array(dockerContainer), v.maxLength(LIMITS.containers, 'count')),
      'Docker containers, in order of start.',
    ),
    [],
  ),
  pods: v.optional(
    describe(
      v.pipe(v.array(container), v.maxLength(LIMITS.containers, 'count')),
      'Pods on cni0, in order of start.',
    ),
    [],
  ),
  etcd: v.optional(v.strictObject({ on: describe(name, 'The machine etcd runs on.') })),
  kubernetes: v.optional(v.strictObject({ on: describe(name, 'The machine kube-apiserver runs on.') })),
  flannel: v.optional(flannel),
  setup: v.optional(
    describe(
      v.pipe(v.array(v.strictObject({ netns: name, command })), v.maxLength(LIMITS.setup, 'count')),
      'Commands run once the daemons are quiet, before the network counts as up.',
    ),
    [],
  ),
  journal: v.optional(journal, []),
});
export type NetworkFile = v.InferOutput<typeof NetworkFile>;

export const ScriptFile = v.strictObject({
  ...head,
  script: describe(
    v.pipe(v.string(), v.maxLength(LIMITS.text, 'count')),
    'Network-namespace commands, one a line: ip netns add, ip link add, bridge fdb add, sysctl -w, …',
  ),
  journal: v.optional(journal),
});
export type ScriptFile = v.InferOutput<typeof ScriptFile>;

export const ScenarioFile = v.union([NetworkFile, ScriptFile]);
