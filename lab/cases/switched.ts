/** Variations of networks on one bridge. */
import type { Variation } from './variation';

const DOCKER = 'docker-bridge';
const BRIDGE = 'script-bridge';

export const SWITCHED: readonly Variation[] = [
  {
    base: DOCKER,
    id: 'docker-host-ping',
    about: 'the host pings a container',
    commands: ['host: ping -n -e 1 -c 1 -W 1 172.17.0.2'],
  },
  {
    base: DOCKER,
    id: 'docker-gateway-ping',
    about: 'a container pings its gateway',
    commands: ['nginx-1: ping -n -e 1 -c 2 -i 0.2 -W 1 172.17.0.1'],
  },
  {
    base: DOCKER,
    id: 'docker-loopback',
    about: 'the own address, and 127.0.0.1',
    commands: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.2', 'nginx-1: ping -n -e 2 -c 1 -W 1 127.0.0.1'],
  },
  {
    base: DOCKER,
    id: 'docker-silent-address',
    about: 'three requests, then the own kernel says so',
    commands: ['nginx-1: ping -n -e 1 -c 3 -W 2 172.17.0.99'],
  },
  {
    base: DOCKER,
    id: 'docker-arp-deleted',
    about: 'asked again after the entry is gone',
    prepare: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3'],
    commands: ['nginx-1: ip neigh del 172.17.0.3 dev eth0', 'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3'],
  },
  {
    base: DOCKER,
    id: 'docker-wrong-arp',
    about: 'a wrong permanent entry: flooded, heard by nobody',
    commands: [
      'nginx-1: ip neigh replace 172.17.0.3 lladdr 02:42:ac:11:00:77 dev eth0 nud permanent',
      'nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3',
    ],
  },
  {
    base: DOCKER,
    id: 'docker-veth-down',
    about: 'the port of the other container goes down',
    prepare: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3'],
    commands: ['host: ip link set veth24ae452 down', 'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3'],
  },
  {
    base: DOCKER,
    id: 'docker-detached',
    about: 'the port leaves the bridge',
    commands: [
      'host: ip link set veth24ae452 nomaster',
      'nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3',
      'nginx-1: sleep 0.3',
      'host: ip link set veth24ae452 master docker0',
      'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3',
    ],
  },
  {
    base: DOCKER,
    id: 'docker-tcpdump-promiscuous',
    about: 'a promiscuous tap on the bridge sees what it switches',
    commands: ['host: tcpdump -l -n -i docker0 &', 'nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3'],
  },
  {
    base: DOCKER,
    id: 'docker-tcpdump',
    about: 'tcpdump listens beside: in the background, then at a given time',
    commands: [
      'nginx-2: tcpdump -l -n -e -i eth0 &',
      'host: tcpdump -p -l -n -v -i docker0 &',
      'nginx-1: ping -n -e 1 -c 2 -i 0.2 -W 1 172.17.0.3',
      '@1.5 nginx-2: ping -n -e 2 -c 1 -W 1 172.17.0.2',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridge-flood-then-switch',
    about: 'the third hears the request and nothing else',
    commands: ['ns1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.0.0.12', 'ns1: ping -n -e 2 -c 1 -W 1 10.0.0.13'],
  },
  {
    base: BRIDGE,
    id: 'bridge-unknown-unicast',
    about: 'a frame for an address nobody has been heard with',
    commands: [
      'ns1: ip neigh replace 10.0.0.12 lladdr 02:00:00:00:00:99 dev eth0 nud permanent',
      'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridge-isolated',
    about: 'isolated ports reach the host but not each other',
    commands: [
      'host: bridge link set dev veth1 isolated on',
      'host: bridge link set dev veth2 isolated on',
      'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12',
      'ns1: sleep 0.3',
      'ns1: ping -n -e 2 -c 1 -W 1 10.0.0.13',
      'ns1: ping -n -e 3 -c 1 -W 1 10.0.0.1',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridge-no-learning',
    about: 'a port that does not learn: always flooded to it',
    commands: [
      'host: bridge link set dev veth2 learning off',
      'ns1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.0.0.12',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridge-moved-mac',
    about: 'an address heard on another port moves at once',
    prepare: ['ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12'],
    commands: [
      'ns2: ip link set eth0 down',
      'ns2: ip link set eth0 address 02:00:00:00:00:52',
      'ns3: ip link set eth0 address 02:00:00:00:00:53',
      'ns3: ping -n -e 2 -c 1 -W 1 10.0.0.11',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridge-duplicate-address',
    about: 'two own one address: the first answer is believed',
    commands: ['ns3: ip addr add 10.0.0.12/24 dev eth0', 'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12'],
  },
  {
    base: BRIDGE,
    id: 'bridge-broadcast-ping',
    about: 'nobody answers a broadcast echo by default',
    commands: ['ns1: ping -n -e 1 -c 1 -W 1 10.0.0.255', 'ns1: ping -b -n -e 2 -c 1 -W 1 10.0.0.255'],
  },
];
