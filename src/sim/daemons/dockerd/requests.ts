/** What the docker command asks for (moby api/server/router/container, daemon/{create,delete,stop}.go). */
import { err, ok, type Result } from '../../../base/result';
import { Random } from '../../../base/random';
import type {
  DockerContainer,
  DockerCreate,
  DockerNetwork,
  DockerRequest,
  SimTime,
} from '../../kernel/netlink';
import { formatIp4, networkOf } from '../../wire/index';
import type { Effect } from '../daemon';
import { commandLine, imageOf, randomName } from './images';
import { end, event, forget, signal, startBox } from './lifecycle';
import { dockerMac, hexDigits } from './network';
import { and, next, withBox, type Box, type DockerdOptions, type DockerdState, type Move } from './state';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const LONGEST_NAME = 63;
const MAX_CONTAINERS = 250;

/** By whole name, or by the beginning of its id. */
function find(state: DockerdState, wanted: string): Box | undefined {
  const named = state.boxes.find((box) => box.name === wanted || box.id === wanted);
  if (named || wanted === '') return named;
  const begun = state.boxes.filter((box) => box.id.startsWith(wanted));
  return begun.length === 1 ? begun[0] : undefined;
}

function shown(box: Box): DockerContainer {
  const image = imageOf(box.image);
  const mac = box.mac ?? (box.ip === undefined ? undefined : dockerMac(box.ip));
  return {
    id: box.id,
    name: box.name,
    image: box.image,
    command: commandLine(image, box.command) || '/entrypoint.sh',
    network: box.network,
    status: box.status,
    exit: box.exit,
    pid: 0,
    createdAt: box.createdAt,
    startedAt: box.startedAt,
    finishedAt: box.finishedAt,
    ...(box.ip === undefined ? {} : { ip: box.ip }),
    ...(box.ip === undefined || mac === undefined ? {} : { mac }),
    ports: box.ports,
    exposed: image?.exposed ?? [],
    output: box.output,
    restart: box.restart,
  };
}

function networks(options: DockerdOptions): DockerNetwork[] {
  const { bip, bridge, mtu } = options;
  const id = (name: string): string => hexDigits(new Random(`${options.seed} network ${name}`), 64);
  const masquerade = options.ipMasq !== false;
  const subnet = `${formatIp4(networkOf(bip.addr, bip.len))}/${bip.len}`;
  const network = { subnet, gateway: bip.addr, prefixLen: bip.len, bridge, mtu, masquerade };
  return [
    { id: id('bridge'), name: 'bridge', driver: 'bridge', ...network },
    { id: id('host'), name: 'host', driver: 'host' },
    { id: id('none'), name: 'none', driver: 'null' },
  ];
}

/** A new container's record. */
export function makeBox(
  options: DockerdOptions,
  state: DockerdState,
  spec: DockerCreate & { readonly name: string },
  now: SimTime,
): Box {
  const id = hexDigits(new Random(`${options.seed} id ${state.created} ${spec.name}`), 64);
  const { name, image, command, network, ports, interactive, restart, remove } = spec;
  return {
    id,
    name,
    image,
    command,
    network: network === 'default' ? 'bridge' : network,
    ...(spec.ip === undefined ? {} : { wantedIp: spec.ip }),
    ...(spec.mac === undefined ? {} : { mac: spec.mac }),
    ports: network === 'host' ? [] : ports,
    interactive,
    restart,
    remove,
    status: 'created',
    exit: 0,
    createdAt: now,
    startedAt: now,
    finishedAt: now,
    output: '',
  };
}

function freeName(options: DockerdOptions, state: DockerdState): string {
  const random = new Random(`${options.seed} name ${state.created}`);
  let name = randomName(random);
  while (state.boxes.some((box) => box.name === name)) name = `${randomName(random)}${random.below(10)}`;
  return name;
}

function refusal(state: DockerdState, options: DockerdOptions, spec: DockerCreate): string | undefined {
  const { name } = spec;
  if (name !== undefined && (!NAME.test(name) || name.length > LONGEST_NAME))
    return `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
  const other = state.boxes.find((box) => box.name === name);
  if (other) {
    return (
      `Conflict. The container name "/${other.name}" is already in use by container "${other.id}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.'
    );
  }
  if (!imageOf(spec.image) && !options.containers.some(({ image }) => image === spec.image))
    return `No such image: ${spec.image.includes(':') ? spec.image : `${spec.image}:latest`}`;
  if (spec.ip !== undefined)
    return 'invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only';
  if (state.boxes.length >= MAX_CONTAINERS) return 'no space left on device';
  return undefined;
}

function create(
  options: DockerdOptions,
  state: DockerdState,
  spec: DockerCreate,
  reply: (result: Result<unknown, string>) => Effect,
  now: SimTime,
): Move {
  const why = refusal(state, options, spec);
  if (why !== undefined) return next(state, reply(err(why)));
  const box = makeBox(options, state, { ...spec, name: spec.name ?? freeName(options, state) }, now);
  const known = { ...state, boxes: [...state.boxes, box], created: state.created + 1 };
  return next(known, event(box, 'create', '', true), reply(ok(shown(box))));
}

function remove(
  options: DockerdOptions,
  state: DockerdState,
  box: Box,
  force: boolean,
  reply: (result: Result<unknown, string>) => Effect,
  now: SimTime,
): Move {
  if (box.status !== 'running') return and(next(state, reply(ok(undefined))), (at) => forget(at, box.name));
  if (!force) {
    const why = 'container is running: stop the container before removing or force remove';
    return next(state, reply(err(`cannot remove container "/${box.name}": ${why}`)));
  }
  const marked = withBox(state, box.name, { byHand: true, remove: false });
  const gone = and(end(options, marked, box, 137, now), (at) => forget(at, box.name));
  return and(gone, (at) => next(at, reply(ok(undefined))));
}

export function onAsk(
  options: DockerdOptions,
  state: DockerdState,
  id: number,
  request: DockerRequest,
  now: SimTime,
): Move {
  const reply = (result: Result<unknown, string>): Effect => ({ do: 'answer', id, reply: result });
  if (request.op === 'list') return next(state, reply(ok(state.boxes.map(shown))));
  if (request.op === 'networks') return next(state, reply(ok(networks(options))));
  if (request.op === 'create') return create(options, state, request.spec, reply, now);
  const box = find(state, request.container);
  if (!box) return next(state, reply(err(`No such container: ${request.container}`)));
  switch (request.op) {
    case 'start': {
      if (box.status === 'running') return next(state, reply(ok({ name: box.name, words: [] })));
      return startBox(options, state, box.name, { ask: id, attached: request.attached });
    }
    case 'ended': {
      if (box.status !== 'running' || box.process !== 'attached') return next(state, reply(ok(undefined)));
      return and(end(options, state, box, request.exit, now), (at) => next(at, reply(ok(undefined))));
    }
    case 'stop': {
      if (box.status !== 'running') {
        const why = `cannot kill container: ${request.container}: container ${box.id} is not running`;
        return next(state, reply(request.why === 'kill' ? err(why) : ok(undefined)));
      }
      const waiting = { ...state, stopping: [...state.stopping, { name: box.name, ask: id }] };
      return and(next(waiting, event(box, request.why, '', true)), (at) =>
        signal(options, at, box, request.graceSec, now),
      );
    }
    case 'remove':
      return remove(options, state, box, request.force, reply, now);
  }
}
