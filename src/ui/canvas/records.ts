/** What a part of the stage reads of the tables at the cursor. */
import {
  useDevices,
  useNamespaces,
  useTable,
  type LinkRow,
  type NetnsRow,
  type TableRows,
} from '../../state';
import { nameOf, netnsOf } from './plan';

export function useDevice(netns: string, dev: string): LinkRow | undefined {
  return useDevices(netns).find(({ ifname }) => ifname === dev);
}
/** By place; undefined for places that are no device. */
export function useDeviceAt(key: string): LinkRow | undefined {
  const isDevice = key.startsWith('dev ');
  return useDevices(isDevice ? netnsOf(key) : null).find(({ ifname }) => ifname === nameOf(key));
}
export function useNamespace(id: string): NetnsRow | undefined {
  return useNamespaces().find((row) => row.id === id);
}
export function useProcess(netns: string, name: string): TableRows['process'] | undefined {
  return useTable(netns, 'process').find((row) => row.name === name);
}

/** `10.1.15.2/24`, the first address of the device, or of the namespace. */
export function useAddress(netns: string, dev?: string): string | undefined {
  const row = useTable(netns, 'addr').find((it) => (dev === undefined ? it.dev !== 'lo' : it.dev === dev));
  return row && `${row.local}/${row.prefixlen}`;
}

/** The address a machine is known by: that of its first NIC. */
export function useOuterAddress(netns: string): string | undefined {
  const addresses = useTable(netns, 'addr');
  const devices = useDevices(netns);
  const outer = devices.filter(
    ({ kind, master }) => (kind === 'nic' || kind === 'veth') && master === undefined,
  );
  for (const { ifname } of outer) {
    const row = addresses.find(({ dev }) => dev === ifname);
    if (row) return row.local;
  }
  return addresses.find(({ dev }) => dev !== 'lo')?.local;
}

type Condition = 'up' | 'down' | 'no-carrier';
/** Administratively down, up without a carrier, or up. */
export function conditionOf({ flags, operstate }: LinkRow): Condition {
  if (!flags.includes('UP')) return 'down';
  if (flags.includes('NO-CARRIER') || operstate === 'DOWN' || operstate === 'LOWERLAYERDOWN')
    return 'no-carrier';
  return 'up';
}
