/** kubectl delete, cordon, uncordon, drain, annotate. */
import type { KubeClient, ProcessContext } from '../../../kernel/netlink';
import { Exit } from '../../program';
import { fail, isOn, notModelled, parse, usageError, type Parsed } from './flags';
import { ask, connect, find, findNode, list, namesOf, type Named } from './server';

// ---- delete --------------------------------------------------------------------------------------------------------

const AT_ONCE =
  'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. ' +
  'The resource may continue to run on the cluster indefinitely.\n';

function graceOf(parsed: Parsed): number | undefined {
  const text = parsed.flags.get('grace-period') ?? '-1';
  if (!/^-?\d+$/.test(text))
    throw usageError(
      'delete',
      `invalid argument "${text}" for "--grace-period" flag: strconv.ParseInt: parsing "${text}": invalid syntax`,
    );
  const force = isOn(parsed, 'force');
  if (isOn(parsed, 'now')) return 1;
  const grace = Number(text);
  if (grace < 0) return force ? 0 : undefined;
  if (force && grace > 0)
    throw fail('--force and --grace-period greater than 0 cannot be specified together');
  // Not to lose anything by accident, 0 without --force is 1.
  return grace === 0 && !force ? 1 : grace;
}

/** Waits until all of them are gone. */
function waitGone(ctx: ProcessContext, client: KubeClient, gone: readonly Named[]): number | 'running' {
  const left = new Set(gone.map(({ kind, name }) => `${kind}/${name}`));
  for (const { kind, name } of gone)
    if (client.ask({ op: 'get', kind, name }).op === 'error') left.delete(`${kind}/${name}`);
  if (left.size === 0) return 0;
  const handles = (['Pod', 'Node'] as const).map((kind) =>
    client.watch(kind, ({ type, object }) => {
      if (type !== 'DELETED' || !left.delete(`${kind}/${object.name}`) || left.size > 0) return;
      for (const handle of handles) handle.cancel();
      ctx.exit(0);
    }),
  );
  ctx.onInterrupt(() => {
    for (const handle of handles) handle.cancel();
    ctx.exit(130);
  });
  return 'running';
}

export function remove(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const known = {
    'grace-period': true,
    force: false,
    now: false,
    wait: 'optional',
    all: false,
    'ignore-not-found': false,
  } as const;
  const parsed = parse('delete', args, known);
  if (parsed.words.length === 0)
    throw fail('You must provide one or more resources by argument or filename.');
  const client = connect(ctx);
  const namespace = parsed.flags.get('namespace') ?? 'default';
  const graceSec = graceOf(parsed);
  const { kinds, names } = namesOf(parsed.words);
  const all = isOn(parsed, 'all');
  if (names.length === 0 && !all) throw fail('resource(s) were provided, but no name was specified');
  const targets = all
    ? kinds.flatMap((kind) => list(client, kind, namespace).map(({ name }) => ({ kind, name })))
    : names;
  if (graceSec === 0) ctx.printError(AT_ONCE);
  const gone: Named[] = [];
  let failed = 0;
  for (const target of targets) {
    try {
      find(client, target, namespace);
      ask(client, { op: 'delete', ...target, ...(graceSec === undefined ? {} : { graceSec }) });
      gone.push(target);
      const how = graceSec === 0 ? 'force deleted' : 'deleted';
      ctx.print(`${target.kind.toLowerCase()} "${target.name}" ${how}\n`);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      if (isOn(parsed, 'ignore-not-found')) continue;
      ctx.printError(error.message);
      failed = 1;
    }
  }
  if (all && targets.length === 0) ctx.printError('No resources found\n');
  if (graceSec === 0 || parsed.flags.get('wait') === 'false' || failed > 0) return failed;
  return waitGone(ctx, client, gone);
}

// ---- nodes ---------------------------------------------------------------------------------------------------------

function nodeNames(parsed: Parsed, command: string): string[] {
  const names = parsed.words.map((word) => word.replace(/^(nodes?|no)\//, ''));
  if (names.length === 0)
    throw new Exit(
      1,
      `error: at least one resource name must be specified since 'kubectl ${command}' without a selector is not allowed\n` +
        `See 'kubectl ${command} -h' for help and examples\n`,
    );
  return names;
}

function mark(ctx: ProcessContext, client: KubeClient, name: string, unschedulable: boolean): void {
  const node = findNode(client, name);
  const word = unschedulable ? 'cordoned' : 'uncordoned';
  if (node.unschedulable === unschedulable) return ctx.print(`node/${name} already ${word}\n`);
  ask(client, { op: 'patch-node', name, unschedulable });
  ctx.print(`node/${name} ${word}\n`);
}

export function cordon(ctx: ProcessContext, args: readonly string[], unschedulable: boolean): number {
  const command = unschedulable ? 'cordon' : 'uncordon';
  const names = nodeNames(parse(command, args, {}), command);
  const client = connect(ctx);
  for (const name of names) mark(ctx, client, name, unschedulable);
  return 0;
}

/** Pods stand for themselves here: nothing would start them anew elsewhere, so drain wants --force. */
export function drain(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const known = {
    force: false,
    'ignore-daemonsets': false,
    'delete-emptydir-data': false,
    'grace-period': true,
  };
  const parsed = parse('drain', args, known);
  const [name = ''] = nodeNames(parsed, 'drain');
  const client = connect(ctx);
  mark(ctx, client, name, true);
  const pods = list(client, 'Pod', 'default').flatMap((pod) =>
    pod.kind === 'Pod' && pod.nodeName === name ? [pod.name] : [],
  );
  const texts = pods.map((pod) => `default/${pod}`).join(', ');
  if (pods.length > 0 && !isOn(parsed, 'force')) {
    const why = `cannot delete cannot delete Pods that declare no controller (use --force to override): ${texts}`;
    throw new Exit(
      1,
      `error: unable to drain node "${name}" due to error: ${why}, continuing command...\n` +
        `There are pending nodes to be drained:\n ${name}\n${why}\n`,
    );
  }
  if (pods.length > 0) ctx.printError(`Warning: deleting Pods that declare no controller: ${texts}\n`);
  const left = new Set(pods);
  const handle = client.watch('Pod', ({ type, object }) => {
    if (type !== 'DELETED' || !left.delete(object.name)) return;
    ctx.print(`pod/${object.name} evicted\n`);
    if (left.size > 0) return;
    handle.cancel();
    ctx.print(`node/${name} drained\n`);
    ctx.exit(0);
  });
  for (const pod of pods) {
    ctx.print(`evicting pod default/${pod}\n`);
    ask(client, { op: 'delete', kind: 'Pod', name: pod });
  }
  ctx.onInterrupt(() => {
    handle.cancel();
    ctx.exit(130);
  });
  if (left.size > 0) return 'running';
  handle.cancel();
  ctx.print(`node/${name} drained\n`);
  return 0;
}

// ---- annotate ------------------------------------------------------------------------------------------------------

export function annotate(ctx: ProcessContext, args: readonly string[]): number {
  const parsed = parse('annotate', args, { overwrite: false });
  const isChange = (word: string) => /^[^=]+=/.test(word) || /^[^=]+-$/.test(word);
  const at = parsed.words.findIndex((word, i) => i > 0 && isChange(word));
  if (parsed.words.length === 0)
    throw fail('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  if (at < 0) throw fail('at least one annotation update is required');
  const { names } = namesOf(parsed.words.slice(0, at));
  if (names.length === 0)
    throw fail('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  const changes = new Map<string, string | null>();
  for (const word of parsed.words.slice(at)) {
    const sign = word.indexOf('=');
    if (sign > 0) changes.set(word.slice(0, sign), word.slice(sign + 1));
    else if (word.endsWith('-')) changes.set(word.slice(0, -1), null);
    else throw fail(`all resources must be specified before annotation changes: ${word}`);
  }
  const client = connect(ctx);
  for (const { kind, name } of names) {
    if (kind !== 'Node') throw notModelled('annotations of pods');
    const node = findNode(client, name);
    for (const [key, value] of changes) {
      const old = node.annotations[key];
      if (value === null && old === undefined) ctx.print(`annotation "${key}" not found.\n`);
      if (value !== null && old !== undefined && old !== value && !isOn(parsed, 'overwrite'))
        throw fail(
          `--overwrite is false but found the following declared annotation(s): '${key}' already has a value (${old})`,
        );
    }
    ask(client, { op: 'patch-node', name, annotations: Object.fromEntries(changes) });
    ctx.print(`node/${name} annotated\n`);
  }
  return 0;
}
