/** What a server is as a process and as a service: its row, since when it is so, and its log. */
import { err } from '../../base/result';
import type { Service } from '../kernel/netlink';
import type { EventSeq, ProcessRow, SimTime } from '../kernel/trace';
import type { DaemonHost } from './daemon-host';
import type { Machine } from './machine';

/** As `change` events key a process: so that they sort by number. */
const rowKey = (pid: number): string => String(pid).padStart(7, '0');

export class ServerProcess {
  #row: ProcessRow | undefined;
  #since: SimTime | undefined;
  readonly #log: { readonly at: SimTime; readonly text: string }[] = [];

  constructor(
    private readonly name: string,
    private readonly machine: Machine,
  ) {}

  get running(): boolean {
    return this.#row?.state === 'running';
  }
  /** It runs or has run. */
  get known(): boolean {
    return this.#row !== undefined;
  }

  /** Under a new process id; the row of the run before goes. */
  start(cause: EventSeq): void {
    const { root } = this.machine;
    const old = this.#row;
    const row: ProcessRow = { name: this.name, pid: this.machine.takePid(), state: 'running' };
    if (old) root.change('process', rowKey(old.pid), old, undefined, cause);
    root.change('process', rowKey(row.pid), undefined, row, cause);
    this.#set(row);
  }

  stop(cause: EventSeq): void {
    const old = this.#row;
    if (!old) return;
    const row: ProcessRow = { ...old, state: 'stopped' };
    this.machine.root.change('process', rowKey(old.pid), old, row, cause);
    this.#set(row);
  }

  #set(row: ProcessRow): void {
    this.#row = row;
    this.#since = this.machine.root.now;
  }

  log(text: string): void {
    this.#log.push({ at: this.machine.root.now, text });
  }

  /** What systemctl and its clients see of `host`, which this is the process of. */
  service(host: DaemonHost, cause: EventSeq): Service {
    return {
      name: this.name,
      state: this.#row?.state ?? 'stopped',
      pid: this.#row?.pid ?? 0,
      ...(this.#since === undefined ? {} : { since: this.#since }),
      note: '',
      start: () => {
        if (!this.running) host.start(cause);
      },
      stop: () => {
        if (this.running) host.stop(cause);
      },
      ask: (_request, onAnswer) => onAnswer(err(`${this.name} is reached by its API`)),
      log: () => this.#log,
    };
  }
}
