/**
 * What the docker command and dockerd say to each other over /var/run/docker.sock (Docker Engine API 1.46), as far as it is
 * modelled: containers and what the default networks make of them. A refusal is the daemon's own text, which the command
 * prints behind `Error response from daemon: `.
 */
import type { Ip4, Mac } from '../wire/index';
import type { SimTime } from './trace';

/** `-p 8080:80`. */
export interface DockerPort {
  /** Absent: every address. */
  readonly hostIp?: Ip4;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}
/** POST /containers/create. */
export interface DockerCreate {
  /** Absent: the daemon makes one up. */
  readonly name?: string;
  readonly image: string;
  /** Empty: what the image says. */
  readonly command: readonly string[];
  /** `bridge`, `host`, `none`; anything else is refused when the container starts. */
  readonly network: string;
  readonly ip?: Ip4;
  readonly mac?: Mac;
  readonly ports: readonly DockerPort[];
  /** `-t` or `-i`: a shell does not end at once. */
  readonly interactive: boolean;
  readonly restart: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** `--rm` */
  readonly remove: boolean;
}
export interface DockerContainer {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** The whole line as `docker ps --no-trunc` shows it. */
  readonly command: string;
  readonly network: string;
  readonly status: 'created' | 'running' | 'exited';
  readonly exit: number;
  readonly pid: number;
  readonly createdAt: SimTime;
  /** Of the last start, of the last end. */
  readonly startedAt: SimTime;
  readonly finishedAt: SimTime;
  readonly ip?: Ip4;
  readonly mac?: Mac;
  readonly ports: readonly DockerPort[];
  /** Ports the image names (EXPOSE). */
  readonly exposed: readonly number[];
  /** What its process printed. */
  readonly output: string;
  readonly restart: DockerCreate['restart'];
}
export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly subnet?: string;
  readonly gateway?: Ip4;
  readonly prefixLen?: number;
  readonly bridge?: string;
  readonly mtu?: number;
  readonly masquerade?: boolean;
}
/** `container` is a name or the beginning of an id. */
export type DockerRequest =
  | { readonly op: 'list' }
  | { readonly op: 'networks' }
  | { readonly op: 'create'; readonly spec: DockerCreate }
  /** `attached`: the command itself runs the container's process and tells of its end. */
  | { readonly op: 'start'; readonly container: string; readonly attached: boolean }
  | { readonly op: 'ended'; readonly container: string; readonly exit: number }
  /** SIGTERM, and SIGKILL after `graceSec`; 0: SIGKILL at once. */
  | {
      readonly op: 'stop';
      readonly container: string;
      readonly graceSec: number;
      readonly why: 'stop' | 'kill';
    }
  | { readonly op: 'remove'; readonly container: string; readonly force: boolean };
/** What is answered to each. */
export interface DockerAnswers {
  readonly list: readonly DockerContainer[];
  readonly networks: readonly DockerNetwork[];
  readonly create: DockerContainer;
  /** `words`: what to run in it, when attached. */
  readonly start: { readonly name: string; readonly words: readonly string[] };
  readonly ended: void;
  readonly stop: void;
  readonly remove: void;
}
