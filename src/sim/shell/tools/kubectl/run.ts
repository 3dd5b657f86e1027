/** kubectl run. */
import type { KubeClient, KubePodSpec, KubeRestart, ProcessContext } from '../../../kernel/netlink';
import { Exit } from '../../program';
import { fail, isOn, notModelled, parse } from './flags';
import { ask, connect } from './server';

interface Overrides {
  readonly nodeName?: string;
  readonly restartPolicy?: string;
}
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function overridesOf(text: string | undefined): Overrides {
  if (text === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fail('Invalid JSON Patch');
  }
  if (!isRecord(json)) throw fail('Invalid JSON Patch');
  const { apiVersion, kind, metadata, spec } = json;
  if (metadata !== undefined) throw notModelled('--overrides with metadata');
  if (apiVersion !== undefined && apiVersion !== 'v1')
    throw notModelled('--overrides with another apiVersion');
  if (kind !== undefined && kind !== 'Pod') throw notModelled('--overrides with another kind');
  if (spec === undefined) return {};
  if (!isRecord(spec)) throw fail('Invalid JSON Patch');
  for (const name of Object.keys(spec))
    if (name !== 'nodeName' && name !== 'restartPolicy') throw notModelled(`--overrides with spec.${name}`);
  const { nodeName, restartPolicy } = spec;
  return {
    ...(typeof nodeName === 'string' ? { nodeName } : {}),
    ...(typeof restartPolicy === 'string' ? { restartPolicy } : {}),
  };
}

function restartOf(word: string): KubeRestart {
  if (word === 'Always' || word === 'OnFailure' || word === 'Never') return word;
  throw fail(`invalid restart policy: ${word}\nSee 'kubectl run -h' for help and examples`);
}

/** `-it --rm`: the command is run once the pod is; both end together. */
function attach(
  ctx: ProcessContext,
  client: KubeClient,
  name: string,
  command: readonly string[],
): 'running' {
  const over = () => {
    client.ask({ op: 'delete', kind: 'Pod', name });
    ctx.print(`pod "${name}" deleted\n`);
  };
  const handle = client.watch('Pod', ({ object }) => {
    if (object.name !== name || object.kind !== 'Pod' || object.status.phase !== 'Running') return;
    handle.cancel();
    const { netns } = client.enter(object);
    if (netns) ctx.host.exec(netns, command, over);
  });
  ctx.onInterrupt(() => {
    handle.cancel();
    over();
    ctx.exit(130);
  });
  return 'running';
}

export function run(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const known = {
    image: true,
    restart: true,
    overrides: true,
    command: false,
    port: true,
    rm: false,
    stdin: false,
    tty: false,
    attach: false,
  };
  const parsed = parse('run', args, known);
  const { words, flags, after = [] } = parsed;
  const [name, ...more] = words;
  if (name === undefined && flags.size === 0)
    throw fail("NAME is required for run\nSee 'kubectl run -h' for help and examples");
  const image = flags.get('image');
  if (image === undefined) throw fail('required flag(s) "image" not set');
  if (name === undefined) throw fail("NAME is required for run\nSee 'kubectl run -h' for help and examples");
  const attached = ['stdin', 'tty', 'attach'].some((flag) => isOn(parsed, flag));
  if (isOn(parsed, 'rm') && !attached) throw fail('--rm should only be used for attached containers');
  if (attached && !isOn(parsed, 'rm')) throw notModelled('run -it without --rm');
  if (!/^[\w][\w.-]*(?::\d+)?(\/[\w][\w.-]*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.test(image))
    throw fail(`Invalid image name "${image}": invalid reference format`);
  const overrides = overridesOf(flags.get('overrides'));
  const command = [...more, ...after];
  const pod: KubePodSpec = {
    name,
    image,
    restartPolicy: restartOf(overrides.restartPolicy ?? flags.get('restart') ?? 'Always'),
    ...(command.length > 0 && !attached ? { command } : {}),
    ...(overrides.nodeName === undefined ? {} : { nodeName: overrides.nodeName }),
  };
  const namespace = flags.get('namespace') ?? 'default';
  const client = connect(ctx);
  if (namespace !== 'default')
    throw new Exit(1, `Error from server (NotFound): namespaces "${namespace}" not found\n`);
  if (attached && command.length === 0)
    throw fail('open a terminal in the pod for a shell, or give the command itself after --');
  ask(client, { op: 'create-pod', pod });
  if (attached) return attach(ctx, client, name, command);
  ctx.print(`pod/${name} created\n`);
  return 0;
}
