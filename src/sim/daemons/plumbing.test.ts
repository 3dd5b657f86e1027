import { describe, expect, it } from 'vitest';
import { formatIp4, parseIp4, parsePrefix, type Ip4, type Prefix } from '../wire/index';
import type { AddrRow, LinkRow } from '../kernel/netlink';
import { cniAdd, cniDel, hostLocal, type CniNet, type CniOptions, type CniPod, type HostLocal } from './cni';
import type { Daemon, Effect, Input } from './daemon';
import { dockerd, nextAddress, type DockerdOptions } from './dockerd';

const ip = (text: string): Ip4 => {
  const parsed = parseIp4(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

/** Starts a daemon on a machine that does not forward yet, answers its commands, and lets its timers run out. */
function effectsOf<State>(daemon: Daemon<State>): Effect[] {
  const effects: Effect[] = [];
  let { state } = { state: daemon.initial };
  const inputs: Input[] = [{ on: 'start' }];
  for (let input = inputs.shift(); input; input = inputs.shift()) {
    const next: ReturnType<typeof daemon.transition> = daemon.transition(state, input, 0);
    state = next.state;
    effects.push(...next.effects);
    for (const effect of next.effects) {
      if (effect.do === 'timer') inputs.push({ on: 'timer', name: effect.name });
      if (effect.do === 'exec' && effect.to !== undefined)
        inputs.push({ on: 'exec', to: effect.to, exit: 0, output: '0\n' });
    }
  }
  return effects;
}
const requests = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.do === 'request' ? [`${effect.netns ?? 'host'} ${effect.request.op}`] : [],
  );
function addresses(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.do === 'request' && effect.request.op === 'newAddr'
      ? [`${effect.netns ?? 'host'} ${formatIp4(effect.request.spec.local)}`]
      : [],
  );
}

const docker = (more: Partial<DockerdOptions>): Effect[] =>
  effectsOf(
    dockerd({
      seed: 't',
      bridge: 'docker0',
      bip: prefix('172.17.0.1/16'),
      mtu: 1500,
      containers: [],
      handleOf: (id) => ({ id, machine: 'host' }),
      ...more,
    }),
  );
const container = (name: string, more = {}) => ({ name, image: 'nginx', ...more });

describe('dockerd', () => {
  it('makes the bridge with its address and lets packets through', () => {
    const effects = docker({});
    expect(requests(effects)).toEqual(['host setSysctl', 'host newLink', 'host newAddr', 'host setLink']);
    expect(effects).toContainEqual(
      expect.objectContaining({
        request: expect.objectContaining({
          spec: expect.objectContaining({ name: 'docker0', kind: 'bridge', mtu: 1500 }) as unknown,
        }) as unknown,
      }),
    );
  });

  it('plugs containers in in their order, and gives ascending addresses round those that are taken', () => {
    const effects = docker({
      containers: [container('a'), container('b', { ip: ip('172.17.0.2') }), container('c')],
    });
    expect(addresses(effects)).toEqual(['host 172.17.0.1', 'a 172.17.0.3', 'b 172.17.0.2', 'c 172.17.0.4']);
    const plugged = effects.flatMap((effect) =>
      effect.do === 'request' && effect.request.op === 'setLink' && effect.request.change.master === 'docker0'
        ? [effect.request.name]
        : [],
    );
    expect(plugged).toHaveLength(3);
    for (const name of plugged) expect(name).toMatch(/^veth[0-9a-f]{7}$/);
    expect(new Set(plugged).size).toBe(3);
  });

  it('makes a MAC address of the IP address', () => {
    const effects = docker({ containers: [container('a', { ip: ip('172.17.0.2') })] });
    const pair = effects.find(
      (effect) =>
        effect.do === 'request' && effect.request.op === 'newLink' && effect.request.spec.kind === 'veth',
    );
    expect(pair).toMatchObject({ request: { spec: { peer: { mac: 0x0242ac110002 } } } });
  });

  it('sends what leaves the container to the bridge', () => {
    const effects = docker({ containers: [container('a')] });
    const route = effects.find((effect) => effect.do === 'request' && effect.request.op === 'newRoute');
    expect(route).toMatchObject({
      netns: 'a',
      request: { spec: { dst: { len: 0 }, gateway: ip('172.17.0.1'), dev: 'eth0' } },
    });
  });

  it('has an end to its addresses', () => {
    const containers = ['a', 'b', 'c'].map((name) => container(name));
    const effects = docker({ bip: prefix('10.0.0.1/30'), containers });
    expect(addresses(effects)).toEqual(['host 10.0.0.1', 'a 10.0.0.2']);
    expect(effects.filter((effect) => effect.do === 'log' && effect.level === 'E')).toHaveLength(2);
    expect(nextAddress(prefix('10.0.0.1/30'), [ip('10.0.0.2')])).toBeUndefined();
  });
});

interface Pods extends Partial<CniOptions> {
  readonly net?: Partial<CniNet>;
  readonly pods?: readonly (CniPod & { readonly image: string })[];
  readonly taken?: readonly string[];
}
const OPTIONS: CniOptions = {
  seed: 't',
  bridge: 'cni0',
  hairpin: true,
  isDefaultGateway: true,
  arpNotify: true,
  hostHandle: { id: 'node1', machine: 'node1' },
};
const NET: CniNet = { subnet: prefix('10.244.1.0/24'), mtu: 1450, network: prefix('10.244.0.0/16') };
const bridgeLink = { ifname: 'cni0' } as LinkRow;
const bridgeAddr = (local: string) =>
  ({ dev: 'cni0', family: 'inet', local, prefixlen: 24, scope: 'global', label: 'cni0' }) as AddrRow;

/** ADD for one pod after another, on a host that has what was made. */
function pods({ net, pods: list = [], taken = [], ...more }: Pods): Effect[] {
  let range: HostLocal = { last: 0, used: taken.map(ip) };
  const effects: Effect[] = [];
  list.forEach((pod, i) => {
    const host =
      i === 0 ? { links: [], addrs: [] } : { links: [bridgeLink], addrs: [bridgeAddr('10.244.1.1')] };
    const added = cniAdd({ ...OPTIONS, ...more }, { ...NET, ...net }, range, { ...pod, nth: 0 }, host, []);
    range = added.range;
    effects.push(...added.effects);
  });
  return effects;
}

describe('the CNI plugins', () => {
  it('plug a pod in as the bridge plugin does', () => {
    const effects = pods({ pods: [container('web')] });
    expect(requests(effects)).toEqual([
      'web setLink',
      'host newLink',
      'host setLink',
      'web newLink',
      'host setLink',
      'host setLink',
      'host setLink',
      'web setSysctl',
      'web newAddr',
      'web setLink',
      'web newRoute',
      'web newRoute',
      'host newAddr',
      'host setSysctl',
    ]);
    expect(addresses(effects)).toEqual(['web 10.244.1.2', 'host 10.244.1.1']);
  });

  it('leave out what is switched off', () => {
    const all = requests(pods({ pods: [container('web')] })).length;
    const options: Pods[] = [
      { hairpin: false },
      { arpNotify: false },
      { isDefaultGateway: false },
      { net: { network: undefined } },
    ];
    for (const option of options)
      expect(requests(pods({ pods: [container('web')], ...option }))).toHaveLength(all - 1);
  });

  it('make the bridge only once', () => {
    const effects = pods({ pods: [container('a'), container('b')] });
    expect(requests(effects).filter((text) => text === 'host newLink')).toHaveLength(1);
    expect(addresses(effects)).toEqual(['a 10.244.1.2', 'host 10.244.1.1', 'b 10.244.1.3']);
  });

  it('refuse a bridge that has another address, and a range that is used up', () => {
    const pod = { name: 'web', image: 'nginx', nth: 0 };
    const add = (addr: string, net: CniNet) =>
      cniAdd(
        OPTIONS,
        net,
        { last: 0, used: [] },
        pod,
        { links: [bridgeLink], addrs: [bridgeAddr(addr)] },
        [],
      );
    const other = add('10.244.7.1', NET);
    expect(other.ip).toBeUndefined();
    expect(other.error).toBe(
      'failed to set bridge addr: "cni0" already has an IP address different from 10.244.1.1/24',
    );
    expect(requests(other.effects)).toEqual([]);
    const small = { ...NET, subnet: prefix('10.244.1.0/31') };
    const full = cniAdd(OPTIONS, small, { last: 0, used: [] }, pod, { links: [], addrs: [] }, []);
    expect(full.error).toContain('no IP addresses available in range set');
  });

  it('give the address back before the device goes', () => {
    const range = { last: ip('10.244.1.3'), used: [ip('10.244.1.2'), ip('10.244.1.3')] };
    const gone = cniDel(range, { name: 'web', ip: ip('10.244.1.3') });
    expect(gone.range).toEqual({ last: ip('10.244.1.3'), used: [ip('10.244.1.2')] });
    expect(gone.effects).toMatchObject([
      { do: 'tell', action: 'DEL' },
      { do: 'request', netns: 'web', request: { op: 'delLink', name: 'eth0' } },
      { do: 'netns-delete', name: 'web' },
    ]);
  });
});

describe('host-local', () => {
  const subnet = prefix('10.0.0.0/29');
  const give = (last: string, ...used: string[]) => {
    const given = hostLocal(subnet, last === '' ? 0 : ip(last), used.map(ip));
    return given === undefined ? undefined : formatIp4(given);
  };
  it('begins after the gateway and goes on from the last address, round and round', () => {
    expect(give('')).toBe('10.0.0.2');
    expect(give('10.0.0.2', '10.0.0.2')).toBe('10.0.0.3');
    // .2 has been given back, but .4 comes first.
    expect(give('10.0.0.3', '10.0.0.3')).toBe('10.0.0.4');
    expect(give('10.0.0.6', '10.0.0.6')).toBe('10.0.0.2');
  });
  it('has an end', () => {
    expect(give('10.0.0.6', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6')).toBeUndefined();
  });
});
