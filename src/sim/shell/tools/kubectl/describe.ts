/** kubectl describe, in a short form: what is kept here, under the headings of the real one. */
import {
  kubeStatus,
  type KubeNode,
  type KubeObject,
  type KubePod,
  type ProcessContext,
} from '../../../kernel/netlink';
import { fail, parse } from './flags';
import { connect, find, list, namesOf } from './server';
import { isReady, KERNEL, OS_IMAGE, RUNTIME, VERSION } from './table';

/** `Labels:` and its lines, one key a line. */
function entries(
  title: string,
  values: Readonly<Record<string, string>>,
  sign: string,
  width: number,
): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}${sign}${value}`);
  const gap = ' '.repeat(width);
  return `${`${title}:`.padEnd(width)}${lines.length === 0 ? '<none>' : lines.join(`\n${gap}`)}\n`;
}
function lines(width: number, rows: readonly (readonly [string, string])[]): string {
  return rows.map(([title, value]) => `${`${title}:`.padEnd(width)}${value}\n`).join('');
}

function node(object: KubeNode, pods: readonly KubePod[]): string {
  const width = 20;
  const { ready } = object;
  return [
    lines(width, [
      ['Name', object.name],
      ['Roles', '<none>'],
    ]),
    entries('Labels', object.labels, '=', width),
    entries('Annotations', object.annotations, ': ', width),
    lines(width, [['Unschedulable', String(object.unschedulable)]]),
    'Conditions:\n  Type    Status   Reason               Message\n  ----    ------   ------               -------\n',
    `  Ready   ${ready.status.padEnd(9)}${ready.reason.padEnd(21)}${ready.message}\n`,
    `Addresses:\n  InternalIP:  ${object.internalIp}\n  Hostname:    ${object.name}\n`,
    'System Info:\n',
    lines(29, [
      ['  Kernel Version', KERNEL],
      ['  OS Image', OS_IMAGE],
      ['  Container Runtime Version', RUNTIME],
      ['  Kubelet Version', VERSION],
    ]),
    object.podCidr === undefined
      ? ''
      : lines(width + 10, [
          ['PodCIDR', object.podCidr],
          ['PodCIDRs', object.podCidr],
        ]),
    `Non-terminated Pods:          (${pods.length} in total)\n`,
    ...pods.map((pod) => `  default                     ${pod.name}\n`),
  ].join('');
}

function pod(object: KubePod, address: string | undefined): string {
  const { status, nodeName } = object;
  const at = nodeName === undefined ? '<none>' : `${nodeName}${address === undefined ? '' : `/${address}`}`;
  const ip = status.podIp ?? '';
  return [
    lines(18, [
      ['Name', object.name],
      ['Namespace', 'default'],
      ['Node', at],
      ['Labels', `run=${object.name}`],
      ['Annotations', '<none>'],
      ['Status', kubeStatus(object)],
      ['IP', ip],
    ]),
    `IPs:${ip === '' ? '              <none>\n' : `\n  IP:  ${ip}\n`}`,
    `Containers:\n  ${object.name}:\n`,
    lines(20, [
      ['    Image', object.image],
      ['    Ready', isReady(object) ? 'True' : 'False'],
      ['    Restart Count', String(status.restarts)],
    ]),
  ].join('');
}

export function describe(ctx: ProcessContext, args: readonly string[]): number {
  const parsed = parse('describe', args, {});
  if (parsed.words.length === 0)
    throw fail(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
    );
  const client = connect(ctx);
  const namespace = parsed.flags.get('namespace') ?? 'default';
  const { kinds, names } = namesOf(parsed.words);
  const objects: KubeObject[] =
    names.length > 0
      ? names.map((name) => find(client, name, namespace))
      : kinds.flatMap((kind) => list(client, kind, namespace));
  const nodes = list(client, 'Node', undefined);
  const pods = list(client, 'Pod', undefined);
  const texts = objects.map((object) => {
    if (object.kind === 'Pod') {
      const host = nodes.find(({ name }) => name === object.nodeName);
      return pod(object, host?.kind === 'Node' ? host.internalIp : undefined);
    }
    const own = pods.filter((each): each is KubePod => each.kind === 'Pod' && each.nodeName === object.name);
    return node(object, own);
  });
  ctx.print(texts.join('\n\n'));
  return 0;
}
