/** How the docker command prints tables, times and ports (docker/go-units, cli/command/formatter). */
import type { DockerContainer, SimTime } from '../../../kernel/netlink';
import { formatIp4 } from '../../../wire/index';
import { isoMillis } from '../../calendar';

const SECOND = 1_000_000_000;
const SHORT_ID = 12;
const COMMAND_WIDTH = 20;

/** HumanDuration */
function duration(ns: number): string {
  const seconds = Math.floor(ns / SECOND);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(ns / (3_600 * SECOND) + 0.5);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}

function statusText(row: DockerContainer, now: SimTime): string {
  if (row.status === 'created') return 'Created';
  if (row.status === 'running') return `Up ${duration(now - row.startedAt)}`;
  return `Exited (${row.exit}) ${duration(now - row.finishedAt)} ago`;
}

function portsText(row: DockerContainer): string {
  if (row.status !== 'running' || row.network !== 'bridge') return '';
  const published = row.ports.map(
    ({ hostIp, hostPort, containerPort, protocol }) =>
      `${hostIp === undefined ? '0.0.0.0' : formatIp4(hostIp)}:${hostPort}->${containerPort}/${protocol}`,
  );
  const open = row.exposed
    .filter((port) => !row.ports.some(({ containerPort }) => containerPort === port))
    .map((port) => `${port}/tcp`);
  return [...open, ...published].join(', ');
}

/** Columns three spaces apart, at least ten wide, the last as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const width = Array.from({ length: columns }, (_, at) =>
    Math.max(10, ...rows.map((row) => (row[at] ?? '').length + 3)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === columns - 1 ? cell : cell.padEnd(width[at] ?? 0))).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
}

export function psRow(row: DockerContainer, now: SimTime, whole: boolean): string[] {
  const short =
    row.command.length > COMMAND_WIDTH ? `${row.command.slice(0, COMMAND_WIDTH - 1)}…` : row.command;
  return [
    whole ? row.id : row.id.slice(0, SHORT_ID),
    row.image,
    `"${(whole ? row.command : short).replaceAll('"', '\\"')}"`,
    `${duration(now - row.createdAt)} ago`,
    statusText(row, now),
    portsText(row),
    row.name,
  ];
}
export const PS_HEADER = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];

/** RFC 3339 of virtual time, 0 being the beginning of 1970. */
export function timestamp(ns: SimTime): string {
  const seconds = Math.floor(ns / SECOND);
  const fraction = String(ns - seconds * SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const date = isoMillis(seconds * SECOND).slice(0, 19);
  return `${date}${fraction === '' ? '' : `.${fraction}`}Z`;
}
