/** `ip netns` (ipnetns.c): list, add, del, exec, identify; and the namespace that `ip -n` works in. */
import type { NetnsHandle, ProcessContext } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit } from '../program';
import { programs } from '../registry';
import { isPrefixOf, notModelled } from './args';
import { printJson, type Ip } from './options';
import { NETNS_USAGE } from './usage';

export function openNetns(ctx: ProcessContext, name: string): NetnsHandle {
  const netns = ctx.host.netnsByName(name);
  if (netns) return netns;
  throw new Exit(255, `Cannot open network namespace "${name}": No such file or directory\n`);
}

export function runNetns(ip: Ip): number | 'running' {
  const { args } = ip;
  if (args.done) return list(ip);
  const word = args.take();
  if (['list', 'show', 'lst'].some((name) => isPrefixOf(word, name))) return list(ip);
  if (word === 'list-id') notModelled('ip netns list-id');
  if (isPrefixOf(word, 'help')) throw new Exit(255, NETNS_USAGE);
  if (isPrefixOf(word, 'add')) return change(ip, 'add');
  if (isPrefixOf(word, 'delete')) return change(ip, 'delete');
  if (
    isPrefixOf(word, 'set') ||
    isPrefixOf(word, 'attach') ||
    isPrefixOf(word, 'pids') ||
    isPrefixOf(word, 'monitor')
  ) {
    notModelled(`ip netns ${word}`);
  }
  if (isPrefixOf(word, 'identify')) return identify(ip);
  if (isPrefixOf(word, 'exec')) return exec(ip);
  throw new Exit(255, `Command "${word}" is unknown, try "ip netns help".\n`);
}

function list(ip: Ip): number {
  const rows = ip.ctx.host.netnsList();
  if (ip.options.json)
    printJson(
      ip,
      rows.map(({ name, id }) => ({ name, id })),
    );
  else
    ip.ctx.print(rows.map(({ name, id }) => `${name}${id === undefined ? '' : ` (id: ${id})`}\n`).join(''));
  return 0;
}

function takeName(ip: Ip): string {
  if (ip.args.done) throw new Exit(1, 'No netns name specified\n');
  const name = ip.args.take();
  if (name.includes('/') || name === '.' || name === '..' || name.length === 0 || name.length > 255) {
    throw new Exit(255, `Invalid netns name "${name}"\n`);
  }
  return name;
}

function change(ip: Ip, what: 'add' | 'delete'): number {
  const name = takeName(ip);
  const { host } = ip.ctx;
  const done = what === 'add' ? host.netnsAdd(name) : host.netnsDelete(name);
  if (done.ok) return 0;
  const verb = what === 'add' ? 'create' : 'remove';
  throw new Exit(1, `Cannot ${verb} namespace file "/run/netns/${name}": ${strerror[done.error]}\n`);
}

/** The name of this process's own namespace, if it has one: an empty line otherwise. */
function identify(ip: Ip): number {
  if (!ip.args.done) notModelled('ip netns identify PID');
  const { ctx } = ip;
  const own = ctx.host.netnsList().find(({ name }) => ctx.host.netnsByName(name)?.id === ctx.netns.id);
  ctx.print(`${own?.name ?? ''}\n`);
  return 0;
}

function exec(ip: Ip): 'running' {
  const { args, ctx } = ip;
  const name = takeName(ip);
  if (args.done) throw new Exit(1, 'No command specified\n');
  const netns = openNetns(ctx, name);
  const words = args.rest();
  // execvp() finds no such file; a shell would have worded it otherwise.
  if (!programs.has(words[0] ?? '')) {
    throw new Exit(1, `exec of "${words[0] ?? ''}" failed: No such file or directory\n`);
  }
  ctx.host.exec(netns, words);
  return 'running';
}
