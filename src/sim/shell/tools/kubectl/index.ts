/**
 * kubectl 1.31 for nodes and pods: get, run, delete, exec, describe, cordon, uncordon, drain, annotate, version. It runs
 * on every machine, as if each had the administrator's kubeconfig. Complaints are the real one's; what it can do besides is
 * named as not modelled.
 */
import type { ProcessContext } from '../../../kernel/netlink';
import type { Place } from '../../completion';
import { Exit, type Program } from '../../program';
import { annotate, cordon, drain, remove } from './change';
import { describe } from './describe';
import { fail, notModelled, parse } from './flags';
import { get } from './get';
import { run } from './run';
import { connect, findPod, refusedConnection } from './server';
import { VERSION } from './table';

function exec(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const parsed = parse('exec', args, { stdin: false, tty: false, container: true });
  const [pod, ...more] = parsed.words;
  const command = parsed.after ?? [];
  if (pod === undefined) throw fail('pod, type/name or --filename must be specified');
  if (more.length > 0)
    throw fail(
      "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
    );
  if (command.length === 0) throw fail('you must specify at least one command for the container');
  const client = connect(ctx);
  const object = findPod(client, pod.replace(/^pods?\//, ''), parsed.flags.get('namespace') ?? 'default');
  const { phase } = object.status;
  if (phase === 'Succeeded' || phase === 'Failed')
    throw fail(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  const entered = client.enter(object);
  if (!entered.netns) throw new Exit(1, `${entered.error ?? ''}\n`);
  ctx.host.exec(entered.netns, command);
  return 'running';
}

function version(ctx: ProcessContext, args: readonly string[]): number {
  const parsed = parse('version', args, { client: false });
  ctx.print(`Client Version: ${VERSION}\nKustomize Version: v5.4.2\n`);
  if (parsed.flags.has('client')) return 0;
  const client = ctx.host.kube();
  if (!client?.running) throw refusedConnection(client?.server ?? 'localhost:8080');
  ctx.print(`Server Version: ${VERSION}\n`);
  return 0;
}

const COMMANDS: Readonly<
  Record<string, (ctx: ProcessContext, args: readonly string[]) => number | 'running'>
> = {
  get,
  run,
  delete: remove,
  exec,
  describe,
  cordon: (ctx, args) => cordon(ctx, args, true),
  uncordon: (ctx, args) => cordon(ctx, args, false),
  drain,
  annotate,
  version,
};
/** Commands that exist and would do more than is modelled. */
const REAL = new Set(
  (
    'create expose set explain edit rollout scale autoscale certificate cluster-info top taint logs attach port-forward ' +
    'proxy cp auth debug events diff apply patch replace wait kustomize label completion api-resources api-versions config plugin'
  ).split(' '),
);

function places(words: readonly string[]): Place {
  const [command, ...rest] = words.filter((word) => !word.startsWith('-'));
  if (command === undefined) return { words: Object.keys(COMMANDS) };
  if (command === 'exec') {
    const at = words.indexOf('--');
    return at < 0 ? { words: ['-it', '--'], kinds: ['container'] } : { nested: words.slice(at + 1) };
  }
  if (command === 'run')
    return { words: ['--image=nginx', '--image=busybox', '--restart=Never', '--overrides='] };
  if (!['get', 'delete', 'describe', 'annotate'].includes(command)) return { words: ['--force'] };
  if (rest.length === 0) return { words: ['nodes', 'pods', 'nodes,pods', 'node', 'pod'] };
  return { words: ['-o', 'wide', 'yaml', 'json', '-w', '--force'], kinds: ['container'] };
}

export const kubectl: Program = {
  name: 'kubectl',
  group: 'containers and etcd',
  about: 'nodes and pods (get, run, delete, exec, describe, cordon, drain, annotate)',
  run(ctx, args) {
    const { netns, host } = ctx;
    const pods = host.containers().filter(({ name }) => host.container(name)?.id === netns.id);
    if (pods.length > 0 && netns.id !== netns.machine)
      throw new Exit(127, 'bash: kubectl: command not found\n');
    // `kubectl -n default get pods`
    let at = 0;
    while (/^-/.test(args[at] ?? '')) at += /^(-n|--namespace|--kubeconfig)$/.test(args[at] ?? '') ? 2 : 1;
    const command = args[at];
    const rest = [...args.slice(0, at), ...args.slice(at + 1)];
    if (command === undefined)
      throw new Exit(
        0,
        `kubectl controls the Kubernetes cluster manager.\n\nModelled here: ${Object.keys(COMMANDS).join(' ')}\n`,
        'stdout',
      );
    const known = COMMANDS[command];
    if (known) return known(ctx, rest);
    if (REAL.has(command)) throw notModelled(`kubectl ${command}`);
    throw fail(`unknown command "${command}" for "kubectl"`);
  },
  slots: places,
};
