/** Asking kube-apiserver, with kubectl's words for what it answers; and the names of resources. */
import type {
  KubeClient,
  KubeKind,
  KubeNode,
  KubeObject,
  KubePod,
  KubeRequest,
  ProcessContext,
} from '../../../kernel/netlink';
import { Exit } from '../../program';
import { fail } from './flags';

export function refusedConnection(server: string): Exit {
  return new Exit(
    1,
    `The connection to the server ${server} was refused - did you specify the right host or port?\n`,
  );
}

/** Without a kubeconfig kubectl tries localhost:8080. */
export function connect(ctx: ProcessContext): KubeClient {
  const client = ctx.host.kube();
  if (!client) throw refusedConnection('localhost:8080');
  if (!client.running) throw refusedConnection(client.server);
  return client;
}

export function serverError(answer: { readonly reason: string; readonly text: string }): string {
  const said = answer.reason === 'Invalid' ? `The ${answer.text}` : undefined;
  return said === undefined ? `Error from server (${answer.reason}): ${answer.text}\n` : `${said}\n`;
}

/** The object that is meant, or the server's error. */
export function ask(client: KubeClient, request: KubeRequest): KubeObject {
  const answer = client.ask(request);
  if (answer.op === 'object') return answer.object;
  throw new Exit(1, answer.op === 'error' ? serverError(answer) : '');
}

const KINDS: Readonly<Record<string, KubeKind>> = {
  node: 'Node',
  nodes: 'Node',
  no: 'Node',
  pod: 'Pod',
  pods: 'Pod',
  po: 'Pod',
};
function kindOf(word: string): KubeKind {
  const kind = KINDS[word.toLowerCase()];
  if (!kind) throw fail(`the server doesn't have a resource type "${word}"`);
  return kind;
}

function byName(a: KubeObject, b: KubeObject): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
/** As the server lists them, by name. `namespace` undefined: all. */
export function list(client: KubeClient, kind: KubeKind, namespace: string | undefined): KubeObject[] {
  if (kind === 'Pod' && namespace !== undefined && namespace !== 'default') return [];
  const answer = client.ask({ op: 'list', kind });
  return answer.op === 'list' ? [...answer.items].sort(byName) : [];
}

/** What a command line names: `pod web`, `pods a b`, `pod/web node/node1`; without names all of a kind. */
export interface Named {
  readonly kind: KubeKind;
  readonly name: string;
}
export function namesOf(words: readonly string[]): { readonly kinds: KubeKind[]; readonly names: Named[] } {
  const [first = '', ...others] = words;
  if (first.includes('/')) {
    const names = words.map((word) => {
      const [type = '', name = '', more] = word.split('/');
      if (!word.includes('/'))
        throw fail(
          "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        );
      if (more !== undefined || name === '')
        throw fail(`arguments in resource/name form may not have more than one slash`);
      return { kind: kindOf(type), name };
    });
    return { kinds: [], names };
  }
  const kinds = first.split(',').map(kindOf);
  return { kinds, names: kinds.flatMap((kind) => others.map((name) => ({ kind, name }))) };
}

export function find(client: KubeClient, { kind, name }: Named, namespace: string): KubeObject {
  if (kind === 'Pod' && namespace !== 'default')
    throw new Exit(1, `Error from server (NotFound): pods "${name}" not found\n`);
  return ask(client, { op: 'get', kind, name });
}
export function findPod(client: KubeClient, name: string, namespace: string): KubePod {
  const object = find(client, { kind: 'Pod', name }, namespace);
  if (object.kind !== 'Pod') throw fail(`${name} is no pod`);
  return object;
}
export function findNode(client: KubeClient, name: string): KubeNode {
  const object = find(client, { kind: 'Node', name }, 'default');
  if (object.kind !== 'Node') throw fail(`${name} is no node`);
  return object;
}
