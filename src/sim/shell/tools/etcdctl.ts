/** etcdctl 3.4.23 with API version 3, its default; ETCDCTL_API=2 is in etcdctl2.ts. */
import type { EtcdClient, EtcdKeyValue, ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { BAD_ARGUMENTS, leaseId, refusal, unreachable } from './etcd-client';
import { lease } from './etcdctl-lease';
import { etcdctl2 } from './etcdctl2';

/** Flags by command; true: takes a value. */
const GLOBAL: Readonly<Record<string, boolean>> = {
  endpoints: true,
  'write-out': true,
  'command-timeout': true,
  'dial-timeout': true,
  cacert: true,
  cert: true,
  key: true,
  user: true,
  password: true,
  debug: false,
  'insecure-skip-tls-verify': false,
  'insecure-transport': false,
};
const FLAGS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  get: {
    prefix: false,
    'from-key': false,
    'keys-only': false,
    'print-value-only': false,
    limit: true,
    order: true,
    'sort-by': true,
    consistency: true,
    rev: true,
  },
  put: { 'prev-kv': false, lease: true },
  del: { prefix: false, 'from-key': false, 'prev-kv': false },
  watch: { prefix: false },
  lease: { keys: false, once: false },
  version: {},
};

interface Parsed {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
}

function refuse(message: string): Exit {
  return new Exit(1, `Error: ${message}\n\nError: ${message}\n`);
}

/** pflag's rules: options anywhere, `--name value` and `--name=value`. */
function parse(args: readonly string[], known: Readonly<Record<string, boolean>>): Parsed {
  const words: string[] = [];
  const flags = new Map<string, string>();
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') words.push(...rest.splice(0));
    else if (word === '-w' || word.startsWith('-w='))
      flags.set('write-out', word.slice(3) || (rest.shift() ?? ''));
    else if (word.startsWith('--')) {
      const sign = word.indexOf('=');
      const name = word.slice(2, sign < 0 ? undefined : sign);
      const takesValue = known[name] ?? GLOBAL[name];
      if (takesValue === undefined) throw refuse(`unknown flag: --${name}`);
      const value = sign >= 0 ? word.slice(sign + 1) : takesValue ? rest.shift() : 'true';
      if (value === undefined) throw refuse(`flag needs an argument: --${name}`);
      flags.set(name, value);
    } else if (word.startsWith('-') && word.length > 1)
      throw refuse(`unknown shorthand flag: '${word[1] ?? ''}' in ${word}`);
    else words.push(word);
  }
  return { words, flags };
}

function on(parsed: Parsed, name: string): boolean {
  return parsed.flags.get(name) === 'true';
}

function byKey(a: EtcdKeyValue, b: EtcdKeyValue): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Keys named by `KEY [RANGE_END]`, --prefix or --from-key, in the order of their bytes. */
function range(etcd: EtcdClient, parsed: Parsed): EtcdKeyValue[] {
  const [key = '', end] = parsed.words;
  const prefix = on(parsed, 'prefix');
  const fromKey = on(parsed, 'from-key');
  if (prefix && fromKey)
    throw new Exit(
      BAD_ARGUMENTS,
      'Error: `--prefix` and `--from-key` cannot be set at the same time, choose one\n',
    );
  if (key === '' && !prefix && !fromKey) throw new Exit(1, 'Error: etcdserver: key is not provided\n');
  if (!fromKey && end === undefined) return [...etcd.range(key, prefix)].sort(byKey);
  const all = etcd.range('', true).filter((kv) => kv.key >= key && (fromKey || kv.key < (end ?? '')));
  return all.sort(byKey);
}

const SORT: Readonly<Record<string, (kv: EtcdKeyValue) => string | number>> = {
  KEY: (kv) => kv.key,
  CREATE: (kv) => kv.createRevision,
  MODIFY: (kv) => kv.modRevision,
  VALUE: (kv) => kv.value,
  VERSION: (kv) => kv.version,
};

function sorted(rows: EtcdKeyValue[], parsed: Parsed): EtcdKeyValue[] {
  const target = parsed.flags.get('sort-by') ?? 'KEY';
  const order = parsed.flags.get('order') ?? 'ASCEND';
  const value = SORT[target.toUpperCase()];
  if (!value) throw new Exit(3, `Error: bad sort target ${target}\n`);
  if (!/^(ASCEND|DESCEND)$/i.test(order)) throw new Exit(3, `Error: bad sort order ${order}\n`);
  const way = /^D/i.test(order) ? -1 : 1;
  return rows.sort((a, b) => (value(a) < value(b) ? -way : value(a) > value(b) ? way : 0));
}

function get(ctx: ProcessContext, etcd: EtcdClient, parsed: Parsed): number {
  if (parsed.words.length === 0) {
    throw new Exit(
      BAD_ARGUMENTS,
      'Error: get command needs one argument as key and an optional argument as range_end\n',
    );
  }
  const limitText = parsed.flags.get('limit') ?? '0';
  if (!/^-?\d+$/.test(limitText))
    throw refuse(
      `invalid argument "${limitText}" for "--limit" flag: strconv.ParseInt: parsing "${limitText}": invalid syntax`,
    );
  const limit = Number(limitText);
  const rows = sorted(range(etcd, parsed), parsed).slice(0, limit > 0 ? limit : undefined);
  const keysOnly = on(parsed, 'keys-only');
  const valueOnly = on(parsed, 'print-value-only');
  if (keysOnly && valueOnly)
    throw new Exit(
      BAD_ARGUMENTS,
      'Error: `--keys-only` and `--print-value-only` cannot be set at the same time\n',
    );
  for (const { key, value } of rows)
    ctx.print(valueOnly ? `${value}\n` : `${key}\n${keysOnly ? '' : value}\n`);
  return 0;
}

function put(ctx: ProcessContext, etcd: EtcdClient, parsed: Parsed): number {
  const [key, value] = parsed.words;
  if (key === undefined || value === undefined)
    throw new Exit(
      BAD_ARGUMENTS,
      'Error: put command needs 1 argument and input from stdin or 2 arguments\n',
    );
  const held = parsed.flags.get('lease') ?? '0';
  const id = leaseId(held, 'lease ID');
  const before = etcd.range(key, false)[0];
  const done = etcd.put(key, value, /^0+$/.test(id) ? undefined : id);
  if (!done.ok) throw refusal(ctx, done.error);
  ctx.print('OK\n');
  if (on(parsed, 'prev-kv') && before) ctx.print(`${before.key}\n${before.value}\n`);
  return 0;
}

function del(ctx: ProcessContext, etcd: EtcdClient, parsed: Parsed): number {
  const [key, end] = parsed.words;
  if (key === undefined) {
    throw new Exit(
      BAD_ARGUMENTS,
      'Error: del command needs one argument as key and an optional argument as range_end\n',
    );
  }
  const before = range(etcd, parsed);
  const single = end === undefined && !on(parsed, 'from-key');
  let deleted = 0;
  for (const [name, prefix] of single
    ? [[key, on(parsed, 'prefix')] as const]
    : before.map((kv) => [kv.key, false] as const)) {
    const done = etcd.delete(name, prefix);
    if (!done.ok) throw new Exit(1, `Error: ${done.error}\n`);
    deleted += done.value.deleted;
  }
  ctx.print(`${deleted}\n`);
  if (on(parsed, 'prev-kv')) for (const kv of before) ctx.print(`${kv.key}\n${kv.value}\n`);
  return 0;
}

function watch(ctx: ProcessContext, etcd: EtcdClient, parsed: Parsed): 'running' {
  const [key] = parsed.words;
  if (key === undefined) throw new Exit(BAD_ARGUMENTS, 'Error: bad number of arguments\n');
  const handle = etcd.watch(key, on(parsed, 'prefix'), ({ type, kv }) => {
    ctx.print(`${type}\n${kv.key}\n${type === 'PUT' ? kv.value : ''}\n`);
  });
  ctx.onInterrupt(() => {
    handle.cancel();
    ctx.exit(130);
  });
  return 'running';
}

const COMMANDS: Readonly<
  Record<string, (ctx: ProcessContext, etcd: EtcdClient, parsed: Parsed) => number | 'running'>
> = {
  get,
  put,
  del,
  watch,
  lease: (ctx, etcd, parsed) => lease(ctx, etcd, parsed.words, (name) => on(parsed, name)),
};

/** Options before the command, then its name. */
function split(args: readonly string[]): { command: string | undefined; rest: readonly string[] } {
  let at = 0;
  while (at < args.length && /^-./.test(args[at] ?? '')) {
    const word = args[at] ?? '';
    const name = word === '-w' ? 'write-out' : word.slice(2);
    at += GLOBAL[name] === true ? 2 : 1;
  }
  return { command: args[at], rest: [...args.slice(0, at), ...args.slice(at + 1)] };
}

function etcdctl3(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const { command, rest } = split(args);
  if (command === undefined) {
    throw new Exit(
      0,
      'NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nMODELLED HERE:\n\tget put del watch lease version\n',
      'stdout',
    );
  }
  const known = FLAGS[command];
  if (!known) {
    const text = `unknown command "${command}" for "etcdctl"`;
    throw new Exit(1, `Error: ${text}\nRun 'etcdctl --help' for usage.\nError: ${text}\n`);
  }
  const parsed = parse(rest, known);
  if (command === 'version') {
    ctx.print('etcdctl version: 3.4.23\nAPI version: 3.4\n');
    return 0;
  }
  const format = parsed.flags.get('write-out') ?? 'simple';
  if (format !== 'simple') throw new Exit(1, `Error: the output format ${format} is not modelled here\n`);
  if (parsed.flags.has('rev')) throw new Exit(1, 'Error: earlier revisions are not kept here\n');
  const etcd = ctx.host.etcd();
  if (!etcd) {
    // The list of leases is asked for without a timeout.
    if (command === 'lease' && parsed.words[0] === 'list') return 'running';
    return unreachable(ctx);
  }
  return COMMANDS[command]?.(ctx, etcd, parsed) ?? 0;
}

export const etcdctl: Program = {
  name: 'etcdctl',
  group: 'containers and etcd',
  about: 'read and change the store (get, put, del, watch, lease, ls; ETCDCTL_API=2: get, set, watch)',
  run(ctx, args, env) {
    // Texts of the day write `etcdctl ls`; only API 2 has it, so without a version given that is what is meant.
    const old = env['ETCDCTL_API'] === '2' || (env['ETCDCTL_API'] === undefined && args[0] === 'ls');
    return old ? etcdctl2(ctx, args) : etcdctl3(ctx, args);
  },
};
