/** Runs one command line in a namespace of a small network, with a store and containers of the test's own. */
import { err, ok, type Result } from '../../../../base/result';
import type {
  EtcdClient,
  EtcdKeyValue,
  EtcdLease,
  HostApi,
  NetnsHandle,
  ProcessContext,
} from '../../../kernel/netlink';
import { TestNet } from '../../../kernel/testing/net';
import { Exit, type Environment } from '../../program';
import { splitWords } from '../../words';
import { makeHelp, tools } from '../index';

/** A store with etcd's revisions, enough for etcdctl. */
export class Store implements EtcdClient {
  readonly rows = new Map<string, EtcdKeyValue>();
  #revision = 1;
  #watches: {
    key: string;
    prefix: boolean;
    tell: (event: { type: 'PUT' | 'DELETE'; kv: EtcdKeyValue }) => void;
  }[] = [];
  revision(): number {
    return this.#revision;
  }
  range(key: string, prefix: boolean): EtcdKeyValue[] {
    return [...this.rows.values()]
      .filter((kv) => (prefix ? kv.key.startsWith(key) : kv.key === key))
      .reverse();
  }
  watch(key: string, prefix: boolean, tell: (event: { type: 'PUT' | 'DELETE'; kv: EtcdKeyValue }) => void) {
    const own = { key, prefix, tell };
    this.#watches.push(own);
    return { cancel: () => void (this.#watches = this.#watches.filter((other) => other !== own)) };
  }
  readonly #leases = new Map<string, { id: string; ttlSec: number }>();
  #lease({ id, ttlSec }: { id: string; ttlSec: number }): EtcdLease {
    const held = [...this.rows.values()].filter((kv) => kv.lease === BigInt(`0x${id}`)).map((kv) => kv.key);
    return { id, ttlSec, remainingSec: ttlSec - 1, keys: held };
  }
  leases(): EtcdLease[] {
    return [...this.#leases.values()].map((lease) => this.#lease(lease));
  }
  grant(ttlSec: number): Result<EtcdLease, string> {
    const made = { id: `694da1fb847773${String(this.#leases.size + 1).padStart(2, '0')}`, ttlSec };
    this.#leases.set(made.id, made);
    return ok(this.#lease(made));
  }
  revoke(id: string): Result<void, string> {
    const lease = this.#leases.get(id);
    if (!lease) return err('etcdserver: requested lease not found');
    for (const key of this.#lease(lease).keys) this.delete(key, false);
    this.#leases.delete(id);
    return ok(undefined);
  }
  keepAlive(id: string): Result<EtcdLease, string> {
    const lease = this.#leases.get(id);
    return lease ? ok(this.#lease(lease)) : err('etcdserver: requested lease not found');
  }
  put(key: string, value: string, lease?: string): Result<{ revision: number }, string> {
    if (lease !== undefined && !this.#leases.has(lease)) return err('etcdserver: requested lease not found');
    const before = this.rows.get(key);
    const modRevision = ++this.#revision;
    const createRevision = before?.createRevision ?? modRevision;
    const kv = {
      key,
      value,
      createRevision,
      modRevision,
      version: (before?.version ?? 0) + 1,
      lease: lease === undefined ? 0 : BigInt(`0x${lease}`),
    };
    this.rows.set(key, kv);
    this.#tell('PUT', kv);
    return ok({ revision: modRevision });
  }
  delete(key: string, prefix: boolean) {
    const gone = this.range(key, prefix);
    if (gone.length > 0) this.#revision++;
    for (const kv of gone) {
      this.rows.delete(kv.key);
      this.#tell('DELETE', { ...kv, value: '' });
    }
    return ok({ deleted: gone.length });
  }
  #tell(type: 'PUT' | 'DELETE', kv: EtcdKeyValue): void {
    for (const { key, prefix, tell } of this.#watches)
      if (prefix ? kv.key.startsWith(key) : kv.key === key) tell({ type, kv });
  }
}

interface Ran {
  readonly output: string;
  readonly exit: number | undefined;
  readonly seconds: number;
  interrupt(): void;
  readonly later: () => string;
}
interface Setting {
  readonly net?: TestNet;
  readonly netns?: string;
  readonly store?: Store;
  readonly env?: Environment;
  readonly containers?: readonly { name: string; id: string; image: string; running: boolean }[];
  readonly executed?: (netns: string, words: readonly string[]) => void;
}
export function machine(): TestNet {
  const made = new TestNet();
  made.netns('a');
  made.netns('b');
  made.veth('a:eth0', 'b:eth0');
  made.addr('a', 'eth0', '10.1.0.2/24');
  made.veth('a:fl.1', 'b:eth1');
  return made;
}

export function run(line: string, setting: Setting = {}): Ran {
  const words = splitWords(line);
  if (!words.ok) throw new Error(words.error);
  const [name = '', ...args] = words.value;
  const net = setting.net ?? machine();
  let output = '';
  let exit: number | undefined;
  let ended = 0;
  let interrupt = (): void => ctx.exit(130);
  const netns = setting.netns ?? 'a';
  const host: Partial<HostApi> = {
    containers: () => [...(setting.containers ?? [])],
    container: (wanted): NetnsHandle | undefined =>
      setting.containers?.some((row) => row.name === wanted) ? { id: wanted, machine: 'm' } : undefined,
    exec: (target, command) => {
      setting.executed?.(target.id, command);
      ctx.exit(0);
    },
    etcd: () => setting.store,
    services: () => [],
    service: () => undefined,
  };
  const ctx: ProcessContext = {
    netns: setting.containers?.some((row) => row.name === netns)
      ? { id: netns, machine: 'm' }
      : net.get(netns).handle,
    netlink: net.netlink('a'),
    sockets: net.sockets('a'),
    random: net.ground.random,
    now: () => net.engine.now,
    after: (delay, action) => net.engine.after(delay, action),
    print: (text) => (output += text),
    printError: (text) => (output += text),
    exit: (code) => {
      if (exit === undefined) ended = net.engine.now;
      exit ??= code;
    },
    onInterrupt: (action) => (interrupt = action),
    host: host as HostApi,
  };
  const program = [...tools, help].find((candidate) => candidate.name === name);
  if (!program) throw new Error(`no program ${name}`);
  const start = net.engine.now;
  try {
    const code = program.run(ctx, args, setting.env ?? {});
    if (code !== 'running') ctx.exit(code);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    output += error.message;
    ctx.exit(error.code);
  }
  const limit = start + 100 * 86_400e9;
  while (exit === undefined && (net.engine.nextTime() ?? Infinity) <= limit) net.engine.step();
  return { output, exit, seconds: (ended - start) / 1e9, interrupt: () => interrupt(), later: () => output };
}
const help = makeHelp(() => [...tools, help]);
