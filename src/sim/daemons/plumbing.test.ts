import { describe, expect, it } from 'vitest';
import { formatIp4, parseIp4, parsePrefix, type Ip4, type Prefix } from '../wire/index';
import { cni, hostLocal, type CniOptions } from './cni';
import type { Daemon, Effect } from './daemon';
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

/** Starts a daemon and lets its timers run out. */
function effectsOf<State>(daemon: Daemon<State>): Effect[] {
  const effects: Effect[] = [];
  let { state } = { state: daemon.initial };
  let input: Parameters<typeof daemon.transition>[1] | undefined = { on: 'start' };
  while (input) {
    const next: ReturnType<typeof daemon.transition> = daemon.transition(state, input, 0);
    state = next.state;
    effects.push(...next.effects);
    const timer = next.effects.find((effect) => effect.do === 'timer');
    input = timer ? { on: 'timer', name: timer.name } : undefined;
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
    expect(effects[2]).toMatchObject({ request: { spec: { name: 'docker0', kind: 'bridge', mtu: 1500 } } });
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

const pods = (more: Partial<CniOptions>): Effect[] =>
  effectsOf(
    cni({
      seed: 't',
      bridge: 'cni0',
      mtu: 1450,
      subnet: prefix('10.244.1.0/24'),
      hairpin: true,
      isDefaultGateway: true,
      arpNotify: true,
      network: prefix('10.244.0.0/16'),
      pods: [],
      hostHandle: { id: 'node1', machine: 'node1' },
      ...more,
    }),
  );

describe('the CNI plugins', () => {
  it('make no bridge before the first pod', () => {
    expect(requests(pods({}))).toEqual([]);
  });

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
    const options = [
      { hairpin: false },
      { arpNotify: false },
      { isDefaultGateway: false },
      { network: undefined },
    ];
    for (const option of options)
      expect(requests(pods({ pods: [container('web')], ...option }))).toHaveLength(all - 1);
  });

  it('make the bridge only once', () => {
    const effects = pods({ pods: [container('a'), container('b')] });
    expect(requests(effects).filter((text) => text === 'host newLink')).toHaveLength(1);
    expect(addresses(effects)).toEqual(['a 10.244.1.2', 'host 10.244.1.1', 'b 10.244.1.3']);
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
