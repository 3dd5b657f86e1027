/** Talking to dockerd over its socket. */
import type {
  DockerAnswers,
  DockerContainer,
  DockerRequest,
  ProcessContext,
  Service,
} from '../../../kernel/netlink';
import { Exit } from '../../program';

export const NO_DAEMON =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n';

type Op = DockerRequest['op'];
type RequestOf<O extends Op> = Extract<DockerRequest, { op: O }>;
type Answer<O extends Op> =
  { readonly ok: true; readonly value: DockerAnswers[O] } | { readonly ok: false; readonly error: string };

export class Daemon {
  constructor(private readonly service: Service) {}

  /** The answer may come before this returns, or later. */
  ask<O extends Op>(request: RequestOf<O>, then: (answer: Answer<O>) => void): void {
    this.service.ask(request, (reply) => {
      // dockerd answers every request with what docker-api.ts says of it.
      then(reply.ok ? { ok: true, value: reply.value as DockerAnswers[O] } : reply);
    });
  }

  /** The list is always there at once. */
  containers(): readonly DockerContainer[] {
    let rows: readonly DockerContainer[] = [];
    this.ask<'list'>({ op: 'list' }, (answer) => {
      if (answer.ok) rows = answer.value;
    });
    return rows;
  }
}

/** A machine without dockerd, or with one that is stopped, has nobody to ask. */
export function daemonOf(ctx: ProcessContext): Daemon {
  const service = ctx.host.service('dockerd');
  if (service?.state !== 'running') throw new Exit(1, NO_DAEMON);
  return new Daemon(service);
}

/** By whole name, or by the beginning of its id. */
export function findContainer(rows: readonly DockerContainer[], wanted: string): DockerContainer | undefined {
  const named = rows.find((row) => row.name === wanted || row.id === wanted);
  const begun = rows.filter((row) => wanted !== '' && row.id.startsWith(wanted));
  return named ?? (begun.length === 1 ? begun[0] : undefined);
}
export const noSuch = (wanted: string): string =>
  `Error response from daemon: No such container: ${wanted}\n`;
