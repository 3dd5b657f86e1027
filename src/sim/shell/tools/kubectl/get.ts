/** kubectl get. */
import type { KubeClient, KubeKind, KubeObject, ProcessContext } from '../../../kernel/netlink';
import { Exit } from '../../program';
import { fail, isOn, notModelled, parse, type Flags, type Parsed } from './flags';
import { listJson, toJson, yaml } from './object';
import { connect, list, namesOf, serverError } from './server';
import { Table } from './table';

const GET_FLAGS: Flags = {
  output: true,
  'all-namespaces': false,
  watch: false,
  'no-headers': false,
  'show-kind': false,
};

const NO_RESOURCE =
  'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n' +
  'error: Required resource not specified.\n' +
  'Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\n' +
  "See 'kubectl get -h' for help and examples\n";

interface Got {
  /** In the order of the command line. */
  readonly groups: readonly { readonly kind: KubeKind; readonly objects: readonly KubeObject[] }[];
  readonly errors: readonly string[];
  /** By name: a single object is printed as itself, not as a list. */
  readonly named: boolean;
}

function byNames(
  client: KubeClient,
  names: readonly { readonly kind: KubeKind; readonly name: string }[],
  namespace: string,
): Got {
  const errors: string[] = [];
  const groups = new Map<KubeKind, KubeObject[]>();
  for (const { kind, name } of names) {
    const elsewhere = kind === 'Pod' && namespace !== 'default';
    const answer = client.ask({ op: 'get', kind, name });
    if (answer.op === 'object' && !elsewhere) groups.set(kind, [...(groups.get(kind) ?? []), answer.object]);
    else if (answer.op === 'error') errors.push(serverError(answer));
    else errors.push(`Error from server (NotFound): pods "${name}" not found\n`);
  }
  return { groups: [...groups].map(([kind, objects]) => ({ kind, objects })), errors, named: true };
}

function fetch(client: KubeClient, parsed: Parsed): Got {
  const { kinds, names } = namesOf(parsed.words);
  const all = isOn(parsed, 'all-namespaces');
  const namespace = parsed.flags.get('namespace') ?? 'default';
  if (names.length > 0) {
    if (all) throw fail('a resource cannot be retrieved by name across all namespaces');
    return byNames(client, names, namespace);
  }
  const groups = kinds.map((kind) => ({
    kind,
    objects: list(client, kind, all ? undefined : namespace),
  }));
  return { groups, errors: [], named: false };
}

/** `node/node1` per line. */
function nameLines(objects: readonly KubeObject[]): string {
  return objects.map((object) => `${object.kind.toLowerCase()}/${object.name}\n`).join('');
}

function structured(format: string, got: Got): string {
  const objects = got.groups.flatMap((group) => group.objects);
  if (format === 'name') return nameLines(objects);
  const [only] = objects;
  const value = got.named && objects.length === 1 && only ? toJson(only) : listJson(objects);
  return format === 'json' ? `${JSON.stringify(value, undefined, 4)}\n` : yaml(value);
}

function tables(ctx: ProcessContext, parsed: Parsed, got: Got): Table | undefined {
  const filled = got.groups.filter((group) => group.objects.length > 0);
  let last: Table | undefined;
  filled.forEach(({ kind, objects }, i) => {
    const table = new Table(kind, {
      wide: parsed.flags.get('output') === 'wide',
      prefixed: got.groups.length > 1 || isOn(parsed, 'show-kind'),
      allNamespaces: isOn(parsed, 'all-namespaces'),
      headers: !isOn(parsed, 'no-headers'),
    });
    ctx.print(`${i === 0 ? '' : '\n'}${table.text(objects, ctx.now())}`);
    last = table;
  });
  return last;
}

function watch(
  ctx: ProcessContext,
  client: KubeClient,
  parsed: Parsed,
  got: Got,
  table: Table | undefined,
): 'running' {
  const [group] = got.groups;
  const kind = group?.kind ?? 'Pod';
  const names = got.named ? new Set(group?.objects.map((object) => object.name)) : undefined;
  const options = {
    wide: parsed.flags.get('output') === 'wide',
    prefixed: false,
    allNamespaces: isOn(parsed, 'all-namespaces'),
    headers: !isOn(parsed, 'no-headers'),
  };
  const rows = table ?? new Table(kind, options);
  const handle = client.watch(kind, ({ object }) => {
    if (!names || names.has(object.name)) ctx.print(rows.text([object], ctx.now()));
  });
  ctx.onInterrupt(() => {
    handle.cancel();
    ctx.exit(130);
  });
  return 'running';
}

export function get(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const parsed = parse('get', args, GET_FLAGS);
  const format = parsed.flags.get('output') ?? '';
  if (!/^(wide|json|yaml|name)?$/.test(format)) throw notModelled(`the output format "${format}"`);
  if (parsed.words.length === 0) throw new Exit(1, NO_RESOURCE);
  const client = connect(ctx);
  const got = fetch(client, parsed);
  const watching = isOn(parsed, 'watch');
  if (watching && got.groups.length + (got.errors.length > 0 ? 1 : 0) > 1)
    throw fail('you may only specify a single resource type');
  const plain = format === '' || format === 'wide';
  const empty = got.groups.every((group) => group.objects.length === 0);
  let table: Table | undefined;
  if (plain) table = tables(ctx, parsed, got);
  else if (!empty || !got.named) ctx.print(structured(format, got));
  for (const text of got.errors) ctx.printError(text);
  if (watching && got.errors.length === 0) return watch(ctx, client, parsed, got, table);
  if (plain && empty && got.errors.length === 0) {
    const scoped = got.groups.some((group) => group.kind === 'Pod') && !isOn(parsed, 'all-namespaces');
    const where = scoped ? ` in ${parsed.flags.get('namespace') ?? 'default'} namespace.` : '';
    ctx.printError(`No resources found${where}\n`);
  }
  return got.errors.length > 0 ? 1 : 0;
}
