/** `-p` and image references (docker/go-connections nat, distribution/reference). */
import type { DockerPort } from '../../../kernel/netlink';
import { parseIp4 } from '../../../wire/index';
import { Exit } from '../../program';

/** What `docker run` says before it has spoken to the daemon. */
export function runError(text: string, exit = 125): Exit {
  return new Exit(exit, runErrorText(text));
}
export function runErrorText(text: string): string {
  return `docker: ${text}\n\nRun 'docker run --help' for more information\n`;
}

function port(text: string, what: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= 65_535)) throw runError(`invalid ${what}: ${text}`);
  return number;
}

/** `[[IP:]HOST:]CONTAINER[/PROTO]`; host port 0: the daemon takes a free one. */
export function parsePublish(text: string): DockerPort {
  const slash = text.indexOf('/');
  const protocol = slash < 0 ? 'tcp' : text.slice(slash + 1).toLowerCase();
  const parts = (slash < 0 ? text : text.slice(0, slash)).split(':');
  const container = parts.at(-1) ?? '';
  const host = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const address = parts.slice(0, -2).join(':');
  if (container === '') throw runError(`no port specified: ${text}<empty>`);
  if (/^\d+-\d+$/.test(container) || /^\d+-\d+$/.test(host))
    throw runError('ranges of ports are not modelled here');
  const ip = address === '' ? undefined : parseIp4(address);
  if (ip && !ip.ok) throw runError(`invalid IP address: ${address}`);
  const containerPort = port(container, 'containerPort');
  const hostPort = host === '' ? 0 : port(host, 'hostPort');
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw runError(protocol === 'sctp' ? 'SCTP is not modelled here' : `invalid proto: ${protocol}`);
  }
  return {
    ...(ip?.ok && ip.value !== 0 ? { hostIp: ip.value } : {}),
    hostPort,
    containerPort,
    protocol,
  };
}

export function checkReference(image: string): void {
  const name = image.replace(/@sha256:[0-9a-f]{64}$/, '').replace(/:[\w][\w.-]{0,127}$/, '');
  const part = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  const parts = name.split('/');
  const domain = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '') ? 1 : 0;
  if (parts.length > domain && parts.slice(domain).every((each) => part.test(each))) return;
  if (
    /[A-Z]/.test(name) &&
    name
      .toLowerCase()
      .split('/')
      .every((each) => part.test(each))
  ) {
    const whole = name.includes('/') ? name : `library/${name}`;
    throw runError(`invalid reference format: repository name (${whole}) must be lowercase`);
  }
  throw runError('invalid reference format');
}
