/**
 * etcdctl 3.4.23 with ETCDCTL_API=2: keys as a tree of directories. The store is the one of API 3; a directory is a name
 * with keys below it.
 */
import type { EtcdClient, EtcdKeyValue, ProcessContext } from '../../kernel/netlink';
import { Exit } from '../program';
import { watch2 } from './etcdctl2-watch';

const SERVER_ERROR = 4;

function normal(key: string | undefined): string {
  const inner = (key ?? '').split('/').filter((part) => part !== '');
  return `/${inner.join('/')}`;
}

function failure(code: number, what: string, key: string, etcd: EtcdClient): Exit {
  return new Exit(SERVER_ERROR, `Error:  ${code}: ${what} (${key}) [${etcd.revision()}]\n`);
}

function below(etcd: EtcdClient, directory: string): EtcdKeyValue[] {
  const start = directory === '/' ? '/' : `${directory}/`;
  return etcd.range(start, true).toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Names in a directory, each with whether it is one itself; with `deep` those below them too, parents first. */
function list(etcd: EtcdClient, directory: string, deep: boolean): Map<string, boolean> {
  const base = directory === '/' ? '' : directory;
  const found = new Map<string, boolean>();
  for (const { key } of below(etcd, directory)) {
    const parts = key.slice(base.length + 1).split('/');
    for (let depth = 1; depth <= (deep ? parts.length : 1); depth++) {
      found.set(`${base}/${parts.slice(0, depth).join('/')}`, depth < parts.length);
    }
  }
  return found;
}

function ls(
  ctx: ProcessContext,
  etcd: EtcdClient,
  flags: ReadonlySet<string>,
  words: readonly string[],
): number {
  const key = normal(words[0]);
  const names = list(etcd, key, flags.has('recursive') || flags.has('r'));
  if (names.size === 0 && key !== '/') {
    if (etcd.range(key, false).length === 0) throw failure(100, 'Key not found', key, etcd);
    names.set(key, false);
  }
  for (const [name, directory] of names) ctx.print(`${name}${directory && flags.has('p') ? '/' : ''}\n`);
  return 0;
}

function get(
  ctx: ProcessContext,
  etcd: EtcdClient,
  _flags: ReadonlySet<string>,
  words: readonly string[],
): number {
  if (words.length === 0) throw new Exit(1, 'Error:  key required\n');
  const key = normal(words[0]);
  const [kv] = etcd.range(key, false);
  if (kv) {
    ctx.print(`${kv.value}\n`);
    return 0;
  }
  if (below(etcd, key).length > 0) throw new Exit(1, `${key}: is a directory\n`);
  throw failure(100, 'Key not found', key, etcd);
}

/** set, mk (which must be new) and update (which must be there). */
function write(kind: 'set' | 'mk' | 'update') {
  return (
    ctx: ProcessContext,
    etcd: EtcdClient,
    flags: ReadonlySet<string>,
    words: readonly string[],
  ): number => {
    const [name, value] = words;
    if (name === undefined) throw new Exit(1, 'Error:  key required\n');
    if (value === undefined) throw new Exit(1, 'Error:  value required\n');
    const key = normal(name);
    const there = etcd.range(key, false).length > 0;
    if (below(etcd, key).length > 0) throw failure(102, 'Not a file', key, etcd);
    if (kind === 'mk' && there) throw failure(105, 'Key already exists', key, etcd);
    if (kind === 'update' && !there) throw failure(100, 'Key not found', key, etcd);
    const ttl = [...flags].find((flag) => flag.startsWith('ttl='))?.slice(4) ?? '0';
    if (!/^\d+$/.test(ttl))
      throw new Exit(
        1,
        `invalid value "${ttl}" for flag -ttl: strconv.ParseInt: parsing "${ttl}": invalid syntax\n`,
      );
    const held = Number(ttl) > 0 ? etcd.grant(Number(ttl)) : undefined;
    const done = etcd.put(key, value, held?.ok ? held.value.id : undefined);
    if (!done.ok) throw new Exit(SERVER_ERROR, `Error:  ${done.error}\n`);
    ctx.print(`${value}\n`);
    return 0;
  };
}

function rm(
  ctx: ProcessContext,
  etcd: EtcdClient,
  flags: ReadonlySet<string>,
  words: readonly string[],
): number {
  if (words.length === 0) throw new Exit(1, 'Error:  key required\n');
  const key = normal(words[0]);
  const [kv] = etcd.range(key, false);
  const children = below(etcd, key);
  const recursive = flags.has('recursive') || flags.has('r');
  if (!kv && children.length === 0) throw failure(100, 'Key not found', key, etcd);
  if (children.length > 0 && !recursive) throw failure(102, 'Not a file', key, etcd);
  const done = kv ? etcd.delete(key, false) : etcd.delete(key === '/' ? '/' : `${key}/`, true);
  if (!done.ok) throw new Exit(SERVER_ERROR, `Error:  ${done.error}\n`);
  if (kv && !recursive) ctx.print(`PrevNode.Value: ${kv.value}\n`);
  return 0;
}

const COMMANDS: Readonly<
  Record<
    string,
    {
      readonly flags: readonly string[];
      run(
        ctx: ProcessContext,
        etcd: EtcdClient,
        flags: ReadonlySet<string>,
        words: readonly string[],
      ): number | 'running';
    }
  >
> = {
  ls: { flags: ['sort', 'recursive', 'r', 'p', 'quorum', 'q'], run: ls },
  get: { flags: ['sort', 'quorum', 'q'], run: get },
  set: { flags: ['ttl'], run: write('set') },
  mk: { flags: ['ttl'], run: write('mk') },
  update: { flags: ['ttl'], run: write('update') },
  rm: { flags: ['recursive', 'r'], run: rm },
  watch: {
    flags: ['forever', 'f', 'recursive', 'r'],
    run(ctx, etcd, flags, words) {
      if (words.length === 0) throw new Exit(1, 'Error:  key required\n');
      return watch2(ctx, etcd, flags, normal(words[0]));
    },
  },
};
/** In the real tool, and not here. */
const LEFT_OUT = [
  'mkdir',
  'rmdir',
  'setdir',
  'updatedir',
  'exec-watch',
  'member',
  'user',
  'role',
  'auth',
  'backup',
  'cluster-health',
];

const NO_SERVER = ['2379', '4001']
  .map((port) => `dial tcp 127.0.0.1:${port}: connect: connection refused`)
  .map((text, at) => `error #${at}: ${text}`);

export function etcdctl2(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const words = args.filter((word) => !/^--?(endpoints?|C)=/.test(word));
  if (words[0] === '--version' || words[0] === '-v') {
    ctx.print('etcdctl version: 3.4.23\nAPI version: 2\n');
    return 0;
  }
  const [name = '', ...rest] = words;
  const command = COMMANDS[name];
  if (LEFT_OUT.includes(name))
    throw new Exit(1, `etcdctl: ${name} is not modelled here with ETCDCTL_API=2\n`);
  if (!command) throw new Exit(3, `No help topic for '${name}'\n`);
  const flags = new Set<string>();
  const plain: string[] = [];
  const left = [...rest];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (plain.length > 0 || !/^-./.test(word)) {
      plain.push(word);
      continue;
    }
    const [flag = '', inline] = word.replace(/^--?/, '').split('=', 2);
    if (!command.flags.includes(flag)) throw new Exit(1, `flag provided but not defined: -${flag}\n`);
    if (flag !== 'ttl') flags.add(flag);
    else {
      const value = inline ?? left.shift();
      if (value === undefined) throw new Exit(1, 'flag needs an argument: -ttl\n');
      flags.add(`ttl=${value}`);
    }
  }
  const etcd = ctx.host.etcd();
  if (!etcd) {
    const text = `${NO_SERVER.join('\n; ')}\n\n${NO_SERVER.join('\n')}\n\n`;
    throw new Exit(SERVER_ERROR, `Error:  client: etcd cluster is unavailable or misconfigured; ${text}`);
  }
  return command.run(ctx, etcd, flags, plain);
}
