/** `docker inspect` and `docker network inspect`: the fields that speak of the network, and `-f` with plain paths. */
import type { DockerContainer, DockerNetwork, ProcessContext } from '../../../kernel/netlink';
import { formatIp4, formatMac } from '../../../wire/index';
import { Exit } from '../../program';
import { daemonOf, findContainer } from './daemon';
import { argumentsError, parseFlags } from './flags';
import { networksOf } from './list';
import { timestamp } from './text';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function address(row: DockerContainer, network: DockerNetwork | undefined): Record<string, Json> {
  const running = row.ip !== undefined && network?.gateway !== undefined;
  return {
    Gateway: running && network.gateway !== undefined ? formatIp4(network.gateway) : '',
    IPAddress: row.ip === undefined ? '' : formatIp4(row.ip),
    IPPrefixLen: running ? (network.prefixLen ?? 0) : 0,
    MacAddress: row.mac === undefined ? '' : formatMac(row.mac),
  };
}

function bindings(row: DockerContainer): Record<string, Json> {
  const all: Record<string, Json[]> = {};
  for (const { hostIp, hostPort, containerPort, protocol } of row.ports) {
    const HostIp = hostIp === undefined ? '0.0.0.0' : formatIp4(hostIp);
    (all[`${containerPort}/${protocol}`] ??= []).push({ HostIp, HostPort: String(hostPort) });
  }
  return all;
}

function containerJson(row: DockerContainer, networks: readonly DockerNetwork[]): Json {
  const network = networks.find(({ name }) => name === row.network);
  const [Path = '', ...Args] = row.command.split(' ');
  const running = row.status === 'running';
  const open = Object.fromEntries(row.exposed.map((port) => [`${port}/tcp`, null]));
  const where = address(row, network);
  return {
    Id: row.id,
    Created: timestamp(row.createdAt),
    Path,
    Args,
    State: {
      Status: row.status,
      Running: running,
      ExitCode: row.exit,
      StartedAt: row.status === 'created' ? '0001-01-01T00:00:00Z' : timestamp(row.startedAt),
      FinishedAt: row.status === 'exited' ? timestamp(row.finishedAt) : '0001-01-01T00:00:00Z',
    },
    Name: `/${row.name}`,
    HostConfig: {
      NetworkMode: row.network,
      PortBindings: bindings(row),
      RestartPolicy: { Name: row.restart, MaximumRetryCount: 0 },
    },
    Config: { Hostname: row.id.slice(0, 12), Image: row.image },
    NetworkSettings: {
      Ports: running ? { ...open, ...bindings(row) } : {},
      ...where,
      Networks: { [row.network]: { NetworkID: network?.id ?? '', ...where } },
    },
  };
}

function networkJson(network: DockerNetwork, rows: readonly DockerContainer[]): Json {
  const { id, name, driver, subnet, gateway, prefixLen, bridge, mtu, masquerade } = network;
  const members = rows.filter((row) => row.status === 'running' && row.network === name);
  const config =
    subnet === undefined || gateway === undefined ? [] : [{ Subnet: subnet, Gateway: formatIp4(gateway) }];
  const options: Record<string, string> =
    bridge === undefined
      ? {}
      : {
          'com.docker.network.bridge.default_bridge': 'true',
          'com.docker.network.bridge.enable_icc': 'true',
          'com.docker.network.bridge.enable_ip_masquerade': String(masquerade ?? true),
          'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
          'com.docker.network.bridge.name': bridge,
          'com.docker.network.driver.mtu': String(mtu ?? 1500),
        };
  const containers = members.map((row) => [
    row.id,
    {
      Name: row.name,
      MacAddress: row.mac === undefined ? '' : formatMac(row.mac),
      IPv4Address: row.ip === undefined ? '' : `${formatIp4(row.ip)}/${prefixLen ?? 16}`,
      IPv6Address: '',
    },
  ]);
  return {
    Name: name,
    Id: id,
    Scope: 'local',
    Driver: driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: config },
    Internal: false,
    Containers: Object.fromEntries(containers) as Json,
    Options: options,
    Labels: {},
  };
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !isList(value);

/** text/template prints Go values; of ours only maps and lists look different, which nobody prints without `json`. */
function plain(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null) return '<no value>';
  if (isObject(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `${key}:${plain(inner)}`);
    return `map[${pairs.join(' ')}]`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `[${value.map(plain).join(' ')}]`;
}

function at(value: Json, path: string): Json {
  let here: Json = value;
  for (const key of path.split('.').filter((part) => part !== '')) {
    const inner: Json | undefined = isObject(here) ? here[key] : undefined;
    if (inner === undefined) {
      const where = `template: :1:2: executing "" at <${path}>: map has no entry for key "${key}"`;
      throw new Exit(1, `\ntemplate parsing error: ${where}\n`);
    }
    here = inner;
  }
  return here;
}

/** `{{.A.B}}`, `{{json .A}}`, `{{range .A}}…{{end}}`. */
function render(template: string, value: Json): string {
  const ranged = template.replace(
    /\{\{\s*range\s+(\.[\w.]*)\s*\}\}(.*?)\{\{\s*end\s*\}\}/gs,
    (_whole, path: string, body: string) => {
      const found = at(value, path);
      const values = isObject(found)
        ? Object.values(found)
        : Array.isArray(found)
          ? (found as readonly Json[])
          : [];
      return values.map((each) => render(body, each)).join('');
    },
  );
  return ranged
    .replace(/\{\{\s*json\s+(\.[\w.]*)\s*\}\}/g, (_whole, path: string) => JSON.stringify(at(value, path)))
    .replace(/\{\{\s*(\.[\w.]*)\s*\}\}/g, (_whole, path: string) => plain(at(value, path)));
}

function show(
  ctx: ProcessContext,
  found: readonly Json[],
  format: string | undefined,
  errors: readonly string[],
): number {
  if (format !== undefined) for (const value of found) ctx.print(`${render(format, value)}\n`);
  else ctx.print(`${JSON.stringify(found, null, 4)}\n`);
  for (const error of errors) ctx.printError(`${error}\n`);
  return errors.length > 0 ? 1 : 0;
}

const FLAGS = { format: { letter: 'f', value: true }, verbose: { letter: 'v' } } as const;

export function inspect(ctx: ProcessContext, args: readonly string[]): number {
  const flags = parseFlags('inspect', args, { ...FLAGS, type: { value: true }, size: { letter: 's' } });
  if (flags.words.length === 0) throw argumentsError('inspect', 'at least 1 argument');
  const daemon = daemonOf(ctx);
  const [rows, networks] = [daemon.containers(), networksOf(daemon)];
  const found: Json[] = [];
  const errors: string[] = [];
  for (const name of flags.words) {
    const row = findContainer(rows, name);
    const network = networks.find((each) => each.name === name);
    if (row) found.push(containerJson(row, networks));
    else if (network) found.push(networkJson(network, rows));
    else errors.push(`Error: No such object: ${name}`);
  }
  return show(ctx, found, flags.last('format'), errors);
}

export function networkInspect(ctx: ProcessContext, args: readonly string[]): number {
  const flags = parseFlags('network inspect', args, FLAGS);
  if (flags.words.length === 0) throw argumentsError('network inspect', 'at least 1 argument');
  const daemon = daemonOf(ctx);
  const rows = daemon.containers();
  const found: Json[] = [];
  const errors: string[] = [];
  for (const name of flags.words) {
    const network = networksOf(daemon).find((each) => each.name === name || each.id.startsWith(name));
    if (network) found.push(networkJson(network, rows));
    else errors.push(`Error response from daemon: network ${name} not found`);
  }
  return show(ctx, found, flags.last('format'), errors);
}
