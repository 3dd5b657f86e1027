/** `etcdctl watch` of API 2: the next change, or with `--forever` every one. */
import type { EtcdClient, EtcdKeyValue, ProcessContext } from '../../kernel/netlink';

/** API 2 tells what was there before; API 3's events do not, so it is kept from the start. */
export function watch2(
  ctx: ProcessContext,
  etcd: EtcdClient,
  flags: ReadonlySet<string>,
  key: string,
): 'running' {
  const recursive = flags.has('recursive') || flags.has('r');
  const forever = flags.has('forever') || flags.has('f');
  const known = new Map<string, EtcdKeyValue>();
  for (const kv of etcd.range(recursive ? `${key}/` : key, recursive)) known.set(kv.key, kv);
  const handle = etcd.watch(recursive ? `${key}/` : key, recursive, ({ type, kv }) => {
    const before = known.get(kv.key);
    if (type === 'PUT') known.set(kv.key, kv);
    else known.delete(kv.key);
    const expired =
      type === 'DELETE' &&
      before !== undefined &&
      Number(before.lease) !== 0 &&
      !etcd.leases().some(({ id }) => BigInt(`0x${id}`) === BigInt(before.lease));
    const action = type === 'PUT' ? 'set' : expired ? 'expire' : 'delete';
    if (recursive) ctx.print(`[${action}] ${kv.key}\n`);
    ctx.print(
      action === 'delete'
        ? `PrevNode.Value: ${before?.value ?? ''}\n`
        : `${type === 'PUT' ? kv.value : ''}\n`,
    );
    if (forever) return;
    handle.cancel();
    ctx.exit(0);
  });
  ctx.onInterrupt(() => {
    handle.cancel();
    ctx.exit(130);
  });
  return 'running';
}
