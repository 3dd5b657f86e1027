/** A process's view of one namespace. */
import type { Random } from '../../base/random';
import type { Netns } from '../kernel/index';
import type {
  HostApi,
  Netlink,
  NetnsHandle,
  ProcessContext,
  Requester,
  SocketApi,
  Timer,
} from '../kernel/netlink';
import type { SimTime } from '../kernel/trace';

/** The process as its contexts see it. */
export interface ProcessDoor {
  sockets(api: SocketApi): SocketApi;
  random(): Random;
  host(netns: Netns): HostApi;
  after(netns: Netns, delayNs: SimTime, action: () => void): Timer;
  print(stream: 'stdout' | 'stderr', text: string): void;
  exit(code: number): void;
  onInterrupt(action: () => void): void;
}

/** What a process reaches in one namespace. Made when used: most programs want little, and iptables is run often. */
export class Context implements ProcessContext {
  #netlink: Netlink | undefined;
  #sockets: SocketApi | undefined;
  #random: Random | undefined;
  #host: HostApi | undefined;

  constructor(
    private readonly where: Netns,
    private readonly requester: Requester,
    private readonly process: ProcessDoor,
  ) {}
  get netns(): NetnsHandle {
    return this.where.handle;
  }
  get netlink(): Netlink {
    return (this.#netlink ??= this.where.netlink(this.requester));
  }
  get sockets(): SocketApi {
    return (this.#sockets ??= this.process.sockets(this.where.socketApi(this.requester)));
  }
  get random(): Random {
    return (this.#random ??= this.process.random());
  }
  get host(): HostApi {
    return (this.#host ??= this.process.host(this.where));
  }
  now(): SimTime {
    return this.where.now;
  }
  after(delayNs: number, action: () => void): Timer {
    return this.process.after(this.where, delayNs, action);
  }
  print(text: string): void {
    this.process.print('stdout', text);
  }
  printError(text: string): void {
    this.process.print('stderr', text);
  }
  exit(code: number): void {
    this.process.exit(code);
  }
  onInterrupt(action: () => void): void {
    this.process.onInterrupt(action);
  }
}
